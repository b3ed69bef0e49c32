"""Finds events of the audit log: whose a person may see, narrowed by who, what, which thing and when."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Q, QuerySet

from callcenter.access.reach import teams_of
from callcenter.access.roles import Person, may
from callcenter.audit import actions
from callcenter.audit.models import AuditEvent
from callcenter.audit.sealing import LATE
from callcenter.parameters import whole_number
from campaigns.core.paging import ROWS_A_PAGE, Page
from campaigns.models import Call, CallExport, Campaign, Contact, ContactImport, ContactList
from providers.models import Provider

MOST_THINGS = 50
"""Things of one kind whose names fit that are looked for."""
MOST_PEOPLE = 200
"""Users of a team whose events are joined one by one; a larger one is read as one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that events are about."""

    model: type[models.Model]
    names: Sequence[str] = ()
    """Columns in which a name is looked for."""
    page: str = ""
    """Name of the address of its page."""


KINDS: Mapping[str, Kind] = {
    "campaign": Kind(Campaign, ("name",), "campaign"),
    "call": Kind(Call, (), "call"),
    "contact": Kind(Contact, ("name",), "person"),
    "contactlist": Kind(ContactList, ("name",), "list"),
    "contactimport": Kind(ContactImport, ("original_name",), "import"),
    "callexport": Kind(CallExport, ()),
    "provider": Kind(Provider, ("name",), "provider"),
    "user": Kind(User, ("username", "first_name", "last_name"), "admin:auth_user_change"),
}
"""By the model's name, as events hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for; empty values narrow nothing."""

    person: int | None = None
    group: str = ""
    thing: str = ""
    """A number, or a part of a name."""
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    """The moment behind the last one."""


@dataclass(frozen=True, slots=True)
class Found:
    """The events that are asked for, as several queries that each have an index of their own; see `page_of`."""

    events: QuerySet[AuditEvent]
    parts: Sequence[Q]
    """Which of them; all of one part lie together in an index, the newest first."""


def sees_all(person: Person) -> bool:
    """Return whether a person sees everybody's acts and those of the product itself."""
    return may(person, "manage_providers")


def seen_people(person: Person) -> QuerySet[User]:
    """Return the users whose acts a person sees: an admin all, a manager their teams', everybody else their own."""
    users = User.objects.order_by("username")
    if sees_all(person):
        return users
    if may(person, "see_team_acts"):
        teams = teams_of(person).own
        theirs = Q(membership__team__in=teams) if teams else Q(membership__isnull=True, is_superuser=False)
        return users.filter(theirs | Q(pk=person.pk or 0))
    return users.filter(pk=person.pk or 0)


def find_events(asked: Asked, person: Person) -> Found:
    """Return the events that a person may see of those that are asked for."""
    events = _within(AuditEvent.objects.all(), asked.since, asked.until)
    actors: list[int] | None = None
    if not sees_all(person) or asked.person is not None:
        seen = seen_people(person)
        seen = seen if asked.person is None else seen.filter(pk=int(asked.person))
        actors = list(seen.values_list("pk", flat=True))
    codes = actions.codes_of(asked.group) if asked.group else None
    parts = [Q()]
    if asked.thing.strip():
        parts = _of_things(asked.thing.strip())
    elif codes is not None:
        parts, codes = [Q(action=code) for code in codes], None
    elif actors is not None and len(actors) <= MOST_PEOPLE:
        parts, actors = [Q(actor_id=actor) for actor in actors], None
    if codes is not None:
        events = events.filter(action__in=codes)
    if actors is not None:
        events = events.filter(actor_id__in=actors)
    return Found(events, parts)


def _of_things(text: str) -> list[Q]:
    number = whole_number(text.lstrip("#"))
    found = []
    for name, one in KINDS.items():
        ids: list[Any] = [number] if number is not None else []
        if one.names:
            named = Q()
            for column in one.names:
                named |= Q(**{f"{column}__icontains": text})
            ids += one.model._default_manager.filter(named).order_by("-pk").values_list("pk", flat=True)[:MOST_THINGS]
        if ids:
            found.append(Q(object_type=name, object_id__in=[str(pk) for pk in ids]))
    return found


def _within(
    events: QuerySet[AuditEvent], since: datetime.datetime | None, until: datetime.datetime | None
) -> QuerySet[AuditEvent]:
    """Narrow to a time, and to ids near it: the log is read in their order, and would be read from its newest on."""
    if until is not None:
        last = AuditEvent.objects.filter(at__lt=until).order_by("-at").values_list("pk", flat=True).first()
        events = events.filter(at__lt=until, pk__lte=(last or 0) + LATE)
    if since is not None:
        first = AuditEvent.objects.filter(at__gte=since).order_by("at").values_list("pk", flat=True).first()
        if first is None:
            return events.none()
        events = events.filter(at__gte=since, pk__gte=first - LATE)
    return events


def page_of(found: Found, given: Mapping[str, Any], size: int = ROWS_A_PAGE) -> Page[AuditEvent]:
    """Return one page by key, newest first; the newest of each part are read by its index and joined.

    What is rare in a log of a million rows would else be looked for row by row.
    """
    older, newer = whole_number(given.get("older_than")), whole_number(given.get("newer_than"))
    events = found.events
    if newer is not None:
        ids = _ids(events.filter(pk__gt=newer), found.parts, "pk", size + 1)
        rows, has_newer = ids[:size][::-1], len(ids) > size
        return Page(_rows(rows), rows[0] if rows and has_newer else None, rows[-1] if rows else newer + 1)
    if older is not None:
        events = events.filter(pk__lt=older)
    ids = _ids(events, found.parts, "-pk", size + 1)
    rows, has_older = ids[:size], len(ids) > size
    before = (rows[0] if rows else (older or 0) - 1) if older is not None else None
    return Page(_rows(rows), before, rows[-1] if has_older else None)


def _ids(events: QuerySet[AuditEvent], parts: Sequence[Q], order: str, most: int) -> list[int]:
    """Return the ids of the first events in this order, in one statement.

    Each part is read by its index and ends by itself: Django writes no union of such, which SQLite takes only wrapped.
    """
    ids = events.order_by(order).values_list("pk", flat=True)
    statements: list[str] = []
    parameters: list[Any] = []
    for part in parts:
        with suppress(EmptyResultSet):
            statement, given = ids.filter(part)[:most].query.sql_with_params()
            statements.append(f"SELECT * FROM ({statement}) AS part{len(statements)}")  # noqa: S608 # Django wrote it
            parameters += given
    if not statements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), parameters)
        found = {int(row[0]) for row in cursor.fetchall()}
    return sorted(found, reverse=order.startswith("-"))[:most]


def _rows(ids: list[int]) -> list[AuditEvent]:
    found = AuditEvent.objects.select_related("actor").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]
