"""Acts that take two people: one asks and says why, another confirms, and the act runs in that transaction, once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from callcenter.access.holders import holders_of, names_of
from callcenter.access.models import TwoPersonRequest
from callcenter.access.roles import Person, may
from callcenter.access.two_people_kinds import BY_KEY, KINDS, ActKind
from callcenter.access.two_people_model import MAX_THING, MAX_WHY
from callcenter.audit.models import record

State = TwoPersonRequest.State
MOST_NAMES = 5
"""People named of those who may confirm one request."""


class CannotBeDone(Exception):
    """What a person asked for cannot be done; the text says why, and what to do next."""


def ask(
    kind: str,
    person: Person,
    *,
    thing: models.Model,
    reason: str,
    name: str = "",
    detail: dict[str, Any] | None = None,
) -> TwoPersonRequest:
    """Ask for an act; one request a thing is open at a time, and asking again returns it.

    `name` is how pages call the thing (default: its text); `detail` is JSON that the act compares with what it finds.
    Raises PermissionDenied, and CannotBeDone without a reason.
    """
    act = BY_KEY[kind]
    if not may(person, act.may_ask):
        raise PermissionDenied(act.may_ask)
    if not reason.strip():
        raise CannotBeDone(_("Enter a reason; it is recorded. Nothing was changed."))
    now = timezone.now()
    about = {"kind": kind, "thing_type": thing._meta.model_name or "", "thing_id": str(thing.pk)}
    with transaction.atomic():
        lapse(now)
        # Of two who ask at once, one writes the row and the other finds it: the constraint lets one be open.
        row, is_new = TwoPersonRequest.objects.get_or_create(
            **about,
            state=State.OPEN,
            defaults={
                "thing_name": (name or str(thing))[:MAX_THING],
                "detail": detail or {},
                "reason": reason.strip()[:MAX_WHY],
                "asked_by_id": person.pk,
                "asked_at": now,
                "lapses_at": now + datetime.timedelta(hours=settings.TWO_PERSON_HOURS),
            },
        )
        if is_new:
            record(person, "two_people.asked", row, kind=kind, reason=row.reason, **_about(row))
    return row


def confirm(request_id: int, person: Person) -> TwoPersonRequest:
    """Confirm a request and run its act in the same transaction, once; returns the request with what was done.

    Raises PermissionDenied, also for whoever asked and for a person who was switched off meanwhile; CannotBeDone if it
    was decided or has lapsed; and whatever the act raises: then nothing is changed and it stays open.
    """
    with transaction.atomic():
        row = _opened(request_id, person, confirms=True)
        run = cast(Callable[[TwoPersonRequest, Person], str], import_string(BY_KEY[row.kind].runs))
        _decide(row, person, State.CONFIRMED)
        row.outcome = run(row, person)[:MAX_WHY]
        TwoPersonRequest.objects.filter(pk=row.pk).update(outcome=row.outcome)
        record(person, "two_people.confirmed", row, kind=row.kind, reason=row.reason, **_about(row))
    return row


def refuse(request_id: int, person: Person, reason: str) -> TwoPersonRequest:
    """Refuse a request; nothing runs. Raises like `confirm`, and CannotBeDone without a reason."""
    if not reason.strip():
        raise CannotBeDone(_("Enter a reason; it is recorded. Nothing was changed."))
    with transaction.atomic():
        row = _opened(request_id, person, confirms=True)
        _decide(row, person, State.REFUSED, reason)
        record(person, "two_people.refused", row, kind=row.kind, reason=row.decision_reason, **_about(row))
    return row


def withdraw(request_id: int, person: Person) -> TwoPersonRequest:
    """Withdraw one's own request. Raises PermissionDenied and CannotBeDone."""
    with transaction.atomic():
        row = _opened(request_id, person, confirms=False)
        _decide(row, person, State.WITHDRAWN)
        record(person, "two_people.withdrawn", row, kind=row.kind, **_about(row))
    return row


def may_confirm(row: TwoPersonRequest, person: Person) -> bool:
    """Return whether a person may confirm or refuse a request: they hold its right and reach its thing, not their own.

    Their own is what they asked for themselves.
    """
    act = BY_KEY.get(row.kind)
    if act is None or not may(person, act.may_confirm) or person.pk == row.asked_by_id:
        return False
    return not _beyond(act, [row.thing_id], person)


def _beyond(act: ActKind, things: Iterable[str], person: Person) -> set[int]:
    """Return the ids of those of the things of a kind that are out of a person's reach."""
    ids = [int(thing) for thing in things] if act.beyond else []
    return cast(Callable[[list[int], Person], set[int]], import_string(act.beyond))(ids, person) if ids else set()


def _confirmable(person: Person, now: datetime.datetime | None = None) -> tuple[QuerySet[TwoPersonRequest], Q]:
    """Return the open requests, and the condition of those whose right a person holds and whose thing they reach."""
    kinds = [kind for kind in KINDS if may(person, kind.may_confirm)]
    found = TwoPersonRequest.objects.filter(state=State.OPEN, lapses_at__gt=now or timezone.now())
    things: dict[str, list[str]] = {}
    if any(kind.beyond for kind in kinds):
        for key, thing in found.order_by().values_list("kind", "thing_id"):
            things.setdefault(key, []).append(thing)
    theirs = Q(kind__in=[kind.key for kind in kinds])
    for kind in kinds:
        if beyond := _beyond(kind, things.get(kind.key, ()), person):
            theirs &= ~Q(kind=kind.key, thing_id__in=sorted(map(str, beyond)))
    return found, theirs


def is_confirmed(row: TwoPersonRequest | None, kind: str, thing: models.Model) -> bool:
    """Return whether a request of this kind about this thing was confirmed by a second person, as it is stored."""
    if row is None:
        return False
    found = TwoPersonRequest.objects.filter(
        pk=row.pk, kind=kind, thing_type=thing._meta.model_name, thing_id=str(thing.pk), state=State.CONFIRMED
    )
    return found.exclude(decided_by=F("asked_by")).exists()


def kind_of(row: TwoPersonRequest) -> ActKind | None:
    """Return what kind of act it is; None for one that this version does not know."""
    return BY_KEY.get(row.kind)


def open_to(person: Person, now: datetime.datetime | None = None) -> QuerySet[TwoPersonRequest]:
    """Return the open requests that a person may confirm or has asked for, the oldest first."""
    found, theirs = _confirmable(person, now)
    return found.filter(theirs | Q(asked_by=person.pk)).select_related("asked_by").order_by("asked_at", "pk")


def count_for(person: Person) -> int:
    """Count the open requests that wait for this person's confirmation."""
    if not any(may(person, kind.may_confirm) for kind in KINDS):
        return 0
    found, theirs = _confirmable(person)
    return found.filter(theirs).exclude(asked_by=person.pk).count()


def open_among(kind: str, things: Sequence[models.Model]) -> dict[int, TwoPersonRequest]:
    """Return the open requests about some things of one model, by the id of the thing, in one statement."""
    if not things:
        return {}
    found = TwoPersonRequest.objects.filter(
        kind=kind,
        thing_type=things[0]._meta.model_name,
        thing_id__in=[str(thing.pk) for thing in things],
        state=State.OPEN,
        lapses_at__gt=timezone.now(),
    )
    return {int(row.thing_id): row for row in found.select_related("asked_by")}


def who_may_confirm(rows: Sequence[TwoPersonRequest]) -> dict[int, list[str]]:
    """Return the names of active people who may confirm each request, by its id; empty where nobody else may.

    At most `MOST_NAMES` of each: they hold its right and reach its thing, and did not ask for it.
    """
    found: dict[int, list[str]] = {row.pk: [] for row in rows}
    for kind in {row.kind: BY_KEY[row.kind] for row in rows if row.kind in BY_KEY}.values():
        waiting = [row for row in rows if row.kind == kind.key]
        for person in holders_of(kind.may_confirm):
            open_rows = [row for row in waiting if len(found[row.pk]) < MOST_NAMES and row.asked_by_id != person.pk]
            if not any(len(found[row.pk]) < MOST_NAMES for row in waiting):
                break
            beyond = _beyond(kind, (row.thing_id for row in open_rows), person)
            for row in open_rows:
                if not kind.beyond or int(row.thing_id) not in beyond:
                    found[row.pk] += names_of([person])
    return found


def lapse(now: datetime.datetime) -> int:
    """Close the requests that nobody confirmed in time; returns how many."""
    late = TwoPersonRequest.objects.filter(state=State.OPEN, lapses_at__lte=now)
    closed = 0
    for row in late:
        changed = TwoPersonRequest.objects.filter(pk=row.pk, state=State.OPEN).update(
            state=State.LAPSED, decided_at=now
        )
        if changed:
            record(None, "two_people.lapsed", row, kind=row.kind, **_about(row))
            closed += 1
    return closed


def _opened(request_id: int, person: Person, *, confirms: bool) -> TwoPersonRequest:
    """Lock an open request that this person may decide (`confirms`) or has asked for."""
    row = TwoPersonRequest.objects.select_for_update(of=("self",)).filter(pk=request_id).first()
    if row is None:
        raise CannotBeDone(_("This request no longer exists."))
    is_active = get_user_model()._default_manager.filter(pk=person.pk or 0, is_active=True).exists()
    if not is_active or not (may_confirm(row, person) if confirms else row.asked_by_id == person.pk):
        raise PermissionDenied(row.kind)
    if row.state != State.OPEN:
        raise CannotBeDone(
            _("Nothing was changed. The request is already “%(state)s”.") % {"state": State(row.state).label}
        )
    if row.lapses_at <= timezone.now():
        raise CannotBeDone(_("This request has expired. Send a new one."))
    return row


def _decide(row: TwoPersonRequest, person: Person, state: State, reason: str = "") -> None:
    row.state, row.decided_by_id, row.decided_at = state, person.pk, timezone.now()
    row.decision_reason = reason.strip()[:MAX_WHY]
    # Compare-and-set, since SQLite has no row locks: of two who confirm at once, one decides.
    changed = TwoPersonRequest.objects.filter(pk=row.pk, state=State.OPEN).update(
        state=state, decided_by_id=person.pk, decided_at=row.decided_at, decision_reason=row.decision_reason
    )
    if not changed:
        raise CannotBeDone(_("Another user has already decided this."))


def _about(row: TwoPersonRequest) -> dict[str, Any]:
    return {"about": f"{row.thing_type}:{row.thing_id}", "asked_by": row.asked_by_id}
