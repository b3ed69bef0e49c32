"""What follows on a disposition: written with it as a row, carried out once after the commit.

`decide` runs in the transaction that sets the disposition. `carry_out` does one thing in a transaction of its own; the
minute job finishes what a crash left. A person who must never be called is held from the first transaction on.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max

from campaigns import queue
from campaigns.calls import hand_overs
from campaigns.contacts import heard_opt_outs
from campaigns.core import transitions
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.dispositions import acts
from campaigns.models import Call, Callback, Consequence, Disposition
from campaigns.models.dispositions import MAX_WHY
from campaigns.reasons import SkipReason
from providers.types import FINAL, CallStatus

Follows, State = Disposition.Follows, Consequence.State
AT_ONCE = 200
"""Consequences that one run of the minute job carries out."""


def decide(call: Call, disposition: Disposition, person_id: int | None, now: datetime.datetime) -> None:
    """Write what follows on a call's disposition, and call off what followed on another one before.

    `person_id` is who chose it, None for a rule. What happened once is not written again.
    """
    call_off(call, disposition, now)
    hold(call, disposition, now)
    if disposition.follows == Follows.NOTHING:
        return
    row, is_new = Consequence.objects.get_or_create(
        call=call, follows=disposition.follows,
        defaults={"disposition": disposition, "asked_by_id": person_id, "at": now},
    )  # fmt: skip
    if not is_new and (row.state == State.CALLED_OFF or (row.state == State.REFUSED and person_id is not None)):
        row.disposition, row.asked_by_id, row.state, row.why, row.at = disposition, person_id, State.WAITING, "", now
        row.save(update_fields=["disposition", "asked_by", "state", "why", "at"])
    if row.state == State.WAITING:
        queue.nudge_consequences()


def hold(call: Call, disposition: Disposition, now: datetime.datetime) -> None:
    """Keep anything else from ringing the person of a call: its disposition says what follows.

    A waiting attempt of the campaign's own policy is skipped. Whoever must never be called is held from here on.
    """
    if disposition.follows == Follows.NEVER:
        done = Consequence.objects.filter(call=call, follows=Follows.NEVER).exclude(state=State.WAITING)
        if not done.exists():
            heard_opt_outs.keep([(call, disposition.name, False)], now)
    if disposition.follows != Follows.RETRY and call.campaign_id is not None and call.contact_id is not None:
        planned = Call.objects.filter(
            campaign=call.campaign_id, contact=call.contact_id, attempt__gt=call.attempt, status=CallStatus.PENDING,
            # What a person asked for with a form of its own stands.
            form_token__isnull=True,
        )  # fmt: skip
        _skip(planned, now)


def call_off(call: Call, disposition: Disposition | None, now: datetime.datetime) -> None:
    """Call off what followed on another disposition of a call and can be: an opt-out stays."""
    others = Consequence.objects.filter(call=call, state__in=[State.WAITING, State.DONE]).exclude(follows=Follows.NEVER)
    if disposition is not None:
        others = others.exclude(follows=disposition.follows)
    for row in others.select_for_update(of=("self",)):
        if row.state == State.WAITING or _undo(row, now):
            row.state = State.CALLED_OFF
            row.save(update_fields=["state"])


def _undo(row: Consequence, now: datetime.datetime) -> bool:
    """Take back what was done, as far as it still waits; returns whether it was."""
    if row.follows == Follows.PERSON:
        return hand_overs.drop(row.call, now, by_policy=False)
    if row.made_id is None or not _skip(Call.objects.filter(pk=row.made_id, status=CallStatus.PENDING), now):
        return False
    Callback.objects.filter(call=row.made_id).update(noted_at=now)
    return True


def _skip(calls: Any, now: datetime.datetime) -> bool:
    return bool(transitions.change(transitions.SKIP, calls, now, Why("skipped"), skip_reason=SkipReason.NOT_NEEDED))


# After the commit


def carry_out_waiting(call_id: int | None = None) -> int:
    """Carry out the consequences that wait, of one call or of all; returns how many were.

    Another attempt waits until its call is over.
    """
    waiting = Consequence.objects.filter(state=State.WAITING)
    if call_id is not None:
        waiting = waiting.filter(call=call_id)
    waiting = waiting.exclude(follows=Follows.RETRY) | waiting.filter(call__status__in=sorted(FINAL))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return sum(carry_out(pk) for pk in ids)


def carry_out(consequence_id: int) -> bool:
    """Do what one row says, in one transaction with its end; False where another worker has done so."""
    with transaction.atomic():
        rows = Consequence.objects.select_for_update(of=("self",))
        related = ("call__campaign", "call__contact", "call__provider", "call__owner", "disposition", "asked_by")
        row = rows.select_related(*related).filter(pk=consequence_id, state=State.WAITING).first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                row.made = _act(row)
        except (Refusal, PermissionDenied) as refused:
            row.state, row.why = State.REFUSED, acts.words_of(refused)[:MAX_WHY]
            if row.follows == Follows.CALLBACK:
                # The person asked for it, so that it is not lost: somebody calls them by hand.
                acts.give(row)
        else:
            row.state = State.DONE
        row.save(update_fields=["state", "made", "why"])
    return True


def _act(row: Consequence) -> Call | None:
    scale = float(settings.TIME_SCALE)
    if row.follows == Follows.RETRY:
        used = Call.objects.filter(campaign=row.call.campaign_id, contact=row.call.contact_id)
        last: int = used.aggregate(last=Max("attempt"))["last"] or row.call.attempt
        return acts.try_again(row, last, scale)
    if row.follows == Follows.CALLBACK:
        return acts.call_back(row, scale)
    if row.follows == Follows.NEVER:
        acts.never_call(row)
    if row.follows == Follows.PERSON:
        acts.give(row)
    return None
