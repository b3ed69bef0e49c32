"""The first attempt of each of a campaign's people, inserted in one statement.

Here a person gets their variant, once: it is kept on the row of the call, and every further attempt takes it over.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When

from campaigns import local_presence, shares
from campaigns.core import transitions
from campaigns.core.variants import as_variant, local_numbers, variants_of
from campaigns.models import Call, Campaign, Contact
from campaigns.models.status_conditions import HasVariant

BLOCK = 500
"""People a statement, where the campaign has variants: each is named in it."""
READ = {"contact": F("pk"), "to_number": F("phone")}
"""The columns of a call that its person says."""

Order = tuple[str, int]
"""A variant's key, and the caller ID; 0 for none."""


def insert(campaign: Campaign, chosen: QuerySet[Contact], at: datetime.datetime) -> int:
    """Insert first attempts of contacts that have none yet; returns how many."""
    if not campaign.variants:
        return transitions.begin_many(chosen, at, _same(campaign) | _parts(campaign), READ)
    # Whoever has one already, as after a pilot, must not use up a place of the shares.
    known = Call.objects.filter(campaign=campaign, contact=OuterRef("pk"), attempt=1)
    new = chosen.filter(~Exists(known))
    people = {pk: (phone, region) for pk, phone, region in new.order_by("pk").values_list("pk", "phone", "region")}
    orders = _assign(campaign, people)
    added = 0
    # Calls go out in the order of their ids: those of all variants are mixed, so that none has the better hours.
    ids = list(people)
    for block in (ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)):
        same, read = _told_apart(campaign, {pk: orders[pk] for pk in block})
        added += transitions.begin_many(new.filter(pk__in=block), at, same, read)
    return added


def _assign(campaign: Campaign, people: Mapping[int, tuple[str, str]]) -> dict[int, Order]:
    """Return each person's variant and caller ID; their number and country say which number of a pool is near them."""
    variants = {one.key: one for one in variants_of(campaign)}
    have_one = Call.objects.filter(HasVariant(), campaign=campaign, attempt=1)
    given = shares.share_out(people, {key: one.share for key, one in variants.items()}, campaign.pk, have_one.count())
    usual = {key: as_variant(campaign, one).caller_id_id or 0 for key, one in variants.items()}
    pools = {key: local_numbers(one, settings.DEFAULT_REGION) for key, one in variants.items()}
    found = {}
    for pk, (phone, region) in people.items():
        key = given[pk]
        near = local_presence.choose(pools[key], phone, region, shares.mark_of(campaign.pk, pk)) if pools[key] else None
        found[pk] = key, near or usual[key]
    return found


def _told_apart(campaign: Campaign, orders: Mapping[int, Order]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns that are the same for all of a block, and those that differ, as expressions."""
    people: dict[Order, list[int]] = defaultdict(list)
    for pk, order in orders.items():
        people[order].append(pk)
    variants = {one.key: one for one in variants_of(campaign)}
    values = {
        (key, caller_id): _parts(as_variant(campaign, variants[key])) | {"caller_id": caller_id or None, "variant": key}
        for key, caller_id in people
    }
    same, read = _same(campaign), dict[str, Any](READ)
    for name in (*_parts(campaign), "variant"):
        by_value: dict[Any, list[int]] = defaultdict(list)
        for order, pks in people.items():
            by_value[values[order][name]] += pks
        if len(by_value) == 1:
            (same[name],) = by_value
        else:
            kind: Any = Call._meta.get_field(name)
            kind = getattr(kind, "target_field", kind)
            whens = [When(pk__in=pks, then=Value(value, kind)) for value, pks in by_value.items()]
            read[name] = Case(*whens, output_field=kind)
    return same, read


def _parts(campaign: Campaign) -> dict[str, Any]:
    """Return what variants may change of an order."""
    return {
        "agent": campaign.agent_id,
        "voice": campaign.voice_id,
        "caller_id": campaign.caller_id_id,
        "text": campaign.text,
    }


def _same(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "provider": campaign.provider_id,
        "dialer": campaign.dialer_id,
        "owner": campaign.owner_id,
        "team": campaign.team_id,
        "attempt": 1,
    }
