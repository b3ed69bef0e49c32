"""Hand-overs: calls that a campaign's policy gave to a person, who acts by a time, passes them on, or drops them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.colleagues import known_to
from callcenter.access.holders import holders_of, in_teams
from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns.core import results
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.happenings import happened
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change, seen_by
from campaigns.models import Call, HandOver
from campaigns.outcomes import Plan

State = HandOver.State


def people_to_give_to(
    team: int | None = None, giver: Person | None = None, chosen: Collection[int] = ()
) -> QuerySet[User]:
    """Return the users to whom a call may be given: active ones who call people, by name; those of its team, if any.

    What is of no team goes to those whom the `giver` is told of; without one, to everybody who calls people. Who is
    `chosen` already stays among them.
    """
    users = holders_of("place_call", by_role=True)
    if team is not None:
        users = users.filter(in_teams([team]) | Q(pk__in=chosen))
    elif giver is not None:
        users = known_to(giver, users, but=chosen)
    return users.order_by("first_name", "last_name", "username")


def refusal_of(wanted: Collection[int], team: int | None, giver: Person) -> str:
    """Return why calls of a team (None: of none) cannot be given to all of these users; empty where they can."""
    if not wanted or people_to_give_to(team, giver).filter(pk__in=wanted).count() == len(set(wanted)):
        return ""
    return _("A user who takes calls is not in the campaign’s team. Choose a user of that team.")


# By the campaign's policy, in the transaction that writes the news


def give(call: Call, plan: Plan, outcome: str, now: datetime.datetime, *, disposition: str = "") -> bool:
    """Give a call to the person of the plan; returns False if it was given before and still is.

    `outcome` is an `Outcome` or another key of results; `disposition` is the name of the disposition that gives it.
    Where the account is gone or switched off, it goes to the owner of the call, else to nobody: managers see it then.
    """
    wanted = [pk for pk in (plan.person_id, call.owner_id) if pk is not None]
    there = set(people_to_give_to().filter(pk__in=wanted).values_list("pk", flat=True))
    person = next((pk for pk in wanted if pk in there), None)
    columns = {"person_id": person, "outcome": str(outcome), "due_at": plan.due_at or now, "given_at": now}
    columns["disposition"] = disposition
    found, is_new = HandOver.objects.get_or_create(call_id=call.pk, defaults=columns)
    if not is_new:
        # What later news had dropped is opened again; what is open, or what a person ended, stays as it is.
        dropped = HandOver.objects.filter(pk=found.pk, state=State.DROPPED, closed_by=None)
        if not dropped.update(**columns, state=State.OPEN, closed_at=None, given_by=None):
            return False
    code = "given_by_disposition" if disposition else "given_to_person"
    write_steps([step(call.pk, code, at=now, detail=disposition)])
    happened("hand_over.given", found.pk)
    return True


def drop(call: Call, now: datetime.datetime, *, by_policy: bool = True) -> bool:
    """Drop the open hand-over of a call that is not needed any more; returns whether there was one.

    The policy drops what it gave itself, and a disposition (`by_policy` False) what a disposition gave.
    """
    given = HandOver.objects.filter(call_id=call.pk, state=State.OPEN)
    given = given.filter(disposition="") if by_policy else given.exclude(disposition="")
    if not given.update(state=State.DROPPED, closed_at=now):
        return False
    write_steps([step(call.pk, "hand_over_dropped", at=now)])
    return True


# What people see


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """One open hand-over as a row of a page."""

    hand_over: HandOver
    outcome: str
    """Why it was given: how the call ended, or its disposition."""
    is_overdue: bool
    may_act: bool


def rows_of(found: Iterable[HandOver], person: Person) -> list[HandOverRow]:
    """Return hand-overs as rows for this person."""
    now = timezone.now()
    return [
        HandOverRow(
            one, one.disposition or str(results.BY_KEY[one.outcome].word), one.due_at <= now, may_act(one, person)
        )
        for one in found
    ]


def left_to(person: Person) -> QuerySet[HandOver]:
    """Return the open hand-overs that a person is shown: their own; who settles calls, also overdue ones and nobody's.

    Of the calls that they may see.
    """
    seen = Q(person=person.pk)
    if may_act_for_others(person):
        nobodys = Q(person=None) | Q(person__is_active=False) | Q(due_at__lt=timezone.now())
        within = seen_by(person, HandOver.objects.filter(nobodys, state=State.OPEN))
        seen |= Q(pk__in=within.order_by().values("pk"))
    return _whole(HandOver.objects.filter(seen, state=State.OPEN))


def about_calls(calls: QuerySet[Call], person: Person) -> QuerySet[HandOver]:
    """Return the open hand-overs of these calls that a person may see."""
    open_ones = HandOver.objects.filter(state=State.OPEN, call__in=calls.order_by().values("pk"))
    return _whole(seen_by(person, open_ones))


def _whole(found: QuerySet[HandOver]) -> QuerySet[HandOver]:
    return found.select_related("person", "call__contact", "call__campaign").order_by("due_at", "pk")


def may_act(hand_over: HandOver, person: Person) -> bool:
    """Return whether a person may end a hand-over or pass it on: their own, or one within reach with the right."""
    own = hand_over.person_id is not None and hand_over.person_id == person.pk
    return own or (may_act_for_others(person) and may_change(person, hand_over.call))


def may_act_for_others(person: Person) -> bool:
    """Return whether a person may act on hand-overs of others: who settles calls, and who may change everything."""
    return may(person, "settle_calls") or may(person, "control_all_campaigns")


# What people do


def close(hand_over_id: int, person: Person, *, is_done: bool) -> bool:
    """End a hand-over: done, or dropped; returns False if it had ended already. Raises PermissionDenied."""
    with transaction.atomic():
        found = _lock(hand_over_id, person)
        if found.state != State.OPEN:
            return False
        now = timezone.now()
        found.state = State.DONE if is_done else State.DROPPED
        found.closed_at, found.closed_by_id = now, person.pk
        found.save(update_fields=["state", "closed_at", "closed_by"])
        code = "hand_over_done" if is_done else "hand_over_dropped"
        write_steps([step(found.call_id, code, at=now, source=Source.PERSON, actor_id=person.pk)])
        record(person, f"call.{code}", found.call)
    return True


def pass_on(hand_over_id: int, person: Person, to_id: int, shown: Shown | None = None) -> HandOver:
    """Give a hand-over to another person, due as before.

    Raises PermissionDenied, Refusal with the reason, and BothChanged if it was given to another since it was shown.
    """
    with transaction.atomic():
        found = _lock(hand_over_id, person)
        if found.state != State.OPEN:
            raise Refusal(_("Another user has already closed this. Nothing was changed."))
        receiver = people_to_give_to(found.call.team_id, person).filter(pk=to_id).first()
        if receiver is None:
            raise Refusal(_("This user cannot take it. Choose a user who can make calls."))
        if not changes_of(found, {"person": receiver}, shown):
            return found
        found.person_id, found.given_by_id, found.given_at = receiver.pk, person.pk, timezone.now()
        found.save(update_fields=["person", "given_by", "given_at"])
        name = receiver.get_full_name() or receiver.get_username()
        moved = step(
            found.call_id, "hand_over_moved", at=found.given_at, source=Source.PERSON, actor_id=person.pk, detail=name
        )
        write_steps([moved])
        record(person, "call.hand_over_moved", found.call, to=receiver.pk)
        happened("hand_over.given", found.pk)
    return found


def _lock(hand_over_id: int, person: Person) -> HandOver:
    found = HandOver.objects.select_for_update(of=("self",)).select_related("call").get(pk=hand_over_id)
    if not may_act(found, person):
        raise PermissionDenied("hand_over")
    return found
