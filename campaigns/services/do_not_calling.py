"""Keeps the do-not-call list: a wish holds from its commit, and whoever waits to be called then is not called."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import record as record_audit
from campaigns.models import Call, CallEvent, Contact, DoNotCall
from campaigns.reasons import SkipReason
from campaigns.rules import RANK
from campaigns.services.exporting import BOM, cell
from campaigns.services.gate import close_gate
from campaigns.services.importing.checking import batches
from campaigns.services.importing.limits import FileRefused
from campaigns.services.importing.mapping import PHONE, guess_mapping
from campaigns.services.importing.people_rows import PersonRow, Reader
from campaigns.services.importing.reading import measure, open_table
from campaigns.services.steps import step, write_steps
from providers.types import CallStatus

Source = DoNotCall.Source
SAMPLES = 20
_FOR_EVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What came of a wish: new entries, entries that stood already, and waiting calls that were taken out."""

    added: int = 0
    known: int = 0
    skipped: int = 0


@dataclass(slots=True)
class ForbiddenFile:
    """What came of a file of numbers, row by row."""

    added: int = 0
    known: int = 0
    skipped: int = 0
    twice: int = 0
    bad: int = 0
    bad_samples: list[PersonRow] = field(default_factory=list)


def forbid(
    phone: str,
    *,
    reason: str,
    source: str,
    person: Any = None,
    expires_at: datetime.datetime | None = None,
) -> Forbidden:
    """Put a number (E.164) on the do-not-call list and take its waiting calls out of the queue, in one transaction.

    `person` is the user who did it, None for the product itself; `expires_at` None is for ever. An entry in force is
    never weakened: of two ends the later one stands.
    """
    with transaction.atomic():
        done = forbid_many([phone], reason=reason, source=source, person=person, expires_at=expires_at)
        entry = DoNotCall.objects.get(phone=phone)
        record_audit(person, "do_not_call.added", entry, reason=entry.reason, source=source, skipped=done.skipped)
    return done


def forbid_many(
    phones: Sequence[str],
    *,
    reason: str,
    source: str,
    person: Any = None,
    expires_at: datetime.datetime | None = None,
) -> Forbidden:
    """Forbid up to a few thousand numbers at once, and every other number of their people; see `forbid`.

    Writes no audit event.
    """
    now = timezone.now()
    actor_id = getattr(person, "pk", None)
    with transaction.atomic():
        # Whoever passes the gate after this transaction sees the entries; whoever passed before is out already.
        close_gate()
        phones = _with_other_numbers(phones)
        entries = {entry.phone: entry for entry in DoNotCall.objects.filter(phone__in=phones)}
        fresh = [
            DoNotCall(
                phone=phone,
                reason=reason[:300],
                source=source,
                added_by_id=actor_id,
                added_at=now,
                expires_at=expires_at,
            )
            for phone in phones
            if phone not in entries
        ]
        DoNotCall.objects.bulk_create(fresh, batch_size=500)
        changed = [entry for entry in entries.values() if _strengthen(entry, reason, source, actor_id, now, expires_at)]
        DoNotCall.objects.bulk_update(
            changed, ["reason", "source", "added_by", "added_at", "expires_at"], batch_size=500
        )
        skipped = _skip_waiting(phones, reason, actor_id, now)
    return Forbidden(len(fresh), len(entries), skipped)


def _with_other_numbers(phones: Sequence[str]) -> list[str]:
    """Return these numbers and the others of the same people: whoever says no says it for every number."""
    rows = Contact.objects.filter(Q(merged_into__isnull=False) | Q(merged__isnull=False), phone__in=phones)
    heads = {head or pk for pk, head in rows.values_list("pk", "merged_into")}
    others: list[str] = []
    if heads:
        same = Contact.objects.filter(Q(pk__in=heads) | Q(merged_into__in=heads)).order_by("pk")
        others = list(same.values_list("phone", flat=True))
    return list(dict.fromkeys([*phones, *others]))


def _strengthen(
    entry: DoNotCall,
    reason: str,
    source: str,
    actor_id: int | None,
    now: datetime.datetime,
    expires_at: datetime.datetime | None,
) -> bool:
    """Renew an entry that has ended, or make a standing one last longer; tells whether anything changed."""
    has_ended = entry.expires_at is not None and entry.expires_at <= now
    lasts_longer = (expires_at or _FOR_EVER) > (entry.expires_at or _FOR_EVER)
    if not has_ended and not lasts_longer:
        return False
    entry.reason, entry.source, entry.added_by_id, entry.added_at = reason[:300], source, actor_id, now
    entry.expires_at = expires_at
    return True


def _skip_waiting(phones: Sequence[str], reason: str, actor_id: int | None, now: datetime.datetime) -> int:
    """Turn waiting calls to these numbers into skipped ones; the gate is closed, so none can slip out meanwhile."""
    waiting = list(
        Call.objects.select_for_update()
        .filter(to_number__in=phones, status=CallStatus.PENDING)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not waiting:
        return 0
    Call.objects.filter(pk__in=waiting, status=CallStatus.PENDING).update(
        status=CallStatus.SKIPPED,
        rank=RANK[CallStatus.SKIPPED],
        skip_reason=SkipReason.DO_NOT_CALL,
        wait_reason="",
        lease=None,
        lease_until=None,
        ended_at=now,
        changed_at=now,
    )
    source = CallEvent.Source.PERSON if actor_id else CallEvent.Source.SYSTEM
    write_steps(
        step(
            call_id,
            "skipped",
            at=now,
            source=source,
            from_status=CallStatus.PENDING,
            to_status=CallStatus.SKIPPED,
            detail=reason or str(SkipReason.DO_NOT_CALL.label),
            actor_id=actor_id,
        )
        for call_id in waiting
    )
    return len(waiting)


def allow_again(entry_id: int, *, reason: str, person: Any) -> bool:
    """Take an entry off the list, with the reason kept in the audit; False where it is gone already.

    Calls that were taken out stay so. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed")
    with transaction.atomic():
        close_gate()
        entry = DoNotCall.objects.select_for_update().filter(pk=entry_id).first()
        if entry is None:
            return False
        record_audit(
            person,
            "do_not_call.removed",
            entry,
            reason=reason.strip()[:300],
            was_added=entry.added_at.isoformat(),
            was_reason=entry.reason,
            was_source=entry.source,
        )
        entry.delete()
    return True


def forbid_file(path: Path, *, name: str, region: str, reason: str, source: str, person: Any) -> ForbiddenFile:
    """Forbid every number of a CSV or XLSX file, batch by batch: what was read holds even if a later row fails.

    Safe to run again. Raises FileRefused, also where no column holds phone numbers.
    """
    table = open_table(path)
    _headers, mapping = guess_mapping(measure(table).first_rows, region)
    if not mapping.columns_of(PHONE):
        raise FileRefused(_("No column of this file holds phone numbers. Check the country of the numbers."))
    reader = Reader(table, mapping, region)
    result = ForbiddenFile()
    for batch in batches(reader.people()):
        numbers = []
        for row in batch:
            # A broken row whose number can be read is still a wish.
            if not row.phone.e164:
                result.bad += 1
                if len(result.bad_samples) < SAMPLES:
                    result.bad_samples.append(row)
            elif row.same_as:
                result.twice += 1
            else:
                numbers.append(row.phone.e164)
        if numbers:
            done = forbid_many(numbers, reason=reason, source=source, person=person)
            result.added += done.added
            result.known += done.known
            result.skipped += done.skipped
    record_audit(
        person, "do_not_call.imported", None, file=name[:200], added=result.added, known=result.known, bad=result.bad
    )
    return result


class _Echo:
    """Returns what a csv writer writes."""

    def write(self, text: str) -> str:
        return text


def export_entries() -> Iterator[str]:
    """Return the whole list as CSV, newest first, in the language and the zone of the moment it was asked for."""
    titles = [_("Phone"), _("Reason"), _("Source"), _("Added by"), _("Added"), _("Until")]
    sources = {source.value: str(source.label) for source in Source}
    return _write_entries(titles, sources, timezone.get_current_timezone())


def _write_entries(titles: Sequence[str], sources: Mapping[str, str], zone: datetime.tzinfo) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BOM
    yield writer.writerow(titles)
    for entry in DoNotCall.objects.select_related("added_by").order_by("-id").iterator(chunk_size=2_000):
        who = entry.added_by.get_username() if entry.added_by else ""
        cells = [entry.phone, entry.reason, sources.get(entry.source, entry.source), who]
        yield writer.writerow([*map(cell, cells), _minute(entry.added_at, zone), _minute(entry.expires_at, zone)])


def _minute(moment: datetime.datetime | None, zone: datetime.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes") if moment else ""
