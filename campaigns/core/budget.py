"""Budgets of campaigns: what a live call reserves, what an ended one spent, and whether there is room for another.

The invariant. A call that is out cannot be taken back for money: of the five vendors only Vocode ends a live call, and
no order carries a longest duration (`vendors` contracts, read 2026-11). So a hard budget holds only while

    spent + the worst cost of every live call <= budget

at every commit point, and nothing weaker is safe: with two calls out that are each expected to cost a tenth of what is
left, both may still run to their longest. The reserve of every call is therefore its worst cost, and stays so until its
end is known. What a call is *likely* to cost (`costs.recent_costs`, the 95th percentile) plans: it estimates, and says
what a budget would leave undone. It lets calls out only where the campaign's budget is `soft`: then a call goes out
while what is spent, and what the live ones will likely cost, are below the budget, and the budget is overspent by at
most the calls in flight.

What makes calls flow under a hard budget is a true worst cost. It is the time after which the vendor itself ends the
agent's calls, as last synced (Bolna: `call_terminate`, 90 s unless set), else the provider's longest call, which an
admin sets and no vendor enforces. With 30 minutes and a budget of a few calls, two are out at a time whatever is tried:
the launch check says so, and what would be left undone.

The invariant rests on two numbers that come from people and vendors: the price a minute, and the longest call. A vendor
that bills more than price and limit say is seen in the reports ("Bills"), and overspends.

Who waits for money is woken by the money, not by a clock. The commit point that finds no room notes why on the
campaign's row (`money_wait`), under the row's lock, and reservation passes over such campaigns. Whatever releases money
updates the same row, so it waits for that commit point or comes first, and clears the note in the same statement:
no wake can be lost. For caps of the day, whose money calls of others release too, the notes are cleared when calls
have ended, after that commit; the minute job clears all of them, which also is how the day's turn wakes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db.models import Count, F

from campaigns import queue
from campaigns.core import costs
from campaigns.core.day_caps import Payer, Rooms
from campaigns.models import Call, Campaign
from campaigns.reasons import MoneyWait
from providers.models import Provider
from providers.types import LIVE

NOTHING: Mapping[int, Decimal] = {}
OF_A_DAY = (MoneyWait.PROVIDER_DAY, MoneyWait.TEAM_DAY, MoneyWait.PERSON_DAY)


def shift(source: str, target: str) -> int:
    """Return the effect of a status change on a call's reserve: -1 releases it, 1 reserves it (again), 0 keeps it.

    A call has a reserve exactly while its status is live. A call that was believed never placed and turns out to be
    live reserves it again.
    """
    return (target in LIVE) - (source in LIVE)


class Purse:
    """The money of one commit point: the budgets of its locked campaigns, and the caps of the day."""

    def __init__(self, provider: Provider, campaigns: Mapping[int, Campaign], rooms: Rooms) -> None:
        self._rooms = rooms
        self._campaigns = campaigns
        soft = [pk for pk, campaign in campaigns.items() if campaign.budget is not None and campaign.budget_is_soft]
        self._likely = costs.recent_costs(provider).likely if soft else Decimal(0)
        self._live = live_calls(soft)
        self.used_up: set[int] = set()
        """Ids of campaigns whose budget has no room and no live call that could release any."""
        self.waits: dict[int, MoneyWait] = {}
        """By campaign id: what it waits for, where a call of it found no room."""

    def refusal(self, campaign: Campaign | None, payer: Payer, worst: Decimal) -> MoneyWait:
        """Return for which money a call must wait; MoneyWait.NONE if there is room. Notes it for the campaign."""
        found = MoneyWait.NONE if campaign is None or self._has_room(campaign, worst) else MoneyWait.BUDGET
        found = found or self._rooms.refusal(payer, worst)
        if found and campaign is not None:
            self.waits.setdefault(campaign.pk, found)
            if found == MoneyWait.BUDGET and not campaign.reserved_cost and not self._live[campaign.pk]:
                self.used_up.add(campaign.pk)
        return found

    def _has_room(self, campaign: Campaign, worst: Decimal) -> bool:
        if campaign.budget is None:
            return True
        if campaign.budget_is_soft:
            return campaign.spent_cost + self._live[campaign.pk] * self._likely < campaign.budget
        return campaign.spent_cost + campaign.reserved_cost + worst <= campaign.budget

    def take(self, campaign: Campaign | None, payer: Payer, worst: Decimal) -> None:
        """Reserve the worst cost of a call that passes."""
        self._rooms.take(payer, worst)
        if campaign is not None:
            campaign.reserved_cost += worst
            self._live[campaign.pk] += 1

    def note_waits(self) -> None:
        """Write on the campaigns' locked rows what they wait for; one whose budget is used up is paused instead."""
        for campaign_id, wait in self.waits.items():
            if campaign_id not in self.used_up:
                Campaign.objects.filter(pk=campaign_id).update(money_wait=wait)


def live_calls(campaign_ids: Collection[int]) -> Counter[int]:
    """Count the live calls of campaigns, by campaign id."""
    if not campaign_ids:
        return Counter()
    live = Call.objects.filter(campaign__in=campaign_ids, status__in=sorted(LIVE)).order_by()
    return Counter(dict(live.values_list("campaign").annotate(n=Count("pk"))))


def book(reserved: Mapping[int, Decimal], spent: Mapping[int, Decimal] = NOTHING) -> None:
    """Add amounts by campaign id to the campaigns' reserved and spent budget; one UPDATE each, in the order of ids.

    Whoever waits for money that this releases is woken.
    """
    for campaign_id in sorted({*reserved, *spent}):
        kept, paid = reserved.get(campaign_id, Decimal(0)), spent.get(campaign_id, Decimal(0))
        if not kept and not paid:
            continue
        row = Campaign.objects.filter(pk=campaign_id)
        values = {"reserved_cost": F("reserved_cost") + kept, "spent_cost": F("spent_cost") + paid}
        if kept >= 0 and paid >= 0:
            row.update(**values)
            continue
        # Mostly it does not wait, and one statement is enough. A commit point that notes a wait just now holds the row:
        # this waits for it and finds the note.
        if not row.filter(money_wait=MoneyWait.NONE).update(**values):
            row.update(**values, money_wait=MoneyWait.NONE)
            queue.nudge_dispatch()


def wake_for_the_day() -> None:
    """Let campaigns that wait for a cap of the day look again: calls of others, which share the cap, have ended."""
    if any(wait in OF_A_DAY for wait in _waiting().values()):
        wake_waiting()


def _waiting() -> dict[int, str]:
    found = Campaign.objects.exclude(money_wait=MoneyWait.NONE).filter(status=Campaign.Status.RUNNING)
    return dict(found.values_list("pk", "money_wait"))


def wake_waiting() -> int:
    """Let every campaign that waits for money look again; returns how many there were.

    Each in a statement of its own: a transaction that locks several campaigns does so in order of their ids.
    """
    woken = sum(Campaign.objects.filter(pk=pk).update(money_wait=MoneyWait.NONE) for pk in sorted(_waiting()))
    if woken:
        queue.nudge_dispatch()
    return woken


def room_left(campaign: Campaign) -> Decimal | None:
    """Return what of the budget is neither spent nor reserved, at least 0; None without a budget."""
    if campaign.budget is None:
        return None
    return max(campaign.budget - campaign.spent_cost - campaign.reserved_cost, Decimal(0))
