"""The facts about people and numbers by which `eligibility` judges: read for a few numbers or for a whole audience."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value

from campaigns.core import kept_opt_outs
from campaigns.core.all_numbers import further_numbers
from campaigns.core.call_caps import Cap, ReachedCap, reached
from campaigns.core.conditions import (
    KEEPS_NUMBER,
    PHONE_MAY_HAVE_RUNG,
    TALKED,
    keeps_number,
    number_kept_since,
    phone_may_have_rung,
)
from campaigns.core.eligibility_numbers import asked_numbers, forbidden_statement, is_forbidden
from campaigns.core.installation import Installation, current
from campaigns.core.sql.bulk import among, literals
from campaigns.models import AllowedNumber, Call, Campaign, Contact, HeardOptOut
from campaigns.number_types import is_ordinary
from providers.types import LIVE


class Asked(NamedTuple):
    """How long a waiting single call is wanted, and whether its asker confirmed it."""

    expires_at: datetime.datetime | None = None
    """After this time it is not placed any more; None for calls of campaigns, which have hours and an end."""
    confirmed_at: datetime.datetime | None = None
    """When its asker confirmed that the person be called although they were called a short time ago."""
    is_test: bool = False
    """Whether it rings its asker's own phone, which people may do as often as they like."""
    from_call: int | None = None
    """The call in which the person asked to be called back: that they talked in it makes no callback needless."""

    def is_expired(self, now: datetime.datetime) -> bool:
        """Tell whether the call waited longer than it is wanted."""
        return self.expires_at is not None and self.expires_at <= now


def asked_columns(
    now: datetime.datetime, *, not_before: datetime.datetime | None = None, is_confirmed: bool = False
) -> dict[str, datetime.datetime | None]:
    """Return the columns of a single call that is asked for now: when it expires, and its confirmation.

    `not_before` is a stated time, such as the next opening of the calling hours, from which the wait is counted.
    """
    waits = datetime.timedelta(minutes=current().single_call_minutes)
    return {"expires_at": max(now, not_before or now) + waits, "confirmed_at": now if is_confirmed else None}


class Facts(NamedTuple):
    """The facts about one person and number that may forbid or delay a call."""

    is_forbidden: bool = False
    """The number, or another number of its person, is on the do-not-call list."""
    is_excluded: bool = False
    """The campaign leaves the person out."""
    is_live: bool = False
    """Another call to the number is still live."""
    last_rung: datetime.datetime | bool | None = None
    """When the phone may last have rung, within the quiet period; True if it did but the time was not read."""
    missing: Sequence[str] = ()
    """Names of needed message values that are empty."""
    is_expired: bool = False
    """The single call waited longer than it is wanted."""
    is_called_since: bool = False
    """Others called the person after the single call was asked for."""
    caps: tuple[ReachedCap, ...] = ()
    """Caps that may be reached by earlier calls."""
    lacks_consent: bool = False
    """Consent is required, and none is noted of the person."""
    is_held: bool = False
    """The person may have asked not to be called again, and nobody has decided yet."""
    is_allowed: bool = False
    """A manager allowed the number although numbers of its type are not called."""


NOTHING_KNOWN = Facts()
"""The facts for a number that nothing speaks against."""


@dataclass(slots=True)
class Numbers:
    """The facts about a few numbers, as read by `numbers_now`."""

    forbidden: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    rung: dict[str, list[tuple[int | None, datetime.datetime]]] = field(default_factory=lambda: defaultdict(list))
    """By number: campaign id (None for single calls) and when the phone may last have rung for it."""
    talked: dict[str, list[tuple[int | None, datetime.datetime]]] = field(default_factory=lambda: defaultdict(list))
    """By number: call id and end of each conversation with its person, by whichever of their numbers."""
    counted: dict[str, list[tuple[int | None, datetime.datetime]]] = field(default_factory=lambda: defaultdict(list))
    """By number: campaign id and time of each call that counts for a cap."""
    allowed: set[str] = field(default_factory=set)
    """Numbers of refused types that a manager allowed."""

    def last_rung(self, number: str, campaign_id: int | None = None) -> datetime.datetime | None:
        """Return when the phone may last have rung; calls of the campaign `campaign_id` do not count."""
        others = [at for other, at in self.rung.get(number, ()) if other is None or other != campaign_id]
        return max(others, default=None)

    def talked_at(self, number: str, but_for: int | None = None) -> datetime.datetime | None:
        """Return when the last conversation with the person of a number ended; the call `but_for` does not count."""
        return max((at for call_id, at in self.talked.get(number, ()) if call_id != but_for), default=None)

    def caps(self, number: str, caps: Sequence[Cap], campaign_id: int | None = None) -> tuple[ReachedCap, ...]:
        """Return those of the caps that may be reached by the calls to a number."""
        calls = self.counted.get(number)
        return reached(caps, calls, campaign_id) if calls else ()


def numbers_now(
    numbers: Collection[str],
    now: datetime.datetime,
    quiet_since: datetime.datetime | None,
    talked_since: datetime.datetime | None = None,
    counted_since: datetime.datetime | None = None,
) -> Numbers:
    """Read which numbers are on the do-not-call list, held, in a live call, or may have rung since `quiet_since`.

    With `talked_since`, also when somebody talked to their people, by any number of theirs, after that time; with
    `counted_since`, also each call since then in which they may have rung.

    One statement of plain SQL: at a commit point, building ORM queries would cost more than running them.
    """
    found = Numbers()
    if not numbers:
        return found
    calls = Call._meta.db_table
    nothing = "NULL::bigint, NULL::timestamptz" if connection.vendor == "postgresql" else "NULL, NULL"
    theirs, those = among("to_number", numbers)
    owned, _same = among("phone", numbers)
    forbidden, parameters = forbidden_statement(numbers, now, begin="SELECT 'forbidden',", end=f", {nothing}")
    statement = (
        f"{forbidden} "  # noqa: S608
        f"UNION ALL SELECT 'held', phone, {nothing} FROM {HeardOptOut._meta.db_table} "
        f"WHERE {owned} AND decided_at IS NULL "
        f"UNION ALL SELECT 'live', to_number, {nothing} FROM {calls} WHERE status IN ({literals(LIVE)}) AND {theirs} "
        f"UNION ALL SELECT 'live', to_number, {nothing} FROM {calls} WHERE {KEEPS_NUMBER} AND {theirs}"
    )
    at, kept_since = map(connection.ops.adapt_datetimefield_value, (now, number_kept_since(now)))
    parameters += [*those, *those, kept_since, at, *those]
    if quiet_since is not None:
        statement += (
            f" UNION ALL SELECT 'rung', to_number, campaign_id, MAX(placing_at) FROM {calls} "  # noqa: S608
            f"WHERE {theirs} AND placing_at > %s AND {PHONE_MAY_HAVE_RUNG} GROUP BY to_number, campaign_id"
        )
        parameters += [*those, connection.ops.adapt_datetimefield_value(quiet_since)]
    others: dict[str, str] = {}
    if talked_since is not None:
        # The end of a conversation counts: it may have begun before.
        ended, others = "COALESCE(ended_at, placing_at)", further_numbers(numbers)
        reached_by, all_of_them = among("to_number", [*numbers, *others])
        statement += (
            f" UNION ALL SELECT 'talked', to_number, id, {ended} FROM {calls} "  # noqa: S608
            f"WHERE {reached_by} AND {ended} > %s AND {TALKED}"
        )
        parameters += [*all_of_them, connection.ops.adapt_datetimefield_value(talked_since)]
    if counted_since is not None:
        statement += (
            f" UNION ALL SELECT 'counted', to_number, campaign_id, placing_at FROM {calls} "  # noqa: S608
            f"WHERE {theirs} AND placing_at > %s AND {PHONE_MAY_HAVE_RUNG}"
        )
        parameters += [*those, connection.ops.adapt_datetimefield_value(counted_since)]
    # Few numbers are not ordinary: for all others there is nothing to be asked.
    if special := [number for number in numbers if not is_ordinary(number)]:
        allowed, those = among("phone", special)
        statement += (
            f" UNION ALL SELECT 'allowed', phone, {nothing} FROM {AllowedNumber._meta.db_table} WHERE {allowed}"  # noqa: S608
        )
        parameters += those
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    found.forbidden = asked_numbers((row[1] for row in rows if row[0] == "forbidden"), numbers)
    for what, number, campaign_id, at in rows:  # of a conversation, the id is that of its call
        if what == "forbidden":
            continue
        if what == "held":
            found.held.add(number)
        elif what == "live":
            found.live.add(number)
        elif what == "allowed":
            found.allowed.add(number)
        elif what == "talked":
            found.talked[others.get(number, number)].append((campaign_id, _moment(at)))
        elif what == "counted":
            found.counted[number].append((campaign_id, _moment(at)))
        else:
            found.rung[number].append((campaign_id, _moment(at)))
    return found


def instant_of(stored: Any) -> datetime.datetime | None:
    """Return a time that plain SQL returned; SQLite returns text without a zone."""
    return None if stored is None else _moment(stored)


def _moment(at: Any) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def quiet_hours_of(campaign: Campaign | None, installation: Installation | None = None) -> int:
    """Return the hours of a campaign's quiet period, or of that of single calls (None)."""
    return campaign.quiet_hours if campaign else (installation or current()).quiet_period_hours


def quiet_since(
    now: datetime.datetime, campaigns: Iterable[Campaign | None], installation: Installation | None = None
) -> datetime.datetime | None:
    """Return the beginning of the longest quiet period of these campaigns, which ends now; None if none has one.

    None among them stands for single calls.
    """
    longest = max((quiet_hours_of(campaign, installation) for campaign in campaigns), default=0)
    return now - datetime.timedelta(hours=longest) if longest else None


def confirmed_since(asked: Iterable[Asked]) -> datetime.datetime | None:
    """Return the oldest confirmation; None if there is none."""
    return min((one.confirmed_at for one in asked if one.confirmed_at), default=None)


# Facts of a whole audience


def with_facts(
    people: QuerySet[Contact],
    campaign: Campaign,
    now: datetime.datetime,
    *,
    caps: Iterable[Cap],
    looks_back: bool = True,
    tells_when: bool = False,
) -> QuerySet[Contact]:
    """Annotate people with `forbidden` (on the do-not-call list) and `last_rung`, as `Facts` takes them.

    The campaign's own calls do not count. `looks_back=False` leaves `last_rung` out; `tells_when=True` reads the time
    itself instead of a boolean, which takes a quarter longer. `caps` are those of persons.
    """
    since = now - datetime.timedelta(hours=campaign.quiet_hours)
    theirs = Call.objects.filter(phone_may_have_rung(), to_number=OuterRef("phone"), placing_at__gt=since)
    theirs = theirs.exclude(campaign=campaign)
    last_rung: Exists | Subquery | Value = Value(False)
    if campaign.quiet_hours and looks_back:
        last = theirs.order_by("-placing_at").values("placing_at")[:1]
        last_rung = Subquery(last) if tells_when else Exists(theirs)
    annotated = people.annotate(forbidden=is_forbidden(now), last_rung=last_rung)
    return annotated.annotate(**_counted_calls(now, caps)) if looks_back else annotated


def _counted_calls(now: datetime.datetime, caps: Iterable[Cap]) -> dict[str, Subquery]:
    """Return an annotation for each cap of persons: when the call was that fills it up, if there is one."""
    found = {}
    for cap in caps:
        since = now - datetime.timedelta(days=cap.days, hours=1)
        calls = Call.objects.filter(phone_may_have_rung(), to_number=OuterRef("phone"), placing_at__gt=since)
        found[f"cap_{cap.days}"] = Subquery(calls.order_by("-placing_at").values("placing_at")[cap.most - 1 : cap.most])
    return found


def capped_columns(caps: Iterable[Cap]) -> dict[str, Cap]:
    """Return the annotations that `with_facts` adds where it looks back, by name, with the cap of each."""
    return {f"cap_{cap.days}": cap for cap in caps}


def allowed_numbers() -> set[str]:
    """Return all numbers that managers allowed although numbers of their types are not called; there are few."""
    return set(AllowedNumber.objects.order_by().values_list("phone", flat=True))


class SetApart(NamedTuple):
    """The numbers that something stands against whoever's they are: few at any time."""

    live: Container[str]
    held: Container[str]
    kept: Container[str]
    """Those of erased people who are not to be called."""


def numbers_set_apart(now: datetime.datetime, *, looks_back: bool = True) -> SetApart:
    """Return the numbers of all live calls, those that are held, and those of kept opt-outs, in one statement.

    Live are at most as many as there are lines, the unknown, and those without news; without `looks_back`, none.
    """
    asked: list[QuerySet[Any]] = [
        _as_kind("held", HeardOptOut.objects.undecided(), "phone"),
        _as_kind("kept", kept_opt_outs.in_force(now), "digest"),
    ]
    if looks_back:
        asked.append(_as_kind("live", Call.objects.live(), "to_number"))
        asked.append(_as_kind("live", Call.objects.filter(keeps_number(now)), "to_number"))
    found: dict[str, set[str]] = {"live": set(), "held": set(), "kept": set()}
    for number, kind in asked[0].union(*asked[1:]):
        found[kind].add(number)
    return SetApart(found["live"], found["held"], kept_opt_outs.KeptNumbers(found["kept"]))


def _as_kind(kind: str, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.order_by().annotate(set_apart=Value(kind, CharField()))
    return found.values_list(column, "set_apart")
