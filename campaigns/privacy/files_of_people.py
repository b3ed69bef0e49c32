"""What names a person outside of their own rows: exports, uploads and their rows, saved filters, kept forms, tasks."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import unquote_plus

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext as _

from callcenter.access.models import KeptForm
from campaigns.core import stored_files
from campaigns.exports import files
from campaigns.models import CallExport, ContactImport, CorrectedRow, RefusedRow, SavedFilter
from campaigns.numbers import text_of_digits
from campaigns.privacy.finding import ENDING, Person
from providers.fields import box

Status = ContactImport.Status


def erase(person: Person) -> Counter[str]:
    """Remove what names a person; each piece by itself, so that a run that breaks off is done again.

    Raises StorageAway where files cannot be reached now.
    """
    done: Counter[str] = Counter()
    done["exports"] = _erase_exports(person)
    done["uploaded files"] = _erase_uploads(person)
    done["rows of imports"] = _erase_rows(person)
    for one in SavedFilter.objects.all():
        if person.is_named_in(unquote_plus(one.query)) or person.is_named_in(one.name):
            one.delete()
            done["saved filters"] += 1
    for kept in KeptForm.objects.all():
        if _is_named_in_form(kept, person):
            kept.delete()
            done["kept forms"] += 1
    for task in apps.get_model("django_q.Task")._base_manager.all().iterator(chunk_size=500):
        if person.is_named_in(f"{task.args!r} {task.kwargs!r} {task.result!r}"):
            task.delete()
            done["tasks of the queue"] += 1
    for entry in apps.get_model("admin.LogEntry")._base_manager.all().iterator(chunk_size=500):
        if person.is_named_in(f"{entry.object_repr} {entry.change_message}"):
            entry.delete()
            done["entries of Set-up"] += 1
    return done


def _is_named_in_form(kept: KeptForm, person: Person) -> bool:
    try:
        text = json.loads(box().decrypt(kept.sealed.encode()))
    except (InvalidToken, ValueError):
        return False
    return person.is_named_in(text) or person.is_named_in(unquote_plus(f"{kept.page} {kept.action}"))


def _erase_exports(person: Person) -> int:
    """Delete the files of exports that name the person; unfinished ones are begun anew."""
    done = 0
    for export in CallExport.objects.exclude(file="").exclude(state=CallExport.State.DELETED):
        if export.state == CallExport.State.READY:
            try:
                with stored_files.open_stored(files.name_of(export)) as file:
                    is_named = person.is_named_in_file(file.read())
            except FileNotFoundError:
                is_named = False
            if not is_named:
                continue
        files.forget_files(export)
        CallExport.objects.filter(pk=export.pk).update(
            state=CallExport.State.DELETED, expires_at=None, lease=None, lease_until=None
        )
        done += 1
    for export in CallExport.objects.all():
        if person.is_named_in([export.words, export.filters]):
            exports = CallExport.objects.filter(pk=export.pk)
            # Without its filters, one that is not written yet would be of everybody.
            exports.filter(state__in=[CallExport.State.WAITING, CallExport.State.WRITING]).update(
                state=CallExport.State.DELETED
            )
            exports.update(words=[], filters={})
    return done


def _erase_uploads(person: Person) -> int:
    """Delete the uploaded files that name the person, and what is kept of them beside their counts."""
    done = 0
    for upload in ContactImport.objects.all():
        if person.is_named_in([upload.samples, upload.answers, upload.original_name, upload.mapping]):
            ContactImport.objects.filter(pk=upload.pk).update(samples={}, answers={}, original_name=str(_("A file")))
        if not upload.file:
            continue
        try:
            with stored_files.open_stored(str(upload.file.name)) as file:
                is_named = person.is_named_in_file(file.read())
        except FileNotFoundError:
            is_named = False
        if not is_named:
            continue
        stored_files.forget(str(upload.file.name))
        rows = ContactImport.objects.filter(pk=upload.pk)
        rows.update(file="", samples={})
        rows.filter(status__in=[Status.UPLOADED, Status.CHECKED]).update(
            status=Status.REFUSED,
            refused_reason=_(
                "The file was removed because a contact in it was erased. Upload it again without that contact."
            ),
        )
        done += 1
    return done


def _erase_rows(person: Person) -> int:
    """Delete refused and corrected rows of imports that name the person."""
    endings = {number[-ENDING:] for number in person.numbers}
    wanted = Q(name__in=person.names)
    for ending in endings:
        wanted |= Q(digits__contains=ending)
    done = RefusedRow.objects.filter(wanted).delete()[0]
    for row in RefusedRow.objects.iterator(chunk_size=500):
        if any(ending in text_of_digits(row.written) for ending in endings):
            row.delete()
            done += 1
    for corrected in CorrectedRow.objects.iterator(chunk_size=500):
        if person.is_named_in(corrected.cells):
            corrected.delete()
            done += 1
    return done
