"""The job that writes exports in slices: the row is the job, under a lease; after a crash another worker continues."""

from __future__ import annotations

import datetime
import logging
import os
import shutil
import uuid
from array import array
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from callcenter.access.roles import may
from campaigns import queue
from campaigns.core import progress
from campaigns.core.clock import has_passed, still_holds
from campaigns.core.export_limits import RIGHTS
from campaigns.core.happenings import happened
from campaigns.core.stored_files import StorageAway
from campaigns.core.turns import Turn
from campaigns.exports import batches, files, json_rows, xlsx
from campaigns.exports.contents import Contents, Impossible, contents_of
from campaigns.exports.files import packed_of, part_of
from campaigns.exports.requests import KEPT, UNFINISHED, State
from campaigns.models import CallExport

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
PACK_SECONDS = 20.0
"""A slice that has already run for this many seconds leaves the packing of a workbook to the next slice."""
LEASE = datetime.timedelta(seconds=120)
"""Renewed with every batch; longer than packing a workbook takes."""
BATCH = batches.SIZE
"""Rows written between two updates of the row."""
MOST_TRIES = 5
"""An export that made no progress this many times fails."""
ENDS: dict[str, str] = {CallExport.Format.XLSX: xlsx.END, CallExport.Format.JSON: json_rows.END}
"""What stands behind the last row, by format."""
MAX_ERROR = CallExport._meta.get_field("error").max_length


class Stopped(Exception):
    """Raised to end the writing because the export was deleted, or another writer has its lease."""


def write(export_id: int, seconds: float = SLICE_SECONDS) -> bool:
    """Continue writing an export for at most `seconds`; returns whether its file is ready.

    Idempotent, also with several workers at once.
    """
    export = _take(export_id)
    if export is None:
        return False
    is_ready = False
    try:
        with translation.override(export.language), timezone.override(export.zone):
            try:
                is_ready = _Writer(export, seconds).write()
            except Impossible as problem:
                _fail(export, str(problem))
            except StorageAway:
                _mine(export).update(error=_("The file storage cannot be reached.")[:MAX_ERROR])
                raise
            except OSError:
                _mine(export).update(error=_("The server's disk may be full. Tell an admin.")[:MAX_ERROR])
                raise
            except Stopped:
                forget_if_gone(export)
    finally:
        # Release the lease in any case, so that the next worker need not wait until it lapses.
        _mine(export).update(lease=None, lease_until=None)
    for waiting in unfinished(timezone.now())[:1]:
        queue.nudge_export(waiting)
    return is_ready


def unfinished(now: datetime.datetime) -> list[int]:
    """Return the id of the next export to write, as a list; empty while another one is being written.

    The one that has got least far goes first, so that a short one does not wait for the end of a long one.
    """
    open_exports = CallExport.objects.filter(state__in=UNFINISHED)
    if open_exports.filter(still_holds("lease_until", now, LEASE)).exists():
        # One export at a time, because the workers' first task is calls.
        return []
    return list(open_exports.order_by("done_rows", "id").values_list("pk", flat=True)[:1])


def _take(export_id: int) -> CallExport | None:
    now, lease = timezone.now(), uuid.uuid4()
    others = CallExport.objects.filter(still_holds("lease_until", now, LEASE), state__in=UNFINISHED).exclude(
        pk=export_id
    )
    if others.exists():
        return None
    free = CallExport.objects.filter(
        Q(lease_until__isnull=True) | has_passed("lease_until", now, LEASE), state__in=UNFINISHED
    )
    lapsed = free.filter(pk=export_id).values_list("lease", flat=True).first()
    if not free.filter(pk=export_id).update(
        state=State.WRITING, lease=lease, lease_until=now + LEASE, tries=F("tries") + 1
    ):
        return None
    export = CallExport.objects.select_related("owner").get(pk=export_id)
    if export.tries > MOST_TRIES:
        with translation.override(export.language):
            _fail(
                export,
                export.error or _("Creating the file failed several times. Narrow the filters, or tell an admin."),
            )
        return None
    if lapsed is not None and export.written_bytes and files.has_part(export):
        _move_on(export)
    return export


def _move_on(export: CallExport) -> None:
    """Continue in a copy of the file: the holder of the lapsed lease may still be writing to the old one."""
    before, ordered, name = part_of(export), files.order_of(export), f"{uuid.uuid4().hex}.{export.format}"
    if _mine(export).update(file=name):
        export.file = name
        shutil.copyfile(before, part_of(export))
        part_of(export).chmod(0o600)
        before.unlink(missing_ok=True)
        if export.order:
            # Whoever wrote it has read it: nobody writes to it any more.
            ordered.replace(files.order_of(export))


def _mine(export: CallExport) -> QuerySet[CallExport]:
    return CallExport.objects.filter(pk=export.pk, lease=export.lease, state=State.WRITING)


def _fail(export: CallExport, sentence: str) -> None:
    logger.warning("export=%s failed", export.pk)
    if _mine(export).update(
        state=State.FAILED, error=sentence[:MAX_ERROR], finished_at=timezone.now(), lease_until=None,
        # Expired at once: the minute job deletes what was written, where that fails here.
        expires_at=timezone.now(),
    ):  # fmt: skip
        files.forget_files(export)


def forget_if_gone(export: CallExport) -> None:
    """Delete the unfinished file of an export that was deleted meanwhile."""
    if not CallExport.objects.filter(pk=export.pk, state__in=[*UNFINISHED, State.READY]).exists():
        files.forget_files(export)


class _Writer:
    """Writes one export during one slice."""

    def __init__(self, export: CallExport, seconds: float) -> None:
        self._export = export
        self._turn = Turn(seconds)
        self._is_xlsx = export.format == CallExport.Format.XLSX

    def write(self) -> bool:
        """Write until the file is ready (True), or until the time is up and the next slice is nudged (False)."""
        export = self._export
        contents, ids = self._begin()
        with self._open(contents) as file:
            for start in range(0, len(ids), BATCH):
                chunk = ids[start : start + BATCH].tolist()
                file.write(contents.written(chunk, is_first=not export.done_rows).encode())
                file.flush()
                self._keep(written_bytes=file.tell(), last_id=chunk[-1], done_rows=export.done_rows + len(chunk))
                if progress.tell() or self._turn.is_over():
                    break
            is_whole = not ids or export.last_id == ids[-1]
            if is_whole:
                file.write(ENDS.get(export.format, "").encode())
        if not is_whole or (self._is_xlsx and self._turn.took > PACK_SECONDS):
            files.hand_on(export)
            forget_if_gone(export)
            return False
        self._finish(contents.title)
        return True

    def _begin(self) -> tuple[Contents, array[int]]:
        """Return what the file holds, and the ids of the rows still to be written, in the order of the file."""
        export = self._export
        owner = export.owner
        if owner is None or not owner.is_active or not may(owner, RIGHTS[export.kind]):
            raise Impossible(_("The user who requested this file no longer has permission to export it."))
        assert isinstance(owner, User)
        if not export.file:
            self._keep(file=f"{uuid.uuid4().hex}.{export.format}")
        if export.written_bytes and not files.has_part(export):
            # The file is shorter than the bytes recorded as written: start again, under another name, so that what
            # lies on another host is never mixed with it.
            files.order_of(export).unlink(missing_ok=True)
            name = f"{uuid.uuid4().hex}.{export.format}"
            self._keep(file=name, written_bytes=0, last_id=None, done_rows=0, total_rows=None)
        contents = contents_of(export, owner)
        rows = contents.found()
        if export.newest_id is None:
            newest = rows.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
            self._keep(newest_id=newest or 0)
        rows = rows.filter(pk__lte=export.newest_id)
        if not export.written_bytes and (columns := contents.columns(rows)) is not None:
            self._keep(columns=columns)
        ids = self._left_in_order(contents, rows) if export.order else self._left_of_newest(contents, rows)
        if export.total_rows is None:
            if self._is_xlsx and len(ids) > xlsx.MOST_ROWS:
                raise Impossible(_("An Excel sheet holds about a million rows. Choose CSV, or narrow the filters."))
            self._keep(total_rows=len(ids))
        return contents, ids

    def _left_of_newest(self, contents: Contents, rows: QuerySet[Any]) -> array[int]:
        if self._export.last_id is not None:
            rows = rows.filter(pk__lt=self._export.last_id)
        return array("Q", contents.in_order(rows).values_list("pk", flat=True).iterator(chunk_size=10_000))

    def _left_in_order(self, contents: Contents, rows: QuerySet[Any]) -> array[int]:
        """Return the ids after those that are written, in the order that they had when the first one was.

        Answers may change while a file is written: in an order that is asked for anew, a call could stand twice.
        """
        export = self._export
        if export.written_bytes:
            return files.kept_order(export)[export.done_rows :]
        ids = array("Q", contents.in_order(rows).values_list("pk", flat=True).iterator(chunk_size=10_000))
        files.keep_order(export, ids)
        return ids

    def _open(self, contents: Contents) -> _Part:
        export = self._export
        file = _Part(part_of(export), export.written_bytes)
        if not export.written_bytes:
            file.write(contents.header().encode())
        return file

    def _finish(self, title: str) -> None:
        export = self._export
        written = part_of(export)
        if self._is_xlsx:
            self._keep()
            written = packed_of(export)
            with written.open("wb") as target:
                xlsx.finish(part_of(export), target, title)
            written.chmod(0o600)
        self._keep()
        size = files.finish(export, written)
        now = timezone.now()
        with transaction.atomic():
            self._keep(
                state=State.READY, size=size, finished_at=now, expires_at=now + KEPT, error="",
                lease_until=None,
            )  # fmt: skip
            happened("export.ready", export.pk)

    def _keep(self, **values: object) -> None:
        """Store the progress if we still have the lease (else raises Stopped); progress resets the count of tries."""
        values = {"lease_until": timezone.now() + LEASE, **values}
        if {"last_id", "state"} & values.keys():
            values["tries"] = 0
        if not _mine(self._export).update(**values):
            raise Stopped
        for name, value in values.items():
            setattr(self._export, name, value)


class _Part:
    """The unfinished file as a context manager; bytes beyond the `certain` ones are cut off on opening."""

    def __init__(self, path: Path, certain: int) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "r+b")
        self._file.truncate(certain)
        self._file.seek(certain)
        self.write, self.flush, self.tell = self._file.write, self._file.flush, self._file.tell

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._file.close()
