"""Automatic pause: stops a campaign whose failures or opt-outs rise, and records why.

Checked in the same transaction that writes a call's end.
"""

from __future__ import annotations

import datetime
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from campaigns import alarms
from campaigns.core import conditions
from campaigns.core.explanations import FAILED
from campaigns.evidence import Evidence
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign
from campaigns.models.status_conditions import StatusIsOneOf
from providers.types import FINAL, LIVE, CallStatus

logger = logging.getLogger(__name__)

TALKING = (CallStatus.IN_PROGRESS, CallStatus.WRAPPING_UP)
MAX_WORDS = 120
"""Characters of the vendor's reason that a pause repeats."""
FAILURES_COMPARED = 20
"""How many of the last failed calls are searched for the commonest reason."""


def weigh_ends(ended: Iterable[tuple[Call, Evidence, Evidence]], now: datetime.datetime) -> None:
    """Count calls that have just ended towards their campaigns' automatic pause, in the caller's transaction.

    Each tuple holds a call and what was known of it before and after the news. A call that had ended before is not
    counted twice, and one that a person stopped is not counted at all.
    """
    found: dict[int, list[tuple[Call, alarms.End]]] = defaultdict(list)
    for call, before, after in ended:
        if call.campaign_id is None or call.stop_asked_at or before.status in FINAL:
            continue
        if conditions.is_account_failure(after.status, after.failure_reason):
            # The provider halts at the first; that says more than a share of failures.
            continue
        has_talked = conditions.has_talked(after.status, after.talk_seconds, after.answered_by)
        end = alarms.end_of(after.status, after.talk_seconds, has_talked=has_talked, is_wish_heard=after.do_not_call)
        found[call.campaign_id].append((call, end))
    _weigh(found, now)


def weigh_rejection(call: Call, words: str, now: datetime.datetime) -> None:
    """Count an order that the vendor rejected towards the automatic pause, in the caller's transaction.

    `words` is the vendor's reason. The same reason for several people in a row is no matter of theirs: it pauses too.
    """
    if call.campaign_id is not None:
        _weigh({call.campaign_id: [(call, "failed")]}, now, words)


def _with_rejection(watch: alarms.Watch, campaign: Campaign, call: Call, words: str) -> alarms.Watch:
    """Return the watch with a rejected order added; an order that was taken since the first one begins anew."""
    person = str(call.contact_id or call.pk)
    left_at = call.placing_at.timestamp() if call.placing_at else 0.0
    after = watch.after_rejection(words, person, left_at)
    if after.is_same_for_all and _was_taken_since(campaign, after.rejected_since):
        return watch.without_rejections().after_rejection(words, person, left_at)
    return after


def _was_taken_since(campaign: Campaign, since: float) -> bool:
    """Return whether the vendor took an order of this campaign that left at that time (epoch seconds) or later."""
    at = datetime.datetime.fromtimestamp(since, datetime.UTC)
    return Call.objects.filter(campaign=campaign, placing_at__gte=at).exclude(remote_id="").exists()


def _same_refusal(words: str) -> str:
    return _(
        "The provider rejected %(count)d people in a row with the same message: “%(words)s”. Check the agent, "
        "the caller ID and the account at the provider, then resume."
    ) % {"count": alarms.REJECTED_IN_ROW, "words": words[:MAX_WORDS]}


def weigh_late_wish(call: Call, now: datetime.datetime) -> None:
    """Count an opt-out that became known only after the call had ended towards the automatic pause."""
    campaign = (
        Campaign.objects.select_for_update(no_key=True).filter(pk=call.campaign_id or 0, status="running").first()
    )
    if campaign is not None and _counts(call, campaign):
        _keep(campaign, alarms.Watch.read(campaign.watched).after_late_wish())


def _weigh(found: dict[int, list[tuple[Call, alarms.End]]], now: datetime.datetime, rejected_as: str = "") -> None:
    if not found:
        return
    # Locked in the order of their ids, before anything else is written to them, so that there is no deadlock.
    locked = Campaign.objects.select_for_update(no_key=True).filter(pk__in=sorted(found)).order_by("pk")
    for campaign in locked.only("status", "watched", "watched_since"):
        counted = [(call, end) for call, end in found[campaign.pk] if _counts(call, campaign)]
        if campaign.status != Campaign.Status.RUNNING or not counted:
            continue
        watch = alarms.Watch.read(campaign.watched).after([end for _call, end in counted], now.timestamp())
        if rejected_as:
            watch = _with_rejection(watch, campaign, counted[0][0], rejected_as)
        _keep(campaign, watch)
        if rejected_as and watch.is_same_for_all:
            logger.warning("campaign=%s pauses itself: the same refusal for several people", campaign.pk)
            lifecycle.pause_by_system(campaign.pk, _same_refusal(rejected_as))


def _counts(call: Call, campaign: Campaign) -> bool:
    """Return whether a call was sent after the campaign was last resumed; earlier calls are not counted against it."""
    since = campaign.watched_since
    return since is None or (call.placing_at is not None and call.placing_at >= since)


def _keep(campaign: Campaign, watch: alarms.Watch) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(watched=watch.as_stored())
    alarm = watch.alarm()
    if alarm is not None:
        # Counted only when needed. If a vendor never reports who is talking, every live call counts as talking.
        live = Call.objects.filter(StatusIsOneOf(LIVE), campaign=campaign)
        counted = live.aggregate(out=Count("pk"), talking=Count("pk", filter=Q(status__in=TALKING)))
        alarm = watch.alarm(counted["out"], counted["talking"] or counted["out"])
    if alarm is None:
        return
    logger.warning("campaign=%s pauses itself: %s %s of %s", campaign.pk, alarm.kind, alarm.bad, alarm.total)
    lifecycle.pause_by_system(campaign.pk, _sentence(campaign.pk, alarm))


def _sentence(campaign_id: int, alarm: alarms.Alarm) -> str:
    counts = {"bad": alarm.bad, "total": alarm.total}
    if alarm.kind == "refusals":
        return (
            _("%(bad)s of the last %(total)s people who answered hung up at once or asked not to be called again.")
            % counts
        )
    why = _commonest_failure(campaign_id)
    failed = _("%(bad)s of the last %(total)s calls failed within two minutes.") % counts
    return " ".join(filter(None, (failed, _("Most common reason: %(why)s") % {"why": why} if why else "")))


def _commonest_failure(campaign_id: int) -> str:
    failed = Call.objects.filter(campaign=campaign_id, status=CallStatus.FAILED).order_by("-pk")
    reasons = Counter(failed.values_list("failure_reason", flat=True)[:FAILURES_COMPARED])
    return str(FAILED.get(reasons.most_common(1)[0][0], "")) if reasons else ""
