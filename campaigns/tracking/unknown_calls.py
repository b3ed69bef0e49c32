"""Settles unknown calls, whose order may or may not have been accepted, by searching the vendor's own list.

They are never dialled again and never closed by a timer. A search has three steps, so that the network part can run in
a thread without a database: `plan_look`, `look`, `conclude`.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from campaigns import matching, rules
from campaigns.core import transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.clock import seconds, span
from campaigns.core.transitions import Why
from campaigns.directions import OurLines, divided
from campaigns.matching import Findings, Sought
from campaigns.models import Call
from campaigns.models.calls import CallQuerySet
from campaigns.tracking import call_updates
from campaigns.tracking.our_lines import our_lines
from providers.base import ProviderBackend
from providers.exceptions import NoReadLeft, RateLimited, UnexpectedResponse
from providers.lists import IncompleteList
from providers.models import Provider
from providers.types import CallHandle, CallQuery, CallSnapshot, CallStatus

CALLS_A_LOOK = 2_000
"""Most unknown calls that one search looks for."""
WINDOW = 60 * 60
"""Seconds between the newest and the oldest call of one search: one that is a day old does not make the list of all
others a day long. Searched for newest first: their people wait, and their lines are held."""
OLD = 10 * 60
"""Seconds after which so many calls may have followed an unknown one that it is searched for by its number first."""
MOST_NUMBERS = 20
"""Most numbers that one search asks for."""
MOST_CONTROLS = 2000
"""Most known calls that one search expects to find, as a proof that the list works."""
MOST_DETAILS = 50
"""Most listed calls that one search reads one by one."""
EARLY = datetime.timedelta(minutes=2)
"""How much earlier than our clock a vendor may say that a call began."""
NO_REFERENCE = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """One search of a provider's list: the unknown calls wanted, known calls as a control, and the query to send."""

    provider_id: int
    unknown: Sequence[Sought]
    known: Sequence[Sought]
    query: CallQuery
    may_be_absent: bool = True
    """Whether any of them is old enough for its absence to count, so that the whole list is needed."""
    lines: OurLines = OurLines()  # noqa: RUF009 - immutable
    """By what a call that came in is told from ours: who calls back at once is not the call that we look for."""
    are_old: bool = False
    """Whether even the newest of them is so old that many others may have followed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a search read. If it is not whole, a call that is not in it may be there all the same."""

    rows: Sequence[CallSnapshot]
    is_whole: bool = True


def plan_look(provider: Provider, now: datetime.datetime) -> LookPlan | None:
    """Return what to search for now, or None if nothing is due or the vendor has no list."""
    due = list(
        Call.objects.unknown()
        .filter(provider=provider, next_poll_at__lte=now)
        .select_related("agent")
        .order_by("-placing_at")[:CALLS_A_LOOK]
    )
    if not due:
        return None
    backend = provider.backend_class
    if not backend.supports_list_calls:
        _look_again(due, now, code="looked_no_list")
        return None
    newest = due[0].placing_at or now
    due = [call for call in due if (call.placing_at or now) >= newest - span(WINDOW)]
    unknown = [sought_of(call) for call in due]
    agents = {call.agent_id for call in due}
    since = min(call.placing_at for call in unknown) - EARLY
    until = max(call.latest_at for call in unknown)
    known_calls = known_calls_of(provider, agents).select_related("agent")
    known = [
        sought_of(call) for call in known_calls.filter(placing_at__gte=since, placing_at__lte=until)[:MOST_CONTROLS]
    ]
    if not known and (nearest := known_calls.filter(placing_at__lt=since).order_by("-placing_at").first()):
        # With few calls, extend the window back to our nearest known call: finding it proves that the list works.
        days = backend.max_list_days
        if not days or nearest.placing_at > now - datetime.timedelta(days=days):  # type: ignore[operator]
            known = [sought_of(nearest)]
            since = known[0].placing_at - EARLY
    if not known and (later := known_calls.filter(placing_at__gt=until).order_by("placing_at").first()):
        # None before them: the first one after them proves it as well, since the list has to show both.
        known = [sought_of(later)]
        until = known[0].placing_at + EARLY
    query = CallQuery(
        # Begin before the oldest wanted call: vendors truncate seconds, and their clocks differ from ours.
        since=since - EARLY,
        until=min(now, until) + datetime.timedelta(minutes=1),
        agent_ids=sorted({call.agent_id for call in [*unknown, *known] if call.agent_id}),
        direction="outbound",
    )
    return LookPlan(
        provider_id=provider.pk, unknown=unknown, known=known, query=query, lines=our_lines(provider),
        may_be_absent=any(now >= (call.deadline_at or now) + span(rules.SETTLE) for call in due),
        are_old=now - newest > span(OLD),
    )  # fmt: skip


def known_calls_of(provider: Provider, agents: Collection[int | None]) -> CallQuerySet:
    """Return the calls that a search for unknown calls of these agents can take for a control: the vendor has them."""
    known = Call.objects.filter(provider=provider, placing_at__isnull=False).exclude(remote_id="")
    return known.filter(agent__in=agents) if provider.backend_class.lists_by_agent else known


def lacks_control(provider: Provider) -> bool:
    """Tell whether nothing can ever be concluded of a provider's unknown calls: it has had no known call yet.

    An empty list may be a broken question as well as the truth. If the unknown calls hold all lines, there would never
    be a known one, so the commit point lets one order pass.
    """
    if not provider.backend_class.supports_list_calls:
        return False
    unknown = Call.objects.unknown().filter(provider=provider)
    agents = set(unknown.order_by().values_list("agent", flat=True).distinct())
    return not known_calls_of(provider, agents).exists()


def sought_of(call: Call) -> Sought:
    """Return a call's row as the pure `Sought` value that matching works on."""
    placing_at = call.placing_at or call.created_at
    return Sought(
        call_id=call.pk,
        reference=call.reference,
        to_number=call.to_number,
        agent_id=call.agent.remote_id if call.agent else "",
        placing_at=placing_at,
        latest_at=(call.deadline_at or placing_at) + span(rules.SETTLE),
        remote_id=call.remote_id,
    )


def look(backend: ProviderBackend, plan: LookPlan) -> Listing:
    """Read the vendor's list, then one by one the rows that may be ours but carry no reference of ours.

    Uses no database. Raises ProviderError where nothing was read. What was read counts; only for the absence of a call
    the whole list is needed.
    """
    rows: Sequence[CallSnapshot] = ()
    if backend.lists_by_number and plan.are_old:
        # Many calls came after them: the whole list is long, and it is read only where it could prove something.
        rows = _listed_by_number(backend, plan, plan.unknown)
        if not plan.may_be_absent or not matching.look(plan.unknown, [], rows).absent:
            return Listing(rows, is_whole=False)
    try:
        listed, is_whole = _listed(backend, plan.query, plan.lines)
    except UnexpectedResponse:
        if not backend.lists_by_number:
            raise
        # The list is broken, or so long that none of their rows was reached: the rows of their numbers count.
        return Listing(rows or _listed_by_number(backend, plan, plan.unknown), is_whole=False)
    if backend.lists_by_number and not is_whole:
        absent = set(matching.look(plan.unknown, plan.known, listed).absent)
        with suppress(UnexpectedResponse, NoReadLeft, RateLimited):
            found = _listed_by_number(backend, plan, [one for one in plan.unknown if one.call_id in absent])
            listed = [*listed, *found]
    if not backend.reads_more_alone:
        return Listing(listed, is_whole)
    rest, _missing = matching.explained(plan.known, listed)
    unsaid = matching.unsaid(plan.unknown, rest)[:MOST_DETAILS]
    details: dict[str, CallSnapshot] = {}
    for row in unsaid:
        handle = CallHandle(
            reference=NO_REFERENCE, remote_id=row.remote_id, to_number=row.to_number, agent_id=row.agent_id,
            placed_at=row.created_at,
        )  # fmt: skip
        try:
            for snapshot in backend.fetch_calls([handle]):
                details[row.remote_id] = snapshot
        except UnexpectedResponse:
            # Its row stands as the list has it; what it may say more is not known, so nothing is absent.
            is_whole = False
        except (NoReadLeft, RateLimited):
            is_whole = False
            break
    return Listing([_filled(row, details.get(row.remote_id)) for row in listed], is_whole)


def _listed(backend: ProviderBackend, query: CallQuery, lines: OurLines) -> tuple[Sequence[CallSnapshot], bool]:
    try:
        return divided(backend.list_calls(query), lines).outbound, True
    except IncompleteList as part:
        return divided(part.listed, lines).outbound, False


def _listed_by_number(backend: ProviderBackend, plan: LookPlan, wanted: Sequence[Sought]) -> Sequence[CallSnapshot]:
    numbers = sorted({call.to_number for call in wanted})[:MOST_NUMBERS]
    return _listed(backend, replace(plan.query, numbers=numbers), plan.lines)[0] if numbers else []


def _filled(row: CallSnapshot, detail: CallSnapshot | None) -> CallSnapshot:
    if detail is None:
        return row
    return replace(
        detail,
        remote_id=row.remote_id,
        to_number=detail.to_number or row.to_number,
        agent_id=detail.agent_id or row.agent_id,
        created_at=detail.created_at or row.created_at,
        matched_by="id",
    )


def conclude(
    plan: LookPlan, listed: Sequence[CallSnapshot], now: datetime.datetime, *, is_whole: bool = True
) -> Findings:
    """Write the result of a search: bind found calls, count proofs of absence, leave the rest unknown."""
    findings = matching.look(plan.unknown, plan.known, listed, fresh_after=now - span(rules.SETTLE))
    for found in findings.found:
        code = "bound" if found.by == "id" else "bound_by_number"
        if call_updates.bind(
            found.call_id, found.snapshot.remote_id, code=code, source="list", now=now, matched_by=found.by
        ):
            call_updates.merge_news({found.call_id: found.snapshot}, source="list", now=now)
    waiting = {call.pk: call for call in Call.objects.unknown().filter(pk__in=[call.call_id for call in plan.unknown])}
    ambiguous = [waiting[pk] for pk in findings.ambiguous if pk in waiting]
    if ambiguous:
        _look_again(ambiguous, now, code="several_candidates", needs_person=True)
    newest = max((row.created_at for row in listed if row.created_at), default=None)
    for sought in plan.unknown:
        if sought.call_id not in findings.absent or sought.call_id not in waiting:
            continue
        if not is_whole:
            _look_again([waiting[sought.call_id]], now)
        elif findings.proves_absence(sought):
            _weigh_absence(waiting[sought.call_id], newest, now)
        else:
            _look_again([waiting[sought.call_id]], now, code="looked_not_trusted")
    return findings


def _weigh_absence(call: Call, newest: datetime.datetime | None, now: datetime.datetime) -> None:
    deadline = call.deadline_at or now
    has_passed = (newest is not None and newest > deadline + span(rules.SETTLE)) or now > deadline + span(
        rules.LONG_SETTLE
    )
    if not has_passed:
        _look_again([call], now)
    elif call.absent_looks == 0 or call.absent_at is None:
        Call.objects.filter(pk=call.pk, status=CallStatus.UNKNOWN).update(
            absent_looks=1, absent_at=now, polls=call.polls + 1, next_poll_at=now + span(rules.LOOKS_APART)
        )
    elif now - call.absent_at >= span(rules.LOOKS_APART):
        hold_as_not_placed(call, now, code="absent", source="list")
    else:
        Call.objects.filter(pk=call.pk, status=CallStatus.UNKNOWN).update(
            next_poll_at=call.absent_at + span(rules.LOOKS_APART)
        )


def hold_as_not_placed(
    call: Call, now: datetime.datetime, *, code: str, source: str, actor_id: int | None = None, detail: str = ""
) -> bool:
    """Close an unknown call as never placed and hold it: its number is dialled again only if a person decides so.

    Returns whether the call was still unknown.
    """
    why = Why(code, source, detail, actor_id)
    return bool(transitions.change(transitions.HOLD, Call.objects.filter(pk=call.pk), now, why))


def _look_again(calls: Sequence[Call], now: datetime.datetime, *, code: str = "", needs_person: bool = False) -> None:
    steps = []
    for call in calls:
        age = now - (call.deadline_at or now)
        for_person = needs_person or age >= span(rules.PERSON_AFTER)
        Call.objects.filter(pk=call.pk, status=CallStatus.UNKNOWN).update(
            polls=call.polls + 1,
            absent_looks=0,
            absent_at=None,
            next_poll_at=now + span(rules.next_look_delay(age.total_seconds() / seconds(1))),
            needs_person_at=call.needs_person_at or (now if for_person else None),
        )
        if code and call.polls == 0:
            steps.append(step(call.pk, code, at=now, source="list"))
        if for_person and call.needs_person_at is None:
            steps.append(step(call.pk, "several_candidates" if needs_person else "needs_person", at=now))
    write_steps(steps)
