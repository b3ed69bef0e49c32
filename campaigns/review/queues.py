"""Review queues: which calls are to be listened to. The sample is told by a hash of the call's id: it never changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _

from callcenter.access.reach import may_use
from callcenter.access.roles import Person, team_of
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns.answers.questions import meets_goal
from campaigns.answers.typed import key_of
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import conditions
from campaigns.core.refusals import Refusal
from campaigns.core.scope import heard_by, may_see
from campaigns.models import Answer, Question, ReviewQueue, ScorecardReview
from campaigns.models.calls import CallQuerySet
from campaigns.review.scorecards import demand, offered_to
from providers.types import FINAL

COLUMNS = (
    "name", "scorecard", "campaign", "result", "disposition", "talked_from", "goal", "every", "since", "is_open",
)  # fmt: skip
SPREAD = 2_654_435_761
"""Knuth's multiplier: consecutive ids fall evenly over the whole range (The Art of Computer Programming, 3, 6.4)."""
RANGE = 2**32
Goal = ReviewQueue.Goal


class QueueRefusal(Refusal):
    """Raised for a queue that is not whole; `field` is where its form shows the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def add(person: Person, values: Mapping[str, Any]) -> ReviewQueue:
    """Add a queue, of the person's team. Raises PermissionDenied and QueueRefusal."""
    demand(person)
    team = team_of(person)
    whole = _whole(values, team, person)
    with transaction.atomic():
        made = ReviewQueue.objects.create(owner_id=person.pk, team_id=team, **whole)
        record(person, "review_queue.added", made, scorecard=made.scorecard_id)
    return made


def change(person: Person, queue: ReviewQueue, values: Mapping[str, Any], shown: Shown | None = None) -> None:
    """Change a queue; what was reviewed stays. Raises PermissionDenied, QueueRefusal, and BothChanged."""
    demand(person, queue)
    with transaction.atomic():
        stored = ReviewQueue.objects.select_for_update(of=("self",)).get(pk=queue.pk)
        changes = changes_of(stored, {name: values[name] for name in COLUMNS if name in values}, shown)
        if not changes:
            return
        whole = _whole({**{name: getattr(stored, name) for name in COLUMNS}, **changes}, stored.team_id, person)
        changed = [name for name in COLUMNS if whole[name] != getattr(stored, name)]
        for name in changed:
            setattr(stored, name, whole[name])
        stored.save(update_fields=changed)
        record(person, "review_queue.changed", stored, fields=changed)


def _whole(values: Mapping[str, Any], team: int | None, person: Person) -> dict[str, Any]:
    found: dict[str, Any] = {name: values.get(name) for name in COLUMNS}
    found["name"] = " ".join(str(values["name"]).replace("\x00", "").split())
    found["result"], found["goal"] = values.get("result") or "", values.get("goal") or ""
    found["every"] = values.get("every") or 1
    found["is_open"] = bool(values.get("is_open", True))
    if not key_of(found["name"]):
        raise QueueRefusal("name", _("Enter a name with letters or digits first."))
    if not offered_to(team).filter(pk=found["scorecard"].pk).exists():
        raise QueueRefusal("scorecard", _("This scorecard cannot be used here: choose another one."))
    if found["campaign"] is not None and not may_see(person, found["campaign"]):
        raise QueueRefusal("campaign", _("You may not see this campaign: choose another one."))
    if found["disposition"] is not None and not may_use(team, found["disposition"].team_id):
        raise QueueRefusal("disposition", _("This disposition belongs to another team: choose another one."))
    if found["goal"]:
        if found["campaign"] is None:
            raise QueueRefusal("campaign", _("Goals belong to campaigns: choose the campaign, too."))
        if _goal_of(found["campaign"].pk) is None:
            raise QueueRefusal("goal", _("This campaign has no goal: set one on one of its questions first."))
    return found


def _goal_of(campaign: int | None) -> Question | None:
    return Question.objects.filter(campaign=campaign).exclude(goal="").first() if campaign is not None else None


def calls_of(queue: ReviewQueue, person: Person, *, is_walked: bool = True) -> CallQuerySet:
    """Return the calls of a queue's sample that a person may hear, reviewed or not.

    `is_walked` is as for `campaigns.calls.call_log.find_calls`.
    """
    filters = CallFilters(
        campaign=queue.campaign, state=queue.result, disposition=queue.disposition, talked_from=queue.talked_from,
        since=queue.since,
    )  # fmt: skip
    calls = heard_by(person, find_calls(filters, person, is_walked=is_walked))
    calls = calls.filter(status__in=sorted(FINAL), test_of__isnull=True)
    if queue.team_id is not None:
        calls = calls.filter(team=queue.team_id)
    if queue.goal:
        calls = calls.filter(_goal(queue))
    return calls.filter(sampled(queue)) if queue.every > 1 else calls


def waiting_in(queue: ReviewQueue, person: Person, *, is_walked: bool = True) -> CallQuerySet:
    """Return those of a queue's calls that nobody has reviewed by its scorecard."""
    known = ScorecardReview.objects.filter(call=OuterRef("pk"), scorecard=queue.scorecard_id)
    return calls_of(queue, person, is_walked=is_walked).filter(~Exists(known))


def sampled(queue: ReviewQueue) -> Q:
    """Return the condition of the calls in a queue's sample; that of another queue takes others."""
    spread = (F("pk") + queue.pk) * SPREAD % RANGE
    return Q(LessThan(ExpressionWrapper(spread, BigIntegerField()), RANGE // queue.every))


def is_sampled(queue: ReviewQueue, call_id: int) -> bool:
    """Return whether one call is in a queue's sample."""
    return (call_id + queue.pk) * SPREAD % RANGE < RANGE // queue.every


def _goal(queue: ReviewQueue) -> Q:
    question = _goal_of(queue.campaign_id)
    if question is None:
        # The goal was taken off its question: nobody can say what was missed.
        return Q(pk__in=[])
    met = Exists(Answer.objects.filter(question=question, call=OuterRef("pk"), **meets_goal(question)))
    return Q(met) if queue.goal == Goal.REACHED else conditions.talked() & ~Q(met)
