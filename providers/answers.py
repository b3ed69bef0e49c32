"""Reads what an agent found out in a talk, in any vendor's shape, as rows of a table. Pure.

Bolna nests its answers since 18 September 2026: category -> question -> `{subjective, objective, confidence,
confidence_label, reasoning_subjective, reasoning_objective, validation}` (https://www.bolna.ai/docs/prompting/
extraction-output, read 2026-11); older executions keep flat ones, `{name: value}`. Voicy writes `{name: value}` or
`{name: {"value": value}}`, UnleashX a disposition. Opt-outs among them are heard by `opt_outs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Scalar: TypeAlias = str | bool | int | float

MOST_ROWS = 300
"""Rows of one call's answers that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer as a row: its category (empty for flat ones), the question's name, and what was answered."""

    category: str
    question: str
    answers: tuple[Scalar, ...]
    """The chosen value first, then the free text; empty where nothing was found out."""
    confidence: int | None = None
    """How sure the vendor's model is, in percent; None where it does not say."""
    confidence_word: str = ""
    """Its word for that ("High"), where it gives no number."""


_CHOSEN, _FREE = ("objective", "value", "answer"), ("subjective",)
_OF_ANSWER = frozenset(
    {
        *_CHOSEN, *_FREE, "confidence", "confidence_label", "reasoning_subjective", "reasoning_objective", "reasoning",
        "validation", "type",
    }
)  # fmt: skip


def answer_rows(answers: object) -> list[AnswerRow]:
    """Return stored answers as rows, nested or flat, in the vendor's order; at most `MOST_ROWS`."""
    rows: list[AnswerRow] = []
    _collect(answers, (), rows, 8)
    return rows


def _collect(value: object, path: tuple[str, ...], rows: list[AnswerRow], depth: int) -> None:
    if len(rows) >= MOST_ROWS or depth == 0:
        return
    if isinstance(value, Mapping) and value and not _is_answer(value):
        for name, inner in value.items():
            _collect(inner, (*path, str(name)), rows, depth - 1)
    elif path:
        rows.append(_row_of(value, path))


def _is_answer(value: Mapping[Any, Any]) -> bool:
    """Return whether an object is one answer and not a category of them."""
    names = value.keys()
    return bool(names & {*_CHOSEN, *_FREE}) and names <= _OF_ANSWER and not isinstance(_first(value, _CHOSEN), Mapping)


def _row_of(value: object, path: tuple[str, ...]) -> AnswerRow:
    told = value if isinstance(value, Mapping) else {"value": value}
    found = [answer for names in (_CHOSEN, _FREE) for answer in _scalars(_first(told, names))]
    label = told.get("confidence_label")
    return AnswerRow(
        category=" / ".join(path[:-1]),
        question=path[-1],
        answers=tuple(dict.fromkeys(found)),
        confidence=_percent(told.get("confidence")),
        confidence_word=label if isinstance(label, str) else "",
    )


def _first(told: Mapping[Any, Any], names: tuple[str, ...]) -> object:
    return next((told[name] for name in names if told.get(name) not in (None, "")), None)


def _scalars(value: object) -> list[Scalar]:
    if isinstance(value, list | tuple):
        return [one for item in value for one in _scalars(item)]
    if isinstance(value, Mapping):
        return [f"{name}: {one}" for name, item in value.items() for one in _scalars(item)]
    # The vendor writes the word for an answer that does not apply.
    return [value] if isinstance(value, str | bool | int | float) and value not in ("", "null") else []


def _percent(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return round(value * 100 if value <= 1 else value)
