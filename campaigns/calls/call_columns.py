"""Columns of the call log and of its exports: their titles, and the fields of a call that each reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callcenter.access.reach import content_of, sight_of
from callcenter.access.roles import Person, may
from callcenter.parameters import whole_number
from campaigns.core.results import READS
from campaigns.core.scope import seen_by
from campaigns.models import Answer, CallTagging, Question
from campaigns.models.calls import CallQuerySet

ALWAYS = (
    "id", "status", "held_at", "needs_person_at", "failure_reason", "answered_by", "talk_seconds", "to_number",
    "ended_at", "direction",
)  # fmt: skip
"""Fields that every row of the log needs, whatever columns it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogColumn:
    """One column of the call log."""

    key: str
    """Its name in URLs; must never change, because saved filters contain it."""
    title: str | Promise
    reads: tuple[str, ...]
    """Fields of the call that it reads, with `__` for relations."""
    under: str = ""
    """Key of the column in whose cell it is shown, below that column's value, if both are chosen."""
    is_number: bool = False
    right: str = ""
    """The right that a person needs for it beside those of the log; empty: none."""
    question: Question | None = None
    """The question whose answers it shows; such columns come and go with the questions of campaigns."""
    page_reads: tuple[str, ...] | None = None
    """What the log's page reads in place of `reads`, where a file has more than a page shows."""

    @property
    def on_page(self) -> tuple[str, ...]:
        """Fields of the call that the log's page reads."""
        return self.reads if self.page_reads is None else self.page_reads


COLUMNS = (
    LogColumn(key="call", title=_("Call"), reads=("id",), is_number=True),
    LogColumn(key="person", title=_("Contact"), reads=("contact__name", "contact__phone")),
    LogColumn(key="number", title=_("Number"), reads=("to_number", "ended_at"), under="person"),
    LogColumn(key="state", title=_("Result"), reads=READS),
    LogColumn(key="why", title=_("Reason"), reads=READS),
    LogColumn(key="campaign", title=_("Campaign"), reads=("campaign__name",)),
    LogColumn(key="provider", title=_("Provider"), reads=("provider__name",), under="campaign"),
    LogColumn(key="direction", title=_("Direction"), reads=("direction",)),
    LogColumn(key="agent", title=_("Agent"), reads=("agent__name",)),
    LogColumn(key="variant", title=_("Variant"), reads=("variant", "campaign__variants")),
    LogColumn(key="caller_id", title=_("Called from"), reads=("caller_id__number",)),
    LogColumn(key="attempt", title=_("Attempt"), reads=("attempt",), is_number=True),
    LogColumn(key="added", title=pgettext_lazy("time of a call", "Added"), reads=("created_at",)),
    LogColumn(key="sent", title=_("When"), reads=("placing_at", "placed_at", "created_at", "due_at", "status")),
    LogColumn(key="answered", title=pgettext_lazy("time of a call", "Answer time"), reads=("answered_at",)),
    LogColumn(key="ended", title=_("End time"), reads=("ended_at",)),
    LogColumn(key="talked", title=_("Talk time"), reads=("talk_seconds",), is_number=True),
    LogColumn(key="answered_by", title=_("Answered by"), reads=("answered_by",)),
    LogColumn(key="cost", title=_("Cost"), reads=("cost", "currency"), is_number=True),
    LogColumn(key="end_reason", title=_("End reason"), reads=("end_reason",)),
    LogColumn(key="noted", title=_("Agent notes"), reads=("extracted",), right="hear_calls"),
    LogColumn(key="answers", title=_("Answers"), reads=("id",), right="hear_calls"),
    LogColumn(key="summary", title=_("Summary"), reads=("transcript__summary",), right="hear_calls"),
    LogColumn(
        key="transcript",
        title=_("Transcript"),
        reads=("transcript__text",),
        right="hear_calls",
        page_reads=("transcript__id",),
    ),
    LogColumn(key="variables", title=_("Contact details"), reads=("variables",), right="see_people"),
    LogColumn(key="tags", title=_("Tags"), reads=("id",)),
    LogColumn(key="disposition", title=_("Disposition"), reads=("disposed__disposition__name",)),
    LogColumn(key="score", title=_("Score"), reads=("review__score",), is_number=True),
    LogColumn(
        key="asked_by", title=_("Requested by"), reads=("owner__first_name", "owner__last_name", "owner__username")
    ),
    LogColumn(key="remote_id", title=_("Provider call ID"), reads=("remote_id",)),
    LogColumn(key="reference", title=_("Reference"), reads=("reference",)),
)
BY_KEY = {column.key: column for column in COLUMNS}
USUAL = ("person", "number", "state", "campaign", "provider", "sent", "talked", "cost")
"""Columns that are shown by default."""
OF_QUESTION = "answer-"
"""Beginning of the key of a question's column; its id follows."""


def chosen(keys: Iterable[str]) -> tuple[LogColumn, ...]:
    """Return the columns with these keys in the order of the log; the default ones if no key is known."""
    keys = set(keys)
    ids = {key.removeprefix(OF_QUESTION) for key in keys if key.startswith(OF_QUESTION)}
    asked = Question.objects.filter(pk__in=[found for one in ids if (found := whole_number(one)) is not None])
    columns = [*of_questions(asked)] if ids else []
    if not columns and not keys & BY_KEY.keys():
        keys = set(USUAL)
    return (*(column for column in COLUMNS if column.key in keys), *columns)


def of_questions(questions: Iterable[Question]) -> tuple[LogColumn, ...]:
    """Return the columns that show the answers to these questions."""
    return tuple(
        LogColumn(
            key=f"{OF_QUESTION}{question.pk}", title=question.name, reads=("id",), right="hear_calls",
            is_number=question.kind == Question.Kind.NUMBER, question=question,
        )
        for question in questions
    )  # fmt: skip


def open_to(columns: Iterable[LogColumn], person: Person) -> tuple[LogColumn, ...]:
    """Return the columns that a person may see."""
    # A column is there for all rows or none: not for who sees calls of teams whose talks they may not read.
    hears_all = may(person, "hear_calls") and (content_of(person).is_everything or not sight_of(person).is_everything)
    rights = {"hear_calls": hears_all, "see_people": hears_all and may(person, "see_people")}
    open_ones = [one for one in columns if not one.right or rights.get(one.right, may(person, one.right))]
    asked = [column.question.pk for column in open_ones if column.question is not None]
    seen: set[int] = set()
    if asked:
        seen = set(seen_by(person, Question.objects.filter(pk__in=asked)).order_by().values_list("pk", flat=True))
    return tuple(column for column in open_ones if column.question is None or column.question.pk in seen)


def pairs(columns: Sequence[LogColumn]) -> list[tuple[LogColumn, LogColumn | None]]:
    """Return the cells of a table: each column, with the one that is shown below it or None."""
    keys = {column.key for column in columns}
    below = {column.under: column for column in columns if column.under in keys}
    return [(column, below.get(column.key)) for column in columns if column.under not in keys]


def light(calls: CallQuerySet, columns: Sequence[LogColumn]) -> CallQuerySet:
    """Return calls with only the fields loaded that these columns read."""
    reads = {*ALWAYS, *(name for column in columns for name in column.on_page)}
    related = sorted({name.rpartition("__")[0] for name in reads if "__" in name})
    calls = calls.select_related(*related).only(*sorted(reads)) if related else calls.only(*sorted(reads))
    if any(column.key == "tags" for column in columns):
        calls = calls.prefetch_related(Prefetch("taggings", CallTagging.objects.select_related("tag").order_by("id")))
    asked = [column.question.pk for column in columns if column.question is not None]
    shows_all = any(column.key == "answers" for column in columns)
    if asked or shows_all:
        asked_now = Answer.objects.filter(question__removed_at__isnull=True)
        answers = asked_now.select_related("question").order_by("question")
        calls = calls.prefetch_related(
            Prefetch("typed_answers", answers if shows_all else answers.filter(question__in=asked))
        )
    return calls
