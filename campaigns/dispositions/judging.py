"""Rules judge calls: which disposition a call gets by its answers, its result and the words that were said.

Called wherever one of these becomes known, in that transaction. Idempotent; what a person chose is never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone

from callcenter.access.reach import may_use
from campaigns.answers.conditions import answers_so
from campaigns.answers.typed import said
from campaigns.core import results
from campaigns.core.call_events import step, write_steps
from campaigns.dispositions import following
from campaigns.models import Call, CallDisposition, CallTranscript, DispositionRule
from providers.types import FINAL

ARE_THERE = (
    f"(EXISTS (SELECT 1 FROM {DispositionRule._meta.db_table}) "  # noqa: S608
    f"OR EXISTS (SELECT 1 FROM {CallDisposition._meta.db_table}))"
)
"""SQL of whether there is any rule or any call with a disposition, so that `judge` could do something.

For a statement that is asked anyway, after the calls were locked: whoever chooses a disposition locks the call too.
"""


def judge(ids: Collection[int]) -> int:
    """Give calls that are over the disposition of the first rule they pass; returns how many changed.

    Runs in the caller's transaction, which holds the calls' rows. Calls that have one already follow it again: nothing
    happens twice, and what later news would plan beside it is left undone.
    """
    calls = list(
        Call.objects.filter(pk__in=ids, status__in=sorted(FINAL), test_of__isnull=True)
        .select_related("campaign", "contact", "disposed__disposition")
        .defer("variables", "vendor_options", "text")
        .order_by("pk")
    )
    if not calls:
        return 0
    rules = _rules_for(calls)
    open_ones = [call for call in calls if not _is_by_person(call)] if rules else []
    wanted = _first_rules(rules, open_ones)
    changed = sum(_give(call, wanted.get(call.pk), rules) for call in open_ones)
    for call in calls:
        kept = getattr(call, "disposed", None)
        if kept is not None and call.pk not in wanted:
            following.hold(call, kept.disposition, timezone.now())
    return changed


def after_answers(sender: Any, calls: Collection[int], **_more: Any) -> None:
    """Judge calls anew whose answers have changed; connected to `answers.signals.answers_changed`."""
    judge(calls)


def _is_by_person(call: Call) -> bool:
    kept = getattr(call, "disposed", None)
    return kept is not None and kept.is_by_person


def _rules_for(calls: Sequence[Call]) -> list[DispositionRule]:
    campaigns = {call.campaign_id for call in calls if call.campaign_id is not None}
    found = DispositionRule.objects.filter(Q(campaign__isnull=True) | Q(campaign__in=campaigns))
    return list(found.filter(disposition__is_offered=True).select_related("disposition__taker", "question"))


def _first_rules(rules: Iterable[DispositionRule], calls: Iterable[Call]) -> Mapping[int, DispositionRule]:
    """Return for each call the first rule that it passes."""
    found: dict[int, DispositionRule] = {}
    left = list(calls)
    for rule in rules:
        asked = [call.pk for call in left if call.pk not in found and _is_about(rule, call)]
        for pk in _passing(rule, asked):
            found[pk] = rule
    return found


def _is_about(rule: DispositionRule, call: Call) -> bool:
    """Return whether a rule is about a call at all: its campaign, its team, and not of a time before the rule."""
    ended = call.ended_at or call.created_at
    is_there = rule.campaign_id is None or rule.campaign_id == call.campaign_id
    return is_there and ended >= rule.since and may_use(call.team_id, rule.disposition.team_id)


def _passing(rule: DispositionRule, ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    calls = Call.objects.filter(pk__in=ids).order_by()
    if rule.result:
        calls = calls.filter(results.condition(rule.result))
    if rule.question is not None:
        answered = answers_so(rule.question, rule.answer, rule.answer_to).filter(call__in=ids)
        calls = calls.filter(pk__in=answered.values("call"))
    passing = set(calls.values_list("pk", flat=True))
    if rule.words and passing:
        turns = CallTranscript.objects.filter(call__in=passing).values_list("call", "turns")
        passing = {pk for pk, told in turns if said(told, rule.words)}
    return passing


def _give(call: Call, rule: DispositionRule | None, rules: Sequence[DispositionRule]) -> bool:
    """Write what the rules say of a call, and what follows; returns whether that changed anything."""
    now = timezone.now()
    kept: CallDisposition | None = getattr(call, "disposed", None)
    if rule is None:
        # What no rule says any more is kept where its rule is gone: only another answer takes it away.
        if kept is None or kept.rule_id not in {one.pk for one in rules}:
            return False
        kept.delete()
        following.call_off(call, None, now)
        write_steps([step(call.pk, "disposition_removed", at=now, detail=kept.disposition.name)])
        return True
    is_same = kept is not None and kept.disposition_id == rule.disposition_id
    if not is_same:
        CallDisposition.objects.update_or_create(
            call=call, defaults={"disposition": rule.disposition, "rule": rule, "at": now, "by": None}
        )
        write_steps([step(call.pk, "disposition_set", at=now, detail=rule.disposition.name)])
    following.decide(call, rule.disposition, None, now)
    return not is_same
