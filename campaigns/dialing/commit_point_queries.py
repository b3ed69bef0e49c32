"""Queries of the commit point, as plain SQL: building them with the ORM would cost more than running them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models

from campaigns.core.eligibility_facts import Asked, instant_of
from campaigns.core.message_parts import PARTS, is_refused
from campaigns.core.sql.bulk import among, lease_text
from campaigns.models import Call, Callback, Campaign, Contact, DayCap
from campaigns.models.contacts import is_consent_noted
from providers.models import Agent, CallerId, Dialer, Voice

_CALL = Call._meta.db_table
_CONTACT = Contact._meta.db_table
_CAMPAIGN = Campaign._meta.db_table
_CAP = DayCap._meta.db_table
_CALLBACK = Callback._meta.db_table


class Way(NamedTuple):
    """With what a call of a campaign is sent through one provider."""

    parts: Mapping[str, int | None]
    """By column of the call: agent, voice, caller ID and dialler."""
    second_id: int | None = None
    """The consent by which it goes this way; None where the provider is the campaign's own."""
    text: str = ""
    """What the second provider says, where it speaks a text."""
    code: str = "first_provider"
    """The event that a call gets which goes another way than its row says."""
    detail: str = ""


@dataclass(slots=True)
class DueCall:
    """A reserved call as plain values, with its person's current data."""

    pk: int
    campaign_id: int | None
    reference: UUID
    to_number: str
    text: str
    digits: str
    variables: dict[str, Any]
    vendor_options: dict[str, Any]
    agent: str
    voice: str
    caller_id: str
    dialer: str
    name: str | None
    """The person's name; None for a number without a contact."""
    time_zone: str
    known: dict[str, Any]
    """The contact's own columns, for the message's variables."""
    asked: Asked = Asked()  # noqa: RUF009 - immutable
    """Until when a single call is wanted, and its confirmation."""
    is_message_gone: bool = False
    """Whether its agent, voice, caller ID or dialler is gone or not active, as last synced."""
    team_id: int = 0
    """0 for none."""
    owner_id: int = 0
    longest: int | None = None
    """Seconds after which the vendor ends the agent's calls; None where it does not tell."""
    spelled: tuple[str, ...] = ()
    """Names of variables as the agent's prompt spells them."""
    has_caps: bool = False
    """Whether any team or person has a cap of the day: else a commit point need not look for one."""

    has_consent: bool = False
    """Whether it is noted that its person agreed to be called."""
    is_elsewhere: bool = False
    """Whether it may not go through this provider now."""
    way: Way | None = None
    """How it goes through this provider, where that is not what its row says."""
    variant: str = ""
    """Key of the variant whose message its person hears; empty: the campaign's own."""


Ways = Callable[[Collection[int]], Mapping[int, Way]]


def due_calls(ids: Collection[int], token: UUID, now: datetime.datetime, provider_id: int, ways: Ways) -> list[DueCall]:
    """Return the calls that are still pending under the lease `token`, the longest due first.

    `ways` is asked how calls of campaigns go through this provider that is not their own, or not the one of their row.
    """
    those, parameters = among("c.id", ids, "bigint")
    ours = "c.status = 'pending' AND c.lease = %s AND c.lease_until > %s"
    rows = _rows(
        "SELECT c.id, c.campaign_id, c.reference, c.to_number, c.text, c.digits, c.variables, c.vendor_options, "  # noqa: S608
        "c.agent_id, c.voice_id, c.caller_id_id, c.dialer_id, p.name, p.time_zone, p.variables, "
        "c.expires_at, c.confirmed_at, c.test_of_id, COALESCE(c.team_id, 0), COALESCE(c.owner_id, 0), "
        f"EXISTS (SELECT 1 FROM {_CAP}), p.consent_source, p.consent_at, "
        # Only what was confirmed can be a callback: of all other calls no row is looked for.
        f"CASE WHEN c.confirmed_at IS NULL THEN NULL "
        f"ELSE (SELECT b.from_call_id FROM {_CALLBACK} AS b WHERE b.call_id = c.id) END, "
        "c.provider_id, k.provider_id, c.variant "
        f"FROM {_CALL} AS c LEFT JOIN {_CONTACT} AS p ON p.id = c.contact_id "
        f"LEFT JOIN {_CAMPAIGN} AS k ON k.id = c.campaign_id "
        f"WHERE {those} AND {ours} ORDER BY c.due_at, c.id",
        [*parameters, lease_text(token), _moment(now)],
    )
    others = {row[0]: row[1] for row in rows if row[1] and not row[24] == row[25] == provider_id}
    by_campaign = ways(set(others.values())) if others else {}
    found = {pk: by_campaign[campaign] for pk, campaign in others.items() if campaign in by_campaign}
    rows = [_on_its_way(row, found.get(row[0])) for row in rows]
    agents = _names(Agent, "remote_id", {row[8] for row in rows})
    voices = _names(Voice, "remote_id", {row[9] for row in rows})
    callers = _names(CallerId, "number", {row[10] for row in rows})
    dialers = _names(Dialer, "remote_id", {row[11] for row in rows})
    parts = (agents, voices, callers, dialers)
    return [
        DueCall(
            row[0], row[1], row[2] if isinstance(row[2], UUID) else UUID(hex=row[2]), row[3], row[4], row[5],
            _object(row[6]), _object(row[7]), agents[row[8]].name, voices[row[9]].name, callers[row[10]].name,
            dialers[row[11]].name, row[12], row[13] or "", _object(row[14]),
            Asked(instant_of(row[15]), instant_of(row[16]), row[17] is not None, row[23]),
            any(part[pk].is_gone for part, pk in zip(parts, row[8:12], strict=True)),
            row[18], row[19], agents[row[8]].longest, agents[row[8]].variables, bool(row[20]),
            is_consent_noted(row[21], row[22]),
            row[0] not in found if row[0] in others else row[24] != provider_id, found.get(row[0]), row[26],
        )
        for row in rows
    ]  # fmt: skip


def _on_its_way(row: Sequence[Any], way: Way | None) -> Sequence[Any]:
    """Return the row of a call with the agent, voice, caller ID and dialler of the way that it goes."""
    return row if way is None else (*row[:8], *(way.parts[f"{name}_id"] for name in PARTS), *row[12:])


class _Part(NamedTuple):
    """What is at the vendor: its id or number there, whether it is gone; an agent's longest call and variables."""

    name: str
    is_gone: bool
    longest: int | None = None
    variables: tuple[str, ...] = ()


def _names(model: type[models.Model], column: str, ids: set[int | None]) -> dict[int | None, _Part]:
    """Return the value of `column` (the vendor's id or number) of each row, by id; None maps to an empty text."""
    found: dict[int | None, _Part] = {None: _Part("", False)}
    if wanted := ids - {None}:
        those, parameters = among("id", wanted, "bigint")
        more = "warnings, longest_seconds, variables" if model is Agent else "'[]', NULL, '[]'"
        statement = f"SELECT id, {column}, is_present, {more} FROM {model._meta.db_table} WHERE {those}"  # noqa: S608
        for pk, name, is_present, warned, longest, stored in _rows(statement, parameters):
            variables = json.loads(stored) if isinstance(stored, str) else stored or []
            found[pk] = _Part(name, is_refused(is_present, warned), longest, tuple(map(str, variables)))
    return found


def _rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _object(stored: Any) -> dict[str, Any]:
    """Return a stored JSON object; plain SQL yields it as text on both engines."""
    found = json.loads(stored) if isinstance(stored, str) and stored != "{}" else stored
    return found if isinstance(found, dict) else {}


def _moment(at: datetime.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
