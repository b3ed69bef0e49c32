"""Erases one person from tables, files, search and history; keeps their opt-out as a keyed hash, and the counts.

An erasure is a row: it is carried out once no call to the person is live, at once or by the minute job.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.two_people_model import TwoPersonRequest
from callcenter.audit.models import record
from campaigns.calls import recordings
from campaigns.core import kept_opt_outs, transitions
from campaigns.core.call_events import Source
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.core.transitions import Why
from campaigns.models import (
    AllowedNumber,
    Answer,
    Call,
    Callback,
    CallEvent,
    CallHint,
    CallNote,
    CallReview,
    CallTagging,
    CallTranscript,
    Contact,
    ContactNote,
    DoNotCall,
    Erasure,
    HeardOptOut,
    ListMembership,
    OtherNumber,
    ScorecardReview,
    TranscriptWords,
    UnknownVendorCall,
)
from campaigns.privacy import files_of_people
from campaigns.privacy.finding import Person, person_of_contact, person_of_number
from campaigns.reasons import MAX_REASON, SkipReason
from providers.models import ProviderExchange
from providers.types import CallStatus

AT_ONCE = 500
"""Rows named in one statement."""


def ask(person: Any, reason: str, *, contact_id: int | None = None, number: str = "") -> Erasure:
    """Ask for an erasure and carry it out if no call to the person is live. Raises Refusal.

    One of `contact_id` and `number` (E.164) names the person.
    """
    if not reason.strip():
        raise Refusal(_("Enter a reason for erasing this contact. Nothing was changed."))
    found = person_of_contact(contact_id) if contact_id else person_of_number(number)
    if not found.contacts and not found.calls().exists() and not DoNotCall.objects.filter(phone=number).exists():
        raise Refusal(_("No data is stored about this number."))
    head = contact_id or (found.contacts[0] if found.contacts else None)
    with transaction.atomic():
        erasure = Erasure.objects.create(
            asked_by_id=getattr(person, "pk", None),
            reason=reason.strip()[:MAX_REASON],
            contact_key=head,
            sealed={"numbers": json.dumps(sorted(found.numbers)), "names": json.dumps(sorted(found.names))},
        )
        record(person, "person.erasure_asked", erasure, contact=head)
    carry_out(erasure.pk)
    erasure.refresh_from_db()
    return erasure


def carry_out_open() -> int:
    """Carry out the erasures that waited for a live call; returns how many are done."""
    return sum(carry_out(pk) for pk in Erasure.objects.filter(done_at=None).values_list("pk", flat=True)[:20])


def carry_out(erasure_id: int) -> bool:
    """Erase a person; False while a call to them is live, and if it is done already."""
    erasure = Erasure.objects.select_related("asked_by").get(pk=erasure_id)
    if erasure.done_at is not None:
        return False
    found = _person_of(erasure)
    if found.calls().live().exists():
        return False
    # Files first: what breaks off is done again.
    counts = files_of_people.erase(found)
    calls: list[int] = []
    with transaction.atomic():
        # No commit point passes meanwhile, so no call to these numbers can begin.
        close_gate()
        found = _person_of(erasure)
        if Erasure.objects.select_for_update().get(pk=erasure.pk).done_at or found.calls().live().exists():
            return False
        with _overwriting():
            calls = list(found.calls().values_list("pk", flat=True))
            tasks = _tasks(calls)
            counts += _erase(found, calls, erasure)
        Erasure.objects.filter(pk=erasure.pk).update(
            done_at=timezone.now(), sealed={}, counts=dict(counts), tasks=tasks
        )
        record(
            erasure.asked_by, "person.erased", erasure, calls=len(calls), notes=counts["notes"],
            recordings=counts["transcripts"], kept=counts["opt-outs kept"],
        )  # fmt: skip
    for call_id in calls:
        recordings.forget_recording(call_id)
    return True


def _person_of(erasure: Erasure) -> Person:
    """Return the person as known now, with what was known when the erasure was asked for."""
    sealed = erasure.sealed.open()
    numbers, names = frozenset(json.loads(sealed["numbers"])), frozenset(json.loads(sealed["names"]))
    try:
        now = person_of_contact(erasure.contact_key) if erasure.contact_key else Person((), frozenset(), frozenset())
    except Refusal:
        now = Person((), frozenset(), frozenset())
    return Person(now.contacts, now.numbers | numbers, now.names | names)


class _overwriting:  # noqa: N801
    """Lets SQLite overwrite what is deleted, instead of leaving it in free pages of its file."""

    def __enter__(self) -> None:
        self._set("ON")

    def __exit__(self, *_: object) -> None:
        self._set("OFF")

    @staticmethod
    def _set(value: str) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA secure_delete = {value}")


def _tasks(call_ids: list[int]) -> list[list[Any]]:
    """Return what no one can erase from here: copies at vendors, by provider, and backups."""
    theirs: dict[str, list[str]] = defaultdict(list)
    for start in range(0, len(call_ids), AT_ONCE):
        rows = Call.objects.filter(pk__in=call_ids[start : start + AT_ONCE]).exclude(remote_id="")
        for name, remote_id in rows.values_list("provider__name", "remote_id"):
            theirs[name].append(remote_id)
    return [["backups", "", []], *(["provider", name, sorted(ids)] for name, ids in sorted(theirs.items()))]


def _erase(found: Person, call_ids: list[int], erasure: Erasure) -> Counter[str]:
    done: Counter[str] = Counter()
    done["opt-outs kept"] = _keep_opt_outs(found)
    _skip_waiting(found, erasure)
    for start in range(0, len(call_ids), AT_ONCE):
        done += _erase_calls(call_ids[start : start + AT_ONCE], found)
    hints = CallHint.objects.filter(to_number__in=found.numbers)
    done["messages of providers"] += hints.delete()[0]
    done["allowed numbers"] += AllowedNumber.objects.filter(phone__in=found.numbers).delete()[0]
    done["other numbers"] += OtherNumber.objects.filter(contact__in=found.contacts).delete()[0]
    done["notes"] += ContactNote.objects.filter(contact__in=found.contacts).delete()[0]
    done["places in lists"] += ListMembership.objects.filter(contact__in=found.contacts).delete()[0]
    for pk in found.contacts:
        # The row stays, as calls and counts hang on it; its number is none that exists, and no list holds it.
        done["contacts"] += Contact.objects.filter(pk=pk).update(
            name="", phone=nobody(pk), region="", time_zone="", variables={}, tags=[], consent_source="",
            consent_at=None, imported_by=None,
        )  # fmt: skip
    return done


def nobody(key: int, of_calls: bool = False) -> str:
    """Return what stands in the place of an erased number: no country begins with 0."""
    return f"+09{key:013d}" if of_calls else f"+0{key:014d}"


def _keep_opt_outs(found: Person) -> int:
    """Keep the opt-out of any number for all of them; returns how many numbers it is kept for."""
    entries = DoNotCall.objects.in_force().filter(phone__in=found.numbers)
    ends = list(entries.values_list("expires_at", flat=True))
    held = HeardOptOut.objects.filter(phone__in=found.numbers)
    if held.undecided().exists():
        # Nobody will be able to decide about it: it is kept as one.
        ends.append(None)
    if ends:
        kept_opt_outs.keep(sorted(found.numbers), None if None in ends else max(filter(None, ends)))
    held.delete()
    # Requests to take an opt-out off the list name the number by its end.
    keys = [str(pk) for pk in entries.model.objects.filter(phone__in=found.numbers).values_list("pk", flat=True)]
    TwoPersonRequest.objects.filter(thing_type="donotcall", thing_id__in=keys).update(
        thing_name="", reason="", decision_reason=""
    )
    DoNotCall.objects.filter(phone__in=found.numbers).delete()
    return len(found.numbers) if ends else 0


def _skip_waiting(found: Person, erasure: Erasure) -> None:
    waiting = found.calls().filter(status=CallStatus.PENDING)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    if ids:
        why = Why("skipped", Source.PERSON.value, "", erasure.asked_by_id)
        transitions.change(
            transitions.SKIP, Call.objects.filter(pk__in=ids), timezone.now(), dict.fromkeys(ids, why),
            skip_reason=SkipReason.CANCELED,
        )  # fmt: skip


def _erase_calls(ids: list[int], found: Person) -> Counter[str]:
    done: Counter[str] = Counter()
    calls = Call.objects.filter(pk__in=ids)
    references = list(calls.values_list("reference", flat=True))
    remote = list(calls.exclude(remote_id="").values_list("provider", "remote_id"))
    TranscriptWords.objects.filter(call__in=ids).delete()
    done["transcripts"] += CallTranscript.objects.filter(call__in=ids).delete()[0]
    done["answers"] += Answer.objects.filter(call__in=ids).delete()[0]
    done["notes"] += CallNote.objects.filter(call__in=ids).delete()[0]
    CallReview.objects.filter(call__in=ids).update(comment="")
    ScorecardReview.objects.filter(call__in=ids).update(note="")
    CallTagging.objects.filter(call__in=ids).delete()
    HeardOptOut.objects.filter(call__in=ids).delete()
    done["callbacks"] += Callback.objects.filter(call__in=ids).delete()[0]
    CallEvent.objects.filter(call__in=ids).exclude(detail="").update(detail="")
    done["exchanges with providers"] += ProviderExchange.objects.filter(reference__in=references).delete()[0]
    for provider, remote_id in remote:
        CallHint.objects.filter(provider=provider, remote_id=remote_id).delete()
        UnknownVendorCall.objects.filter(provider=provider, remote_id=remote_id).update(masked_number="", reason="")
    plain = {
        "text": "", "digits": "", "variables": {}, "vendor_options": {}, "extracted": {}, "failure_detail": "",
        "end_reason": "", "recording_available": False,
    }  # fmt: skip
    done["calls"] += calls.update(**plain)
    for pk in found.contacts:
        calls.filter(contact=pk).update(to_number=nobody(pk))
    for pk in calls.filter(to_number__in=found.numbers).values_list("pk", flat=True):
        Call.objects.filter(pk=pk).update(to_number=nobody(pk, of_calls=True))
    return done
