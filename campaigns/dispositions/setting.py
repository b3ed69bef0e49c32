"""A person sets the disposition of a call, or takes their choice back; what they choose stays whatever rules say."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from callcenter.edits.states import State
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.dispositions import following
from campaigns.dispositions.catalog import offered_to
from campaigns.dispositions.judging import judge
from campaigns.models import Call, CallDisposition, Disposition

Follows = Disposition.Follows
ALSO_NEEDS = {Follows.RETRY: "place_call", Follows.CALLBACK: "place_call", Follows.NEVER: "add_do_not_call"}
"""The right that whoever chooses a disposition needs for what follows on it."""


def may_set(person: Person, call: Call) -> bool:
    """Return whether a person may set the disposition of a call: they may write notes on it, and change it."""
    return may(person, "note_calls") and may_change(person, call)


def choices_for(person: Person, call: Call) -> list[Disposition]:
    """Return the dispositions that a person may give to a call, by name."""
    found = offered_to(call.team_id)
    return [one for one in found if (right := ALSO_NEEDS.get(Follows(one.follows))) is None or may(person, right)]


def chosen_state(call: Call) -> State:
    """Return what a person chose for a call, as its form shows it."""
    found = CallDisposition.objects.filter(call=call, is_by_person=True).first()
    return {"disposition": found.disposition_id if found else None}


def set_by(person: Person, call: Call, disposition: Disposition | None, shown: Shown | None = None) -> bool:
    """Set a call's disposition; None takes the person's choice back, and rules hold again. False: nothing changed.

    What follows on it is carried out before this returns. Raises PermissionDenied, Refusal, and BothChanged if
    somebody else chose another one since it was shown.
    """
    if not may_set(person, call):
        raise PermissionDenied("note_calls")
    wanted = disposition.pk if disposition is not None else None
    with transaction.atomic():
        # Under the call's row lock: a first choice has no row of its own yet.
        locked = Call.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "contact")
        call = locked.get(pk=call.pk)
        stored = chosen_state(call)
        joined: State = shown.join({"disposition": wanted}, stored) if shown else {"disposition": wanted}
        chosen = joined.get("disposition", stored["disposition"])
        if chosen == stored["disposition"]:
            return False
        now = timezone.now()
        before = CallDisposition.objects.select_related("disposition").filter(call=call).first()
        told = {"before": before.disposition.name} if before is not None else {}
        if chosen is None:
            assert before is not None
            CallDisposition.objects.filter(call=call, is_by_person=True).delete()
            following.call_off(call, None, now)
            _step(call, person, "disposition_removed", before.disposition.name)
            record(person, "call.disposition_removed", call, **told)
            judge([call.pk])
        else:
            found = next((one for one in choices_for(person, call) if one.pk == chosen), None)
            if found is None:
                raise Refusal(_("This disposition is not available here. Choose another one."))
            CallDisposition.objects.update_or_create(
                call=call,
                defaults={"disposition": found, "rule": None, "is_by_person": True, "by_id": person.pk, "at": now},
            )
            _step(call, person, "disposition_set", found.name)
            record(person, "call.disposition_set", call, disposition=found.name, **told)
            following.decide(call, found, person.pk, now)
    following.carry_out_waiting(call.pk)
    return True


def _step(call: Call, person: Person, code: str, name: str) -> None:
    write_steps([step(call.pk, code, at=timezone.now(), source=Source.PERSON, actor_id=person.pk, detail=name)])
