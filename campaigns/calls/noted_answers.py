"""What the agent noted in a talk, in words: rows for the call's page, one line for a file."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from callcenter.formats.calendars import in_digits
from providers.answers import AnswerRow, Scalar, answer_rows

CONFIDENCE_WORDS = {"high": gettext_lazy("high"), "medium": gettext_lazy("medium"), "low": gettext_lazy("low")}
"""A vendor's words for how sure its model is of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedAnswer:
    """One answer in words; a category or a confidence that the vendor does not give is empty."""

    category: str
    question: str
    answers: list[str]
    confidence: str


@dataclass(frozen=True, slots=True)
class NotedTable:
    """The answers of one call as a table."""

    rows: list[NotedAnswer]

    @property
    def has_categories(self) -> bool:
        """Whether any answer has a category."""
        return any(row.category for row in self.rows)

    @property
    def has_confidence(self) -> bool:
        """Whether the vendor says of any answer how sure its model is."""
        return any(row.confidence for row in self.rows)


def noted_answers(extracted: object) -> list[NotedAnswer]:
    """Return stored answers in the active language, by category and question."""
    return [
        NotedAnswer(
            category=row.category,
            question=row.question,
            answers=[_written(answer) for answer in row.answers],
            confidence=_confidence(row),
        )
        # Sorted, as a database may keep the names of an object in an order of its own.
        for row in sorted(answer_rows(extracted), key=lambda row: (row.category, row.question))
    ]


def as_line(extracted: object) -> str:
    """Return stored answers as one text for a cell of a file, those without an answer left out."""
    return "; ".join(
        f"{f'{row.category} / ' if row.category else ''}{row.question}: {', '.join(row.answers)}"
        + (f" ({row.confidence})" if row.confidence else "")
        for row in noted_answers(extracted)
        if row.answers
    )


def _written(answer: Scalar) -> str:
    if isinstance(answer, bool):
        return pgettext("answer", "Yes") if answer else pgettext("answer", "No")
    return str(answer)


def _confidence(row: AnswerRow) -> str:
    if row.confidence is not None:
        return in_digits(_("%(n)s %%") % {"n": row.confidence})
    return str(CONFIDENCE_WORDS.get(row.confidence_word.lower(), row.confidence_word))
