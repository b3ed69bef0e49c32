"""What answers of several rooms look like: pages by key, ids, sentences of forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Generic, NoReturn, TypeVar

from django.forms import BaseForm
from ninja import Schema
from pydantic import ConfigDict, Field

from callcenter.api.problems import Problem
from callcenter.parameters import LARGEST_KEY

Item = TypeVar("Item")
Id = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
"""The id of a row."""
MOST_A_PAGE = 200
Limit = Annotated[int, Field(ge=1, le=MOST_A_PAGE, description="Rows of a page.")]
OlderThan = Annotated[
    int | None, Field(ge=1, le=LARGEST_KEY, description="`next` of the page before; without it, the newest rows.")
]


class Asked(Schema):
    """The base of what is sent: an unknown field is a mistake, not something to overlook."""

    model_config = ConfigDict(extra="forbid")


class Paged(Schema, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next: int | None
    """`older_than` of the next page; null on the last page."""


def chosen(asked: Schema) -> dict[str, Any]:
    """Return what was sent, without what was left out."""
    return asked.dict(exclude_unset=True)


def lines_of(values: Mapping[str, str]) -> str:
    """Return names and values as the forms of pages take them, one a line."""
    return "\n".join(f"{' '.join(name.split())}: {' '.join(text.split())}" for name, text in values.items())


def refuse_form(form: BaseForm, names: Mapping[str, str] | None = None) -> NoReturn:
    """Raise Problem with a form's own sentences, each at its field; `names` are what fields are called when sent."""
    renamed = names or {}
    found = [
        {"field": "" if name == "__all__" else renamed.get(name, name), "detail": str(sentence)}
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]
    raise Problem(422, " ".join(_each_once(one["detail"] for one in found)), errors=found)


def refuse_field(field: str, sentence: str) -> NoReturn:
    """Raise Problem with one sentence at its field."""
    raise Problem(422, sentence, errors=[{"field": field, "detail": sentence}])


def _each_once(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))
