"""Saving of a checked import into contacts and a list: in batches, each row once, resumable after a crash."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.clock import on_the_clock_of
from callcenter.audit.models import record as record_audit
from campaigns import queue
from campaigns.contacts import doubtful_wishes
from campaigns.contacts.do_not_call import OptOut
from campaigns.contacts.importing.cells.consent import NOTHING_SAID, Said
from campaigns.contacts.importing.columns.mapping import TAGS
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.parser import ReadingStopped
from campaigns.contacts.importing.rows import opt_outs
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.findings import UNCLEAR_DATES
from campaigns.contacts.importing.rows.lookups import join_list, join_new, known_numbers
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.validation import batches, judge, reader_of
from campaigns.contacts.importing.rows.verdicts import (
    NOT_CALLED,
    SAVED,
    JudgedRow,
    RowVerdict,
    count_letters,
    forget_verdicts,
    keep_batch,
    letters_of,
)
from campaigns.contacts.importing.saved.rows_kept import keep_other_numbers, keep_refused
from campaigns.contacts.sharing import share, tell_teams
from campaigns.core import hosts, progress, stored_files
from campaigns.core.clock import DatabaseClock
from campaigns.core.joined import people_joined
from campaigns.core.message import with_values
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.core.sql.new_rows import insert_new
from campaigns.core.turns import Turn
from campaigns.models import Contact, ContactImport, ContactList, DoNotCall, ListMembership
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_LIST_NAME
from campaigns.reasons import MAX_REASON

logger = logging.getLogger(__name__)

SMALL = 5_000
"""Files of at most this many rows are saved within the request."""
SLICE_SECONDS = 45.0
"""A background task ends after this time and queues the next one."""
Status = ContactImport.Status


def begin_saving(
    import_id: int,
    person: Any,
    *,
    tags: Sequence[str] = (),
    consent_source: str = "",
    opt_out: OptOut | None = None,
    opt_out_source: str = "",
) -> bool:
    """Mark a checked import as being saved, create its list if it is new, and write the audit event.

    `opt_out` says why and until when the numbers of a do-not-call file are not called, `opt_out_source` who asked for
    it (a `DoNotCall.Source`). Returns True for the one request that began it, False for a double click or a reload.
    Raises Refusal.
    """
    with transaction.atomic():
        _refuse_unclear_dates(import_id)
        began = ContactImport.objects.filter(pk=import_id, status=Status.CHECKED).update(
            status=Status.SAVING,
            tags=list(tags),
            consent_source=consent_source[:MAX_CONSENT_SOURCE],
            opt_out_reason=opt_out.reason[:MAX_REASON] if opt_out else "",
            opt_out_until=opt_out.expires_at if opt_out else None,
            opt_out_source=opt_out_source,
            counts={},
            done_rows=0,
        )
        if not began:
            return False
        record = ContactImport.objects.get(pk=import_id)
        forget_verdicts(import_id)
        if record.contact_list_id is None and not record.is_of_opt_outs:
            name = record.list_name or record.original_name[:MAX_LIST_NAME]
            try:
                with transaction.atomic():
                    made = ContactList.objects.create(name=name, owner_id=record.owner_id, team_id=record.team_id)
            except IntegrityError:
                raise Refusal(
                    _("A list named “%(name)s” now exists. Go back and choose it or another name.") % {"name": name}
                ) from None
            ContactImport.objects.filter(pk=import_id).update(contact_list=made, list_name=name)
        record_audit(person, "import.saved", record, rows=record.total_rows)
    return True


def _refuse_unclear_dates(import_id: int) -> None:
    counts = ContactImport.objects.filter(pk=import_id).values_list("counts", flat=True).first() or {}
    if counts.get(UNCLEAR_DATES):
        raise Refusal(
            _("Day and month are unclear in %(count)s dates of this file. Choose which comes first, then save.")
            % {"count": counts[UNCLEAR_DATES]}
        )


def save_import(import_id: int, seconds: float = SLICE_SECONDS) -> bool:
    """Continue saving an import; returns True once it is saved. Idempotent, also if run concurrently.

    Each batch is one transaction that advances `done_rows` by compare-and-set, so that no row counts twice. After
    `seconds` it stops and queues the next task. Times of the file are read on the clock of whoever imports it.
    """
    record = ContactImport.objects.select_related("contact_list", "owner").get(pk=import_id)
    if record.status != Status.SAVING:
        return record.status == Status.SAVED
    with on_the_clock_of(record.owner):
        return _save(record, seconds)


def _save(record: ContactImport, seconds: float) -> bool:
    import_id, turn = record.pk, Turn(seconds)
    done = record.done_rows
    try:
        reader = reader_of(record)
        people = reader.people()
        # Rows that are saved already are read again, so that duplicates of them are noticed.
        skipped = sum(1 for _row in islice(people, done))
        if skipped == done:
            for batch in batches(people):
                if not _save_batch(record, reader, batch, done):
                    return False
                done += len(batch)
                if progress.tell() or turn.is_over():
                    queue.nudge_import(import_id)
                    return False
    except (FileRefused, OSError) as error:
        if _is_elsewhere(error):
            # It is saved as soon as the storage is back, by the host that took the file in, or in the next minute.
            logger.warning("import=%s waits: its file cannot be read here now", import_id)
            return False
        logger.warning("import=%s stopped at row %s: %s", import_id, done, type(error).__name__)
        reason = str(error) if isinstance(error, FileRefused) else _("The file can no longer be found.")
        ContactImport.objects.filter(pk=import_id, status=Status.SAVING).update(
            status=Status.REFUSED if not done else Status.SAVING, refused_reason=reason[:MAX_REASON]
        )
        return False
    return _finish(record, done)


def _is_elsewhere(error: Exception) -> bool:
    """Return whether a file that cannot be read here may be read later, or by another host."""
    if isinstance(error, stored_files.StorageAway | ReadingStopped):
        return True
    is_missing = isinstance(error, FileNotFoundError) and not stored_files.is_elsewhere()
    return is_missing and hosts.living(DatabaseClock().now()).exclude(name=settings.HOST_NAME).exists()


def unfinished() -> list[int]:
    """Return the ids of imports whose saving is not finished, to be continued."""
    return list(ContactImport.objects.filter(status=Status.SAVING).values_list("pk", flat=True))


def _save_batch(record: ContactImport, reader: Reader, batch: Sequence[FileRow], done: int) -> bool:
    """Save one batch; False if another worker did it first. Retries after a deadlock."""
    for tries_left in (2, 1, 0):
        try:
            return _try_batch(record, reader, batch, done)
        except OperationalError:
            # Two imports of the same people in different order may deadlock: the one that is aborted tries again.
            if not tries_left:
                raise
    return False


def _try_batch(record: ContactImport, reader: Reader, batch: Sequence[FileRow], done: int) -> bool:
    with transaction.atomic():
        moved = ContactImport.objects.filter(pk=record.pk, status=Status.SAVING, done_rows=done).update(
            done_rows=done + len(batch)
        )
        if not moved:
            return False
        # Judged only after the import's row is locked, so that the rows are compared with this transaction's data.
        judged, apart = judge(batch, reader, record.contact_list_id), set[tuple[str, int]]()
        if not record.is_of_opt_outs:
            _save_people(record, reader, [one for one in judged if one.verdict in SAVED])
            if reader.mapping.is_own_export:
                apart = _save_apart(record, reader, judged)
        keep_refused(record.pk, reader, [one for one in judged if one.row.key not in apart])
        letters = letters_of(judged)
        keep_batch(record.pk, done, letters)
        forbidden = opt_outs.put_on_list(record, reader, judged)
        doubtful_wishes.hold(record, opt_outs.doubtful_rows(reader, judged))
        counts: Counter[str] = Counter(ContactImport.objects.values_list("counts", flat=True).get(pk=record.pk))
        counts.update(count_letters(letters))
        opt_outs.count_stops(counts, forbidden)
        ContactImport.objects.filter(pk=record.pk).update(counts=dict(counts))
    return True


def _save_people(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> None:
    if not judged:
        return
    now = timezone.now()
    fresh = [one for one in judged if one.verdict != RowVerdict.KNOWN]
    made = _insert_contacts(record, reader, fresh, now)
    known = [one for one in judged if one.verdict == RowVerdict.KNOWN]
    # Before they are changed: from here on this team is one of those that may.
    share([one.row.phone.e164 for one in known], record.team_id, record.owner, imported_by=record.pk)
    says_more = reader.consent.is_there or reader.mapping.columns_of(TAGS)
    if known and (reader.mapping.update_known or says_more or record.tags or record.consent_source):
        _update_contacts(record, reader, known)
    keep_other_numbers(record.pk, judged, record.owner)
    assert record.contact_list_id is not None
    if len(made) < len(fresh):
        # Somebody added one of them meanwhile: who that is, the number tells.
        known = list(judged)
    if known:
        join_list([one.row.phone.e164 for one in known], record.contact_list_id, record.pk)
    join_new(made, record.contact_list_id, record.pk)


def _save_apart(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> set[tuple[str, int]]:
    """Save the new people of a file of ours who are not to be called, outside of the list; returns their rows.

    They were people where the file was written, and are so here again: what is known of them is not lost.
    """
    theirs = {
        one.row.phone.e164: one
        for one in judged
        if one.verdict in NOT_CALLED and one.row.phone.e164 and not one.row.problem and not one.row.same_as
    }
    known = known_numbers(list(theirs), None)
    fresh = [one for number, one in theirs.items() if number not in known]
    _insert_contacts(record, reader, fresh, timezone.now())
    keep_other_numbers(record.pk, fresh, record.owner)
    return {one.row.key for one in fresh}


def _insert_contacts(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow], now: Any) -> list[int]:
    """Insert new people by plain SQL, and return their ids; a number that was added meanwhile is left alone."""
    moment, encoded = connection.ops.adapt_datetimefield_value, json.JSONEncoder().encode
    same = {
        "imported_by_id": record.pk,
        "owner_id": record.owner_id,
        "team_id": record.team_id,
        "created_at": moment(now),
    }
    if reader.has_only_texts:
        # As nearly every file: what it does not say of single people is the same for all of them.
        source, given_at = NOTHING_SAID.noted(record.consent_source, now, record.original_name)
        texts = [(*reader.texts_of(row), row.phone) for row, _verdict, _note in judged]
        return insert_new(
            Contact,
            ("name", "variables", "phone", "region"),
            [(name, variables, phone.e164, phone.region) for name, variables, phone in texts],
            same
            | {
                "time_zone": "",
                "tags": encoded(record.tags),
                "consent_source": source,
                "consent_at": moment(given_at) if given_at else None,
            },
        )
    rows = []
    for row, _verdict, _note in judged:
        found = reader.details_of(row)
        source, given_at = found.consent.noted(record.consent_source, now, record.original_name)
        rows.append(
            (
                found.name,
                row.phone.e164,
                row.phone.region,
                found.time_zone,
                encoded(found.variables),
                encoded(list(dict.fromkeys([*found.tags, *record.tags]))),
                source,
                moment(given_at) if given_at else None,
            )
        )
    columns = ("name", "phone", "region", "time_zone", "variables", "tags", "consent_source", "consent_at")
    return insert_new(Contact, columns, rows, same)


def _update_contacts(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> None:
    """Add the import's tags to known people, and its consent if they have none; if chosen, also update their values.

    Values that are empty in the file are not changed. A consent that the file says was refused is removed.
    """
    now = timezone.now()
    by_number = {one.row.phone.e164: one.row for one in judged}
    wanted = Contact.objects.filter(phone__in=by_number).values_list("pk", "merged_into", "phone")
    rows = {merged_into or pk: by_number[phone] for pk, merged_into, phone in wanted}
    changed = []
    # What another team has and this one does not share is left as it is: of that, an import shows only that it exists.
    theirs = Contact.objects.all() if record.owner is None else changed_by(record.owner, Contact.objects.all())
    for contact in theirs.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk"):
        found = reader.details_of(rows[contact.pk])
        source, given_at = found.consent.noted(record.consent_source, now, record.original_name)
        before = (contact.tags, contact.consent_source, contact.consent_at)
        contact.tags = list(dict.fromkeys([*contact.tags, *found.tags, *record.tags]))
        if reader.mapping.update_known:
            contact.name = found.name or contact.name
            contact.time_zone = found.time_zone or contact.time_zone
            contact.variables = with_values(contact.variables, found.variables)
        if found.consent.said is Said.REFUSED:
            # Whoever says no now has not agreed, whatever was noted before.
            contact.consent_source, contact.consent_at = "", None
        elif (source or given_at) and (reader.mapping.update_known or not contact.has_consent):
            contact.consent_source, contact.consent_at = source, given_at
        if reader.mapping.update_known or before != (contact.tags, contact.consent_source, contact.consent_at):
            changed.append(contact)
    tell_teams([contact for contact in changed if contact.team_id != record.team_id], record.owner, record.pk)
    Contact.objects.bulk_update(
        changed, ["name", "time_zone", "variables", "tags", "consent_source", "consent_at"], batch_size=500
    )


def _finish(record: ContactImport, done: int) -> bool:
    """Mark the import as saved, with counts taken from the database."""
    with transaction.atomic():
        finished = ContactImport.objects.filter(pk=record.pk, status=Status.SAVING, done_rows=done).update(
            status=Status.SAVED, saved_at=timezone.now(), total_rows=done
        )
        if finished:
            made = Contact.objects.filter(imported_by=record.pk).count()
            joined = ListMembership.objects.filter(imported_by=record.pk).count()
            counts = ContactImport.objects.values_list("counts", flat=True).get(pk=record.pk)
            forbidden = DoNotCall.objects.filter(imported_by=record.pk).count()
            counts |= {"made": made, "joined": joined, opt_outs.FORBIDDEN: forbidden}
            ContactImport.objects.filter(pk=record.pk).update(counts=counts)
            if not record.is_of_opt_outs:
                people_joined()
            if record.is_of_opt_outs or forbidden:
                name = record.original_name
                record_audit(record.owner, "do_not_call.imported", record, file=name, added=forbidden)
    return bool(finished)
