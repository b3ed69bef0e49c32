"""Whom a notice concerns: who holds a right of its kind and reaches what it is about, and those it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from callcenter.access.colleagues import known_to
from callcenter.access.holders import holders_of
from callcenter.access.own_roles import is_admin
from campaigns.callbacks import rows as callbacks
from campaigns.core.scope import seen_by
from campaigns.launch import approvals
from campaigns.models import Alert, Call, CallExport, Campaign, HandOver, WebhookReceiver
from campaigns.notices import kinds
from campaigns.notices.kinds import KINDS
from providers.models import Provider

Condition = Alert.Kind
_ABOUT: dict[str, type[Model]] = {
    "provider": Provider,
    "campaign": Campaign,
    "call": Call,
    "user": User,
    "webhook": WebhookReceiver,
}
"""Models of what notices are about; every other one is about the installation, or of its reader alone."""
OWNERS_HEAR = frozenset(
    {
        kinds.CAMPAIGN_FINISHED, kinds.PILOT_OVER, kinds.APPROVAL_GIVEN, kinds.APPROVAL_RETURNED,
        Condition.CAMPAIGN_PAUSED, Condition.START_REFUSED, Condition.MESSAGE_GONE, Condition.AGENT_CHANGED,
        Condition.LEGAL_MISSING,
    }
)  # fmt: skip
"""Kinds about campaigns that concern the campaign's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing to be told, before it is known to whom."""

    kind: str
    object_type: str
    object_id: int
    key: str
    """Names it: a user is told of one cause once."""
    detail: str = ""
    actor: int | None = None
    also: frozenset[int] = frozenset()
    """Users whom it names besides those that its kind concerns."""


def by_user(causes: Sequence[Cause]) -> dict[int, list[Cause]]:
    """Return what each active user is to be told, by user; whoever did it is not told of it."""
    found: dict[int, list[Cause]] = defaultdict(list)
    named = {cause.key: _named(cause) for cause in causes}
    active = set(
        User.objects.filter(pk__in={pk for ids in named.values() for pk in ids}, is_active=True).values_list(
            "pk", flat=True
        )
    )
    heard: dict[str, set[int]] = {key: ids & active for key, ids in named.items()}
    for person, theirs in _by_right([cause for cause in causes if KINDS[cause.kind].rights]):
        for cause in theirs:
            heard[cause.key].add(person.pk)
    for cause in causes:
        for pk in sorted(heard[cause.key] - {cause.actor}):
            found[pk].append(cause)
    return dict(found)


def _named(cause: Cause) -> set[int]:
    """Return the users whom a cause names by what it is about."""
    found: set[int | None] = set(cause.also)
    if cause.kind in OWNERS_HEAR:
        found |= set(Campaign.objects.filter(pk=cause.object_id).values_list("owner", flat=True))
    if cause.kind == kinds.APPROVAL_NEEDED:
        campaign = Campaign.objects.filter(pk=cause.object_id).first()
        found |= {person.pk for person in approvals.approvers_of(campaign)} if campaign is not None else set()
    if cause.kind == Condition.CALLBACK_NOT_MADE:
        found |= set(callbacks.of_calls([cause.object_id]).values_list("asked_by", flat=True))
    if cause.kind in {kinds.GIVEN, kinds.GIVEN_DUE}:
        open_ones = HandOver.objects.filter(call=cause.object_id, state=HandOver.State.OPEN)
        found |= set(open_ones.values_list("person", flat=True))
    if cause.kind == kinds.EXPORT_READY:
        found |= set(CallExport.objects.filter(pk=cause.object_id).values_list("owner", flat=True))
    return {pk for pk in found if pk is not None}


def _by_right(causes: Sequence[Cause]) -> Iterable[tuple[User, list[Cause]]]:
    rights = sorted({right for cause in causes for right in KINDS[cause.kind].rights})
    held: dict[int, set[str]] = defaultdict(set)
    people: dict[int, User] = {}
    for right in rights:
        for person in holders_of(right):
            people.setdefault(person.pk, person)
            held[person.pk].add(right)
    for pk, person in people.items():
        theirs = [cause for cause in causes if KINDS[cause.kind].rights & held[pk]]
        seen = reached(person, theirs)
        yield person, [cause for cause in theirs if is_within(cause, seen)]


def reached(person: User, things: Iterable[Any]) -> Mapping[str, Collection[int]] | None:
    """Return the ids that a person reaches of what these causes or notices are about, by type; None: an admin, all."""
    if is_admin(person):
        return None
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in things:
        if one.object_type in _ABOUT:
            wanted[one.object_type].add(one.object_id)
    return {
        name: set(_seen(person, _ABOUT[name]._default_manager.filter(pk__in=ids)).values_list("pk", flat=True))
        for name, ids in wanted.items()
    }


def is_within(thing: Any, seen: Mapping[str, Collection[int]] | None) -> bool:
    """Return whether what a cause or notice is about is within a reach."""
    return seen is None or thing.object_type not in _ABOUT or thing.object_id in seen.get(thing.object_type, ())


def _seen(person: User, rows: QuerySet[Any]) -> QuerySet[Any]:
    return known_to(person, rows) if rows.model is User else seen_by(person, rows)
