"""What a page had shown of a row, signed and sent with its form, and what follows from it under the row's lock."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core import signing
from django.db import models

from callcenter.audit.models import AuditEvent
from callcenter.edits.states import Edited, State, decode, encode, join, put, state_of

SALT = "callcenter.edits"
LOOKED_THROUGH = 50
"""The newest audit events of a row among which is looked for who changed a field."""

Row = TypeVar("Row", bound=models.Model)


class BothChanged(Exception):
    """Raised when the person changed what somebody else changed since the page was shown; nothing is saved."""

    def __init__(self, names: list[str], typed: State, stored: State) -> None:
        super().__init__(", ".join(names))
        self.names = names
        self.typed = typed
        self.stored = stored


def seal(about: str, state: State) -> str:
    """Return what a page shows as a signed text; `about` names the row."""
    return signing.dumps([about, state], salt=SALT, compress=True)


def unseal(about: str, text: str) -> State | None:
    """Return what a page had shown of this row; None where the text does not say, or was changed."""
    try:
        whose, state = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return state if whose == about and isinstance(state, dict) else None


def name_of(row: models.Model) -> str:
    """Return what names a row in a signed text."""
    return f"{row._meta.label_lower}:{row.pk}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form's page had shown, and which of two values its person takes where both had changed one."""

    edited: Edited
    state: State | None = None
    """None where the page did not say: then every difference is shown before anything is written."""
    taken: Mapping[str, str] = field(default_factory=dict)

    def join(self, typed: Mapping[str, Any], stored: State) -> State:
        """Return the columns to write, as JSON. Raises BothChanged."""
        sent = {name: encode(value) for name, value in typed.items() if name in self.edited.columns}
        changes, both = join(self.edited, shown=self.state, typed=sent, stored=stored, taken=self.taken)
        if both:
            raise BothChanged(both, sent, stored)
        return changes

    def changes(self, typed: Mapping[str, Any], row: models.Model) -> dict[str, Any]:
        """Return the values to write into a row that is locked: only what its person changed. Raises BothChanged."""
        changes = self.join(typed, state_of(row, self.edited.columns))
        return {name: decode(type(row), name, value) for name, value in changes.items()}

    def onto(self, row: Row) -> Row:
        """Return a copy of a row with the values that the page had shown."""
        found = copy.copy(row)
        for name, value in (self.state or {}).items():
            column = next((one for one in row._meta.concrete_fields if one.name == name), None)
            if column is not None and name in self.edited.columns:
                put(found, name, decode(type(row), name, value))
        return found


def changes_of(row: models.Model, values: Mapping[str, Any], shown: Shown | None) -> dict[str, Any]:
    """Return which of these values are to be written into a locked row; all that differ where no page is behind them.

    A foreign key and several rows come as primary keys. Raises BothChanged.
    """
    if shown is not None:
        return shown.changes(values, row)
    stored, wanted = state_of(row, values), {name: encode(value) for name, value in values.items()}
    return {name: decode(type(row), name, value) for name, value in wanted.items() if value != stored[name]}


def who_changed(row: models.Model, column: str, but: int | None) -> tuple[str, datetime.datetime] | None:
    """Return the name of the other person who changed a column last, and when; None where no event says it."""
    events = AuditEvent.objects.filter(object_type=row._meta.model_name, object_id=str(row.pk), actor__isnull=False)
    for event in events.exclude(actor=but).select_related("actor")[:LOOKED_THROUGH]:
        if column in event.detail.get("fields", ()) and event.actor:
            return event.actor.get_full_name() or event.actor.get_username(), event.at
    return None
