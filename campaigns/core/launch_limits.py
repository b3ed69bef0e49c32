"""What one person may launch in a day without approval: people and money, over all campaigns and single calls.

A day is one of the installation's time zone (`day_caps.day_of`). A campaign counts on the day of its start.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person, may
from callcenter.formats.amounts import number, plain_money
from campaigns.core.costs import worst_cost
from campaigns.core.day_caps import day_of
from campaigns.core.installation import Installation, current
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Campaign, CountedLaunch
from providers.models import Provider

WITHOUT_LIMIT = "launch_above_limit"
"""The right of those whom no such limit holds."""


@dataclass(slots=True)
class Launched:
    """What a person launched on a day."""

    people: int = 0
    cost: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By currency; what has no known price is in none."""


def lock_person(person: Person) -> None:
    """Let one launch of a person go on at a time, until the transaction ends; the caller takes it before other rows.

    Two launches at once would else each count without the other.
    """
    # Written, not only read, so that it holds on SQLite too if the transaction had only read before.
    User.objects.select_for_update(no_key=True).filter(pk=person.pk or 0).first()


def launched_by(person: Person, at: datetime.datetime, besides: int | None = None) -> Launched:
    """Return what a person launched on the day of a time: campaigns but for `besides`, and single calls."""
    day, found, who = day_of(at), Launched(), person.pk or 0
    counted = CountedLaunch.objects.filter(person=who, day=day.date).exclude(campaign=besides or 0)
    single = Call.objects.filter(
        owner=who, campaign__isnull=True, test_of__isnull=True, direction="outbound",
        created_at__gte=day.start, created_at__lt=day.end,
    )  # fmt: skip
    campaigns = counted.values_list("currency").annotate(n=Sum("people"), most=Sum("cost"))
    calls = (
        single.order_by()
        .values_list("provider__currency")
        .annotate(n=Count("pk"), most=Sum(Coalesce("cost", "reserved_cost")))
    )
    for currency, people, cost in campaigns.union(calls, all=True):
        found.people += people
        found.cost[currency] += cost or 0
    return found


def why_approval(
    person: Person,
    people: int,
    cost: Decimal | None,
    currency: str,
    at: datetime.datetime,
    besides: int | None = None,
    limits: Installation | None = None,
) -> str:
    """Return why a launch needs another person's approval, in a sentence; empty if it needs none.

    `cost` is what it costs at most, None where that is not known; `besides` is the campaign itself; `limits` are the
    settings where the caller has read them already.
    """
    if may(person, WITHOUT_LIMIT):
        return ""
    limits, before = limits or current(), launched_by(person, at, besides)
    if before.people + people > limits.caller_launch_limit:
        text = ngettext(
            "%(people)s person is over the daily limit of %(limit)s.",
            "%(people)s people are over the daily limit of %(limit)s.",
            people,
        )
        said = text % {"people": number(people), "limit": number(limits.caller_launch_limit)}
        return f"{said} {_already(before)}".strip()
    most = limits.caller_launch_prices.get(currency)
    if most is None:
        return ""
    if cost is None:
        return _("The cost is unknown, and the daily limit is %(limit)s.") % {"limit": plain_money(most, currency)}
    spent = before.cost.get(currency, Decimal(0))
    if spent + cost > most:
        return _(
            "It may cost %(cost)s. With %(spent)s already launched that day, this is over the limit of %(limit)s."
        ) % {
            "cost": plain_money(cost, currency),
            "spent": plain_money(spent, currency),
            "limit": plain_money(most, currency),
        }
    return ""


def _already(before: Launched) -> str:
    if not before.people:
        return ""
    text = ngettext(
        "%(count)s person was already launched that day.",
        "%(count)s people were already launched that day.",
        before.people,
    )
    return text % {"count": number(before.people)}


def refuse_single(person: Person, provider: Provider, now: datetime.datetime, longest: int | None = None) -> None:
    """Refuse a single call above the limit of the day; locks the person, so that two at once count each other."""
    if may(person, WITHOUT_LIMIT):
        return
    lock_person(person)
    cost = worst_cost(provider, longest) if provider.price_per_minute else None
    if why := why_approval(person, 1, cost, provider.currency, now):
        raise Refusal(
            _("You have reached your daily limit. %(why)s Ask a manager to call, or call tomorrow.") % {"why": why}
        )


def count(campaign: Campaign, person: Person, people: int, cost: Decimal | None, at: datetime.datetime) -> None:
    """Count a campaign's launch for whoever launched it, in the transaction of the launch; in one statement."""
    row = CountedLaunch(
        campaign=campaign,
        person_id=person.pk or 0,
        day=day_of(at).date,
        people=people,
        cost=cost,
        currency=campaign.provider.currency,
    )
    CountedLaunch.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["campaign"],
        update_fields=["person", "day", "people", "cost", "currency"],
    )


def uncount(campaign_id: int) -> None:
    """Count a campaign no more: it was not started, or another person has approved it."""
    CountedLaunch.objects.filter(campaign=campaign_id).delete()
