"""Who gets which alerts: managers and admins, each those that are about what is within their reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet

from callcenter.access.colleagues import known_to
from callcenter.access.own_roles import is_admin
from callcenter.access.rights import ADMIN, MANAGER
from campaigns.core.scope import seen_by
from campaigns.models import Alert, Call, Campaign, WebhookReceiver
from providers.models import Provider

_ABOUT: dict[str, type[Model]] = {
    "provider": Provider,
    "campaign": Campaign,
    "call": Call,
    "user": User,
    "webhook": WebhookReceiver,
}
"""Models of what alerts are about; every other alert is about the installation, and everybody's."""


def recipients() -> list[User]:
    """Return those who get alerts: active managers, admins and superusers, who may have no role, with an address."""
    may_act = Q(groups__name__in=[MANAGER, ADMIN]) | Q(is_superuser=True)
    return list(User.objects.filter(may_act, is_active=True).exclude(email="").distinct().order_by("email", "pk"))


def by_address(alerts: Sequence[Alert]) -> dict[str, frozenset[int]]:
    """Return the ids of the alerts that each address gets, by address; an admin's gets all."""
    found: dict[str, set[int]] = defaultdict(set)
    for person in recipients():
        found[person.email] |= _seen_by(person, alerts)
    return {address: frozenset(ids) for address, ids in found.items() if ids}


def with_the_same(readers: Mapping[str, frozenset[int]]) -> list[tuple[frozenset[int], list[str]]]:
    """Return the addresses that get the same alerts together: a mail names nothing that a reader may not see."""
    alike: dict[frozenset[int], list[str]] = defaultdict(list)
    for address, ids in sorted(readers.items()):
        alike[ids].append(address)
    return list(alike.items())


def _seen_by(person: User, alerts: Sequence[Alert]) -> set[int]:
    if is_admin(person):
        return {alert.pk for alert in alerts}
    found = {alert.pk for alert in alerts if alert.object_type not in _ABOUT}
    for name, model in _ABOUT.items():
        about = [alert for alert in alerts if alert.object_type == name]
        if about:
            rows = model._default_manager.filter(pk__in={alert.object_id for alert in about})
            seen = set(_reached(person, rows).values_list("pk", flat=True))
            found |= {alert.pk for alert in about if alert.object_id in seen}
    return found


def _reached(person: User, rows: QuerySet[Any]) -> QuerySet[Any]:
    return known_to(person, rows) if rows.model is User else seen_by(person, rows)
