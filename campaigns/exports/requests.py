"""Requests for exports: who may ask for a file, fetch it and delete it, and how long it is kept."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may, team_of
from callcenter.audit.models import record
from callcenter.formats.masking import ending_if_long
from callcenter.formats.zones import zone_name
from campaigns import queue
from campaigns.calls.call_columns import LogColumn
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import stored_files
from campaigns.core.export_limits import RIGHTS, refuse_above_cap
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.stored_files import StorageAway
from campaigns.core.whole_numbers import sees_all_numbers
from campaigns.exports import files
from campaigns.exports.people_filters import KEY as PEOPLE
from campaigns.exports.people_filters import PeopleFilters
from campaigns.models import CallExport
from campaigns.numbers import search_digits

logger = logging.getLogger(__name__)

State, Kind = CallExport.State, CallExport.Kind
UNFINISHED = (State.WAITING, State.WRITING)
KEPT = datetime.timedelta(days=7)
SOON = datetime.timedelta(seconds=10)
"""A writing that has not begun after this waits for other work."""
MOST_UNFINISHED = 5
"""Most unfinished exports a person may have."""
NOT_RECORDED = frozenset({"person", "words", "answer", "answer_to"})
"""Filters that may name a person, or hold their words: the audit log names nobody."""
FILES_A_RUN = 100
"""Most expired files that one run deletes."""


def ask(
    person: Person,
    filters: CallFilters,
    columns: Sequence[LogColumn],
    *,
    words: Sequence[Sequence[str]],
    file_format: str,
    order: str = "",
    token: UUID | None = None,
) -> CallExport:
    """Queue the writing of a file of calls; idempotent by `token`.

    `words` are the filters in words, for the history. `order` is one of `call_log_order.ORDERS`; empty: the newest
    first. The file gets the active language and time zone. Raises PermissionDenied, and Refusal with the reason.
    """
    asked = {name: value for name, value in filters.to_json().items() if name not in NOT_RECORDED}
    export = CallExport(
        kind=Kind.CALLS, filters=filters.to_json(), columns=[column.key for column in columns], format=file_format,
        order=order,
    )  # fmt: skip
    return _queue(person, export, "calls.exported", asked, words, token)


def ask_for_people(
    person: Person, filters: PeopleFilters, *, file_format: str, token: UUID | None = None
) -> CallExport:
    """Queue the writing of a file of people; idempotent by `token`. Raises PermissionDenied, and Refusal."""
    # What was searched for may name somebody: the audit log keeps only that there was a search.
    asked = {name: value for name, value in filters.to_json()[PEOPLE].items() if name != "text"}
    export = CallExport(kind=Kind.PEOPLE, filters=filters.to_json(), format=file_format)
    words = masked_words(filters.in_words(), _("Name or number"))
    return _queue(person, export, "people.exported", asked, words, token)


def _queue(
    person: Person,
    export: CallExport,
    action: str,
    asked: dict[str, Any],
    words: Sequence[Sequence[str]],
    token: UUID | None,
) -> CallExport:
    if not may(person, RIGHTS[export.kind]):
        raise PermissionDenied(RIGHTS[export.kind])
    if (known := _made_before(token, person)) is not None:
        return known
    if CallExport.objects.filter(owner_id=person.pk, state__in=UNFINISHED).count() >= MOST_UNFINISHED:
        raise Refusal(
            _("%(n)d of your exports are still in progress. Wait until one is finished.") % {"n": MOST_UNFINISHED}
        )
    refuse_above_cap(person)
    try:
        with transaction.atomic():
            export.owner_id, export.team_id = person.pk, team_of(person)
            export.words = [list(pair) for pair in words]
            export.shows_numbers = sees_all_numbers(person)
            export.language, export.zone = translation.get_language() or "en", zone_name()
            export.form_token = token
            export.save(force_insert=True)
            record(
                person, action, export, numbers=export.shows_numbers, format=export.format, filters=asked,
                columns=export.columns,
            )  # fmt: skip
            queue.nudge_export(export.pk)
    except IntegrityError:
        if (known := _made_before(token, person)) is not None:
            return known
        raise
    return export


def _made_before(token: UUID | None, person: Person) -> CallExport | None:
    found = CallExport.objects.filter(form_token=token).first() if token else None
    if found is not None and found.owner_id != person.pk:
        raise PermissionDenied("form_token")
    return found


def masked_words(words: Sequence[Sequence[str]], label: str) -> list[list[str]]:
    """Return filters in words, with the phone number under `label` masked, because others read the history too."""
    return [
        [name, (ending_if_long(search_digits(value)) or value) if name == label else value] for name, value in words
    ]


def visible_to(person: Person) -> QuerySet[CallExport]:
    """Return the exports whose rows a person may see: their own, or everybody's with the right."""
    return seen_by(person, CallExport.objects.select_related("owner"))


def when_it_starts(export: CallExport, now: datetime.datetime) -> str:
    """Return a sentence on when the writing of a waiting export begins, and why not yet; empty for any other."""
    if export.state != State.WAITING:
        return ""
    if now - export.created_at < SOON:
        return _("Starts in a few seconds.")
    return _("The server is busy. It starts within a minute. You can close this page.")


def may_fetch(export: CallExport, person: Person) -> bool:
    """Return whether a person may fetch the file: their own, or any with the right to all exports.

    A person who sees only masked numbers may not fetch a colleague's file with whole numbers.
    """
    if export.owner_id == person.pk:
        return may(person, RIGHTS[export.kind]) and (sees_all_numbers(person) or not export.shows_numbers)
    return may(person, "see_all_exports") and (sees_all_numbers(person) or not export.shows_numbers)


def open_file(export: CallExport, person: Person) -> IO[bytes]:
    """Open the file for a person, and record an audit event. Raises PermissionDenied, and Refusal if it is gone."""
    if not may_fetch(export, person):
        raise PermissionDenied("see_all_exports")
    if export.state != State.READY:
        raise Refusal(_("The file is not available. Export it again."))
    try:
        file = stored_files.open_stored(files.name_of(export))
    except StorageAway:
        raise Refusal(_("The file storage cannot be reached. Try again in a minute.")) from None
    except OSError:
        raise Refusal(_("The file can no longer be found. Export it again.")) from None
    record(person, "calls.export_fetched", export)
    return file


def delete_file(export: CallExport, person: Person) -> bool:
    """Delete a file before it expires, or cancel its writing; returns False if that was done already."""
    with transaction.atomic():
        changed = visible_to(person).filter(pk=export.pk).exclude(state__in=[State.DELETED, State.FAILED])
        # Expired until its file is gone: where the storage cannot be reached now, the minute job tries again.
        if not changed.update(state=State.DELETED, lease=None, lease_until=None, expires_at=timezone.now()):
            return False
        record(person, "calls.export_deleted", export)
    delete_old(timezone.now())
    return True


def delete_old(now: datetime.datetime) -> int:
    """Delete expired files and old copies; returns how many expired. Their rows remain as the history."""
    old = list(CallExport.objects.filter(expires_at__lte=now)[:FILES_A_RUN])
    for export in old:
        try:
            files.forget_files(export)
        except StorageAway:
            logger.warning("export=%s: its file cannot be deleted, the storage is away; trying again", export.pk)
            continue
        CallExport.objects.filter(pk=export.pk).update(
            state=State.DELETED if export.state == State.READY else export.state, expires_at=None
        )
    stored_files.forget_copies(files.FOLDER)
    return len(old)
