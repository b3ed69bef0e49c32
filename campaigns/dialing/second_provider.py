"""Waiting calls through a campaign's second provider: which of them a dispatcher takes, and what is sent then.

A reservation changes nothing of a call but its lease. At the commit point, in the transaction that turns it from
waiting into being placed, its row gets the provider whose lane sends it, after the rule was asked again: so a call has
exactly one provider when its order may leave, and keeps it. Whatever was or may have been sent is not waiting.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.core import second_provider as rule
from campaigns.core.call_events import Step, step
from campaigns.core.lines_in_use import lines_held
from campaigns.core.message_parts import PARTS
from campaigns.dialing.commit_point_queries import DueCall, Way
from campaigns.lines import open_to_campaigns
from campaigns.models import Call, Campaign, SecondProvider
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import MoneyWait, SkipReason
from providers.models import Provider
from providers.types import CallStatus

REFUSED_SECONDS = 60
"""Wait before a call is looked at again that the second provider cannot place for its person; the first may."""
Lease = Callable[[CallQuerySet, UUID, int, datetime.datetime], list[int]]


def providers_with_work(now: datetime.datetime) -> list[int]:
    """Return the ids of second providers through which a due call may go now."""
    if not _is_any():
        return []
    due = Call.objects.due(now).order_by()
    campaigns = _running().filter(Exists(due.filter(campaign=OuterRef("pk"))), second__isnull=False)
    return list(dict.fromkeys(second.provider_id for _campaign, second, _opening in _open(campaigns, now)))


def reserve(provider_id: int, token: UUID, wanted: int, now: datetime.datetime, lease: Lease) -> list[int]:
    """Lease due calls of campaigns that go through this provider as their second one now."""
    taken: list[int] = []
    if wanted < 1 or not _is_any():
        return taken
    for campaign, _second, opening in _open(_running().filter(second__provider=provider_id), now):
        if len(taken) < wanted:
            calls = Call.objects.filter(campaign=campaign.pk, due_at__lte=opening.due_before)
            taken += lease(calls, token, wanted - len(taken), now)
    return taken


def ways(provider_id: int, campaign_ids: Collection[int], now: datetime.datetime) -> dict[int, Way]:
    """Return by campaign with what its calls are sent through this provider; without those that may not go this way."""
    found: dict[int, Way] = {}
    campaigns = Campaign.objects.filter(pk__in=campaign_ids)
    for campaign in campaigns.filter(provider=provider_id):
        found[campaign.pk] = Way(_parts(campaign))
    for campaign, second, opening in _open(campaigns.filter(second__provider=provider_id), now):
        found[campaign.pk] = Way(_parts(second), second.pk, second.text, opening.reason, str(campaign.provider))
    return found


def first_may_call(call: DueCall, reason: SkipReason) -> bool:
    """Return whether a call that is never made through this second provider may still be made through the first."""
    is_through_second = call.way is not None and call.way.second_id is not None
    return is_through_second and reason in (SkipReason.NUMBER_REFUSED, SkipReason.MISSING_VARIABLE)


class Seconds:
    """The second providers of one commit point's campaigns, whose rows it has locked."""

    def __init__(self, provider_id: int, campaigns: Mapping[int, Campaign], calls: Sequence[DueCall]) -> None:
        self.provider_id = provider_id
        self.ids = {pk: campaign for pk, campaign in campaigns.items() if campaign.second_id is not None}
        self.unsettled = self._unsettled()
        for call in calls:
            if call.campaign_id and call.way and call.way.second_id:
                # What is judged, and sent, is the second provider's own text.
                campaigns[call.campaign_id].text = call.way.text

    def _unsettled(self) -> set[int]:
        """Return the campaigns of which calls may have been placed that nobody here knows of.

        After a restore the first must not dial whom the second called since the backup, nor the other way round.
        """
        if not self.ids:
            return set()
        found = Campaign.objects.filter(pk__in=self.ids).select_related("provider", "second__provider")
        pairs = {one.pk: (one.provider, one.second.provider) for one in found if one.second is not None}
        return {pk for pk, pair in pairs.items() if any(map(rule.is_unsettled, pair))}

    def goes_here(self, call: DueCall, campaign: Campaign | None) -> bool:
        """Return whether a call goes through this provider by its campaign as it is now, under the lock."""
        if campaign is None or call.is_elsewhere:
            return not call.is_elsewhere
        second_id = call.way.second_id if call.way else None
        is_its_own = campaign.provider_id == self.provider_id if second_id is None else campaign.second_id == second_id
        return is_its_own and campaign.pk not in self.unsettled

    def lines_elsewhere(self, now: datetime.datetime) -> Counter[int]:
        """Count the lines that these campaigns hold at their other provider: their own limit is one for both."""
        limited = [pk for pk, campaign in self.ids.items() if campaign.max_lines]
        if not limited:
            return Counter()
        calls = Call.objects.holding_lines(now).filter(campaign__in=limited).exclude(provider=self.provider_id)
        return Counter(calls.order_by().values_list("campaign", flat=True))

    def write(self, token: UUID, passed: Sequence[DueCall], now: datetime.datetime) -> list[Step] | None:
        """Write through which provider calls are sent, before their commit; None if a row changed meanwhile."""
        ways = {call.pk: call.way for call in passed if call.way is not None}
        for way in dict.fromkeys(map(id, ways.values())):
            ids = [pk for pk, of in ways.items() if id(of) == way]
            rows = Call.objects.filter(pk__in=ids, status=CallStatus.PENDING, lease=token)
            agent, voice, caller_id, dialer = (ways[ids[0]].parts[f"{name}_id"] for name in PARTS)
            moved = rows.update(provider=self.provider_id, agent=agent, voice=voice, caller_id=caller_id, dialer=dialer)
            if moved != len(ids):
                return None
        return [step(pk, way.code, at=now, detail=way.detail) for pk, way in ways.items()]


def _is_any() -> bool:
    """Tell by plain SQL whether any running campaign has a second provider: mostly none has, and no more is asked."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {Campaign._meta.db_table} WHERE status = %s AND second_id IS NOT NULL LIMIT 1",  # noqa: S608
            [Campaign.Status.RUNNING.value],
        )
        return cursor.fetchone() is not None


def _running() -> QuerySet[Campaign]:
    return Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE).order_by("pk")


def _open(campaigns: QuerySet[Campaign], now: datetime.datetime) -> list[tuple[Campaign, SecondProvider, rule.Opening]]:
    found = []
    for campaign in rule.with_seconds(campaigns):
        opening = rule.opening_of(campaign, now, lambda first: _is_full(first, now))
        if opening is not None and campaign.second is not None:
            found.append((campaign, campaign.second, opening))
    return found


def _is_full(provider: Provider, now: datetime.datetime) -> bool:
    held = lines_held(provider.pk, provider.max_call_seconds, now)
    open_lines = open_to_campaigns(provider.max_lines, provider.single_call_lines)
    return held.by_campaign.total() >= provider.max_lines or held.of_campaigns >= open_lines


def _parts(source: object) -> dict[str, int | None]:
    return {f"{name}_id": getattr(source, f"{name}_id") for name in PARTS}
