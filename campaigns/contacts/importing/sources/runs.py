"""Reads sources that are due: a file that changed becomes an import of its own, by the columns of the first one."""

from __future__ import annotations

import datetime
import hashlib
import io
import logging
from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from callcenter.access.roles import may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.contacts.importing import upload
from campaigns.contacts.importing.columns.mapping import ColumnMapping, plain_title
from campaigns.contacts.importing.files.limits import FileRefused, limits
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved import saving
from campaigns.contacts.importing.sources.keeping import address_of, host_of, seal
from campaigns.core.clock import DatabaseClock
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.models import ContactImport, ContactList, ImportSource
from campaigns.reasons import MAX_REASON
from providers import outbound

logger = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=15)
"""How long a reading may take before another worker begins it anew."""
GIVEN_UP_AFTER = datetime.timedelta(days=3)
"""How long a source may fail before it is halted."""


class Halts(Refusal):
    """Raised where a source cannot go on until a person does something."""


def due(now: datetime.datetime) -> list[int]:
    """Return the ids of the sources that are to be read now."""
    return list(ImportSource.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:100])


def read(source_id: int) -> ContactImport | None:
    """Read a source that is due, and import its file if it changed; returns the import that began. Never raises.

    What goes wrong is told on the source. One worker reads it at a time: it is claimed by its next time.
    """
    now = DatabaseClock().now()
    if not ImportSource.objects.filter(pk=source_id, next_at__lte=now).update(next_at=now + LEASE):
        return None
    source = ImportSource.objects.select_related("owner", "pattern__contact_list").get(pk=source_id)
    seal(source)
    following = now + datetime.timedelta(hours=source.every_hours)
    try:
        made = _import_changes(source, now)
    except Halts as refusal:
        _fail(source, str(refusal), now, None)
    except PermissionDenied:
        _fail(source, _out_of_reach(), now, None)
    except (Refusal, FileRefused, outbound.NotRead) as refusal:
        _fail(source, str(refusal), now, following)
    except Exception:
        logger.exception("source=%s: could not be read", source.pk)
        _fail(source, _("Something went wrong. The error was logged, and it will be tried again."), now, following)
    else:
        _of(source).update(next_at=following, looked_at=now, problem="", failing_since=None)
        return made
    return None


def _out_of_reach() -> str:
    return _("The user who added it no longer has access to its list. Another user must add it again.")


def _of(source: ImportSource) -> models.QuerySet[ImportSource]:
    # One that a person paused meanwhile stays so.
    return ImportSource.objects.filter(pk=source.pk, next_at__isnull=False)


def _fail(source: ImportSource, why: str, now: datetime.datetime, following: datetime.datetime | None) -> None:
    """Tell what went wrong; halt the source where it cannot go on (`following` is None) or has failed for days."""
    since = source.failing_since or now
    is_over = following is None or now - since >= GIVEN_UP_AFTER
    with transaction.atomic():
        changed = _of(source).update(
            next_at=None if is_over else following,
            looked_at=now,
            problem=why[:MAX_REASON],
            failing_since=since,
            halted_at=now if is_over else None,
        )
        if changed and is_over:
            record(None, "import_source.halted", source, host=host_of(source))


def _import_changes(source: ImportSource, now: datetime.datetime) -> ContactImport | None:
    pattern, owner = source.pattern, source.owner
    if pattern is None or pattern.contact_list is None:
        raise Halts(
            _("Its first import or its list no longer exists. Import a file manually once and repeat that import.")
        )
    if owner is None or not may(owner, "import_people"):
        raise Halts(
            _("The user who added it no longer has permission to import contacts. Another user must add it again.")
        )
    if not changed_by(owner, ContactList.objects.filter(pk=pattern.contact_list.pk)).exists():
        raise Halts(_out_of_reach())
    address = address_of(source)
    found = outbound.read_file(address, settings.OUTBOUND_HOSTS, etag=source.etag, most_bytes=limits().max_bytes)
    digest = hashlib.sha256(found.content).hexdigest()
    if found.is_unchanged or digest == source.digest:
        return None
    name = host_of(source) + (".xlsx" if found.content.startswith(b"PK") else ".csv")
    made = upload.take_file(io.BytesIO(found.content), name, pattern.region, owner)
    try:
        record(owner, "import.uploaded", made, bytes=len(found.content), source=source.pk)
        _choose_as_before(made, pattern)
        check_import(made.pk)
        made.refresh_from_db()
        if made.status != ContactImport.Status.CHECKED:
            raise FileRefused(made.refused_reason or _("The file cannot be read completely."))
        with transaction.atomic():
            saving.begin_saving(made.pk, owner, tags=pattern.tags, consent_source=pattern.consent_source)
            # With the beginning: a file is imported once, however often a reading is begun anew.
            kept = {"digest": digest, "etag": found.etag, "last_import": made}
            ImportSource.objects.filter(pk=source.pk).update(**kept)
            queue.nudge_import(made.pk)
    except BaseException:
        upload.drop(made)
        raise
    return made


def _choose_as_before(made: ContactImport, pattern: ContactImport) -> None:
    """Give the file the meaning of the first one's columns. Raises FileRefused where its columns are others."""
    if _titles(made.headers) != _titles(pattern.headers):
        raise FileRefused(
            _("Its columns differ from those of the first import. Import it manually once and repeat that import.")
        )
    before, now = ColumnMapping.from_json(pattern.mapping), ColumnMapping.from_json(made.mapping)
    mapping = replace(
        now, columns=before.columns, update_known=before.update_known, asks={}, untitled=before.untitled,
        hidden_rows=before.hidden_rows,
    )  # fmt: skip
    made.two_numbers, made.answers = pattern.two_numbers, pattern.answers
    made.save(update_fields=["two_numbers", "answers"])
    upload.map_columns(made, mapping, region=pattern.region, contact_list=pattern.contact_list, list_name="")


def _titles(headers: Iterable[str]) -> list[str]:
    return [plain_title(one) for one in headers]
