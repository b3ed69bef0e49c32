"""Retention of uploaded files: deletes them some days after the import was saved or abandoned; its counts are kept."""

from __future__ import annotations

import datetime
import logging

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import record as record_audit
from campaigns.contacts import doubtful_wishes
from campaigns.contacts.importing.rows.corrections import forget_corrections
from campaigns.contacts.importing.saved.rows_kept import forget_refused
from campaigns.core import stored_files
from campaigns.core.installation import current
from campaigns.models import ContactImport
from campaigns.models.imports import FOLDER

logger = logging.getLogger(__name__)

FILES_A_RUN = 100
"""Files removed in one run; the next run, a minute later, goes on."""
Status = ContactImport.Status


def kept_until(record: ContactImport) -> datetime.datetime:
    """Return when the file of an import will be deleted."""
    return (record.saved_at or record.created_at) + datetime.timedelta(days=current().import_keep_days)


def forget_files(now: datetime.datetime | None = None) -> int:
    """Delete files older than the settings keep them, at most `FILES_A_RUN`; returns how many. Idempotent.

    An import that nobody saved is refused first, so that its saving cannot begin while its file is deleted.
    """
    days = current().import_keep_days
    old = (now or timezone.now()) - datetime.timedelta(days=days)
    left_lying = ContactImport.objects.filter(status__in=[Status.UPLOADED, Status.CHECKED], created_at__lt=old)
    left_lying.update(
        status=Status.REFUSED,
        refused_reason=_("The file was deleted because it was not saved within %(days)s days.") % {"days": days},
    )
    over = Q(status__in=[Status.SAVED, Status.UNDONE], saved_at__lt=old) | Q(status=Status.REFUSED, created_at__lt=old)
    found = list(ContactImport.objects.filter(over).exclude(file="").order_by("pk")[:FILES_A_RUN])
    for record in found:
        # The file before the row: after a crash in between, the next run still finds the row.
        try:
            stored_files.forget(str(record.file.name))
        except stored_files.StorageAway:
            logger.warning("import=%s: its file cannot be deleted, the storage is away; trying again", record.pk)
            continue
        # Samples, refused and corrected rows contain names and numbers too.
        forget_refused(record.pk)
        forget_corrections(record.pk)
        doubtful_wishes.forget_words(record)
        ContactImport.objects.filter(pk=record.pk).update(file="", samples={})
        record_audit(None, "import.file_removed", record, rows=record.total_rows)
    stored_files.forget_copies(FOLDER)
    return len(found) + _forget_strays(old)


def _forget_strays(old: datetime.datetime) -> int:
    """Delete files that belong to no import, because their upload broke off."""
    if stored_files.is_elsewhere() and timezone.now().minute:
        # Once an hour: elsewhere, each file's age is a request.
        return 0
    try:
        aged = stored_files.older_than(FOLDER, old)
        named = set(ContactImport.objects.filter(file__in=aged[:FILES_A_RUN]).values_list("file", flat=True))
        strays = [name for name in aged[:FILES_A_RUN] if name not in named]
        for name in strays:
            stored_files.forget(name)
    except stored_files.StorageAway:
        logger.warning("uploaded files without an import were not looked for: the storage is away")
        return 0
    if strays:
        logger.info("removed %s uploaded files without an import", len(strays))
    return len(strays)
