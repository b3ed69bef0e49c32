"""The people of a campaign by their last attempt, filtered by state, reason and name."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.reach import content_of
from callcenter.access.roles import Person, may
from campaigns.answers.conditions import answered_so
from campaigns.calls import call_log
from campaigns.calls.call_log_conditions import disposed
from campaigns.core import explanations, results, whole_numbers
from campaigns.core.conditions import last_attempts
from campaigns.core.eligibility_of_calls import answers_about, words_about
from campaigns.core.line_waits import LineWaits
from campaigns.core.scope import heard_by
from campaigns.core.variants import names_of
from campaigns.models import Answer, Call, CallDisposition, CallEvent, Campaign, Disposition, Question
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import HasVariant
from campaigns.reasons import SkipReason, WaitReason
from providers.types import CallStatus, FailureReason

Words = str | Promise

OUT = "out"
STATES: tuple[tuple[str, Words], ...] = (
    *results.chosen_from([CallStatus.PENDING]),
    (OUT, _("Calls in progress")),
    *results.chosen_from([*results.COUNTED, results.HELD, results.NO_NEWS, CallStatus.UNKNOWN, CallStatus.SKIPPED]),
)
OLD_STATES = (CallStatus.COMPLETED.value,)
"""States that are no longer offered but still accepted, because saved addresses contain them."""


def reasons() -> list[tuple[Words, list[tuple[str, Words]]]]:
    """Return the reasons to filter by, grouped by kind."""
    return [
        (_("Not called"), [(f"skip-{value}", skip_words(value)) for value in SkipReason.values if value]),
        (_("Waiting"), [(f"wait-{found.value}", found.label) for found in WaitReason if found.value]),
        (_("Failed"), [(f"fail-{found.value}", found.label) for found in FailureReason if found.value]),
    ]


def skip_words(reason: str) -> Words:
    """Return the sentence for a reason why somebody was not called."""
    return results.sentence_of(Call(status=CallStatus.SKIPPED, skip_reason=reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilters:
    """The filters of the people's list; an empty text filters nothing."""

    state: str = ""
    reason: str = ""
    person: str = ""
    question: Question | None = None
    """Only people whose last attempt answered it; for users who may read transcripts."""
    answer: str = ""
    """The wanted answer, of a number or date the least one; empty: any readable one."""
    disposition: Disposition | None = None
    variant: str = ""
    """Key of a variant."""


def find_people(campaign: Campaign, filters: PeopleFilters, viewer: Person, *, is_walked: bool = True) -> CallQuerySet:
    """Return each person's last attempt, where it passes all filters.

    `is_walked` is as for `campaigns.calls.call_log.find_calls`.
    """
    calls = last_attempts(campaign)
    if filters.question is not None:
        calls = heard_by(viewer, calls).filter(answered_so(filters.question, filters.answer, is_walked=is_walked))
    if filters.variant:
        calls = calls.filter(HasVariant(), variant=filters.variant)
    if filters.disposition is not None:
        calls = calls.filter(disposed(filters.disposition, is_walked=is_walked))
    if filters.state:
        calls = calls.filter(_state(filters.state))
    if filters.reason:
        calls = calls.filter(_reason(filters.reason))
    if filters.person.strip():
        calls = calls.filter(call_log.of_person(filters.person, viewer))
    return calls


def _state(state: str) -> Q:
    return Q(status__in=results.LIVE) if state == OUT else results.condition(state)


def _reason(reason: str) -> Q:
    kind, _dash, value = reason.partition("-")
    if kind == "skip":
        return Q(status=CallStatus.SKIPPED, skip_reason=value)
    if kind == "wait":
        return Q(status=CallStatus.PENDING, wait_reason=value)
    return Q(status=CallStatus.FAILED, failure_reason=value)


def questions_shown(campaign: Campaign, viewer: Person) -> list[Question]:
    """Return the questions whose answers a person may see in the list."""
    if not may(viewer, "hear_calls") or not content_of(viewer).holds(campaign.owner_id, campaign.team_id):
        return []
    return list(Question.objects.filter(campaign=campaign))


def _answers(calls: Sequence[Call], questions: Sequence[Question]) -> dict[tuple[int, int], Answer]:
    if not questions:
        return {}
    found = Answer.objects.filter(call__in=[call.pk for call in calls], question__in=questions)
    return {(one.call_id, one.question_id): one for one in found.select_related("question")}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPersonRow:
    """One person of a campaign, as a row of the list."""

    call: Call
    shows_number: bool
    why: Words
    """The reason for the call's state; for a waiting call, why it is not sent right now."""
    next_step: Words
    not_before: datetime.datetime | None
    """The earliest time at which a waiting person is called."""
    no_more: Words
    """Why there is no further automatic attempt; empty if one is still to come."""
    skipped_by: CallEvent | None = None
    """The call event of a person who skipped this one, with the reason."""
    may_skip: bool = False
    may_call_again: bool = False
    answers: Sequence[Answer | None] = ()
    """The answers of this attempt to the questions that are shown."""
    disposition: str = ""
    variant: str = ""
    """Name of the variant that the person has."""


def rows_of(
    calls: Iterable[Call], campaign: Campaign, viewer: Person, *, may_skip: bool, may_again: bool, is_stopped: bool,
    questions: Sequence[Question] = (),
) -> list[CampaignPersonRow]:  # fmt: skip
    """Return the rows of the list for these last attempts, with six statements in all.

    `may_skip` and `may_again` tell whether the viewer may skip people and call them again; `is_stopped` whether
    stop-all is on.
    """
    calls, now = list(calls), timezone.now()
    answers, lines = answers_about(calls, now, is_stopped=is_stopped), LineWaits(now)
    canceled = [call.pk for call in calls if call.skip_reason == SkipReason.CANCELED]
    steps = CallEvent.objects.select_related("actor").filter(call__in=canceled, code="canceled_by_person")
    skipped_by = {step.call_id: step for step in steps} if canceled else {}
    said = _answers(calls, questions)
    words = CallDisposition.objects.filter(call__in=[call.pk for call in calls])
    named = dict(words.values_list("call", "disposition__name"))
    variants = names_of(campaign)
    rows = []
    for call in calls:
        answer = answers.get(call.pk)
        reason, step = words_about(call, answer)
        reason = lines.words(call, reason)
        rows.append(
            CampaignPersonRow(
                call=call,
                shows_number=whole_numbers.sees_number(viewer, call),
                why=reason,
                next_step=step,
                not_before=max(call.due_at, answer.until or call.due_at) if answer else None,
                no_more=explanations.why_no_more(call, campaign),
                skipped_by=skipped_by.get(call.pk),
                may_skip=may_skip and call.status == CallStatus.PENDING,
                may_call_again=may_again and call.is_final,
                answers=[said.get((call.pk, one.pk)) for one in questions],
                disposition=named.get(call.pk, ""),
                variant=variants.get(call.variant, ""),
            )
        )
    return rows
