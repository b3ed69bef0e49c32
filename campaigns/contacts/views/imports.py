"""Views of importing people from a file: upload, columns, check, save, progress, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from callcenter.access.roles import may, needs
from campaigns import queue
from campaigns.contacts.forms.imports import FileForm, MappingForm, SaveForm
from campaigns.contacts.importing import forgetting, saving, undoing
from campaigns.contacts.importing import upload as upload_module
from campaigns.contacts.importing.limits import FileRefused
from campaigns.contacts.importing.people_rows import NOTES
from campaigns.contacts.importing.validation import MEANINGS, SAVED, RowVerdict, bad_rows, check_import
from campaigns.core.csv_cells import BOM
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back
from campaigns.exports import xlsx
from campaigns.models import ContactImport

STOP_POLLING = 286
TEMPLATES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORM_BYTES = 1024 * 1024
"""Bytes that a request may have beside its file."""
TONES = {
    RowVerdict.GOOD: ("good", "check"),
    RowVerdict.FIXED: ("info", "pencil"),
    RowVerdict.KNOWN: ("info", "people"),
    RowVerdict.IN_LIST: ("plain", "minus"),
    RowVerdict.DUPLICATE_IN_FILE: ("plain", "minus"),
    RowVerdict.DO_NOT_CALL: ("warn", "hand"),
    RowVerdict.BAD: ("bad", "cross"),
}
Status = ContactImport.Status
View = Callable[..., HttpResponseBase]


def limited_upload(view: View) -> View:
    """Decorate a view to answer 413 to a request larger than an import may be, before its body is read."""
    protected = csrf_protect(view)

    @wraps(view)
    def measured(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.IMPORT_MAX_BYTES + FORM_BYTES:
            most = settings.IMPORT_MAX_BYTES // (1024 * 1024) or 1
            # An unbound form: reading the posted data would read the file.
            request.META["CONTENT_LENGTH"] = "0"
            refusal = _("This file is larger than %(megabytes)s MB. Split it into smaller files.") % {"megabytes": most}
            return render(request, "contacts/importing/too_large.html", {"refusal": refusal}, status=413)
        return protected(request, *args, **kwargs)

    measured.takes_upload = True  # type: ignore[attr-defined]
    # CSRF protection reads the body, so it is applied inside the check of the size.
    return csrf_exempt(measured)


def _theirs(request: HttpRequest) -> QuerySet[ContactImport]:
    """Return the imports that the user may see: their own, or all with the permission to see everybody's work."""
    imports = ContactImport.objects.select_related("contact_list", "owner")
    person = cast(AbstractUser, request.user)
    return imports if may(person, "see_all_calls") else imports.filter(owner_id=person.pk)


@limited_upload
@needs("import_people")
def new_import(request: HttpRequest) -> HttpResponse:
    """Accept an upload, and show earlier imports."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile[Any] = form.cleaned_data["file"]
        try:
            record = upload_module.take_file(
                upload, upload.name or "file", form.cleaned_data["region"], cast(AbstractUser, request.user)
            )
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("import-map", record.pk)
    return render(
        request,
        "contacts/importing/new.html",
        {
            "form": form,
            "page": page_by_key(_theirs(request), request.GET, size=20),
            "most_megabytes": settings.IMPORT_MAX_BYTES // (1024 * 1024),
            "most_rows": settings.IMPORT_MAX_ROWS,
            "keep_days": settings.IMPORT_KEEP_DAYS,
        },
        status=422 if form.errors else 200,
    )


@needs("import_people")
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Return an empty file to fill in: CSV, or XLSX with cells formatted as text."""
    titles = [_("Name"), _("Phone number"), _("City"), _("Order")]
    example = ["Maryam Hosseini", "+989121234567", "Tehran", "4711"]
    answer = HttpResponse(content_type=TEMPLATES[kind])
    answer["Content-Disposition"] = f'attachment; filename="people.{kind}"'
    if kind == "csv":
        answer.write(BOM)
        csv.writer(answer).writerows([titles, example])
        return answer
    with TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheet"
        beginning = xlsx.header_of(titles, is_text=True)
        sheet.write_text(beginning + xlsx.rows_of([example]) + xlsx.END, encoding="utf-8")
        written = io.BytesIO()
        xlsx.finish(sheet, written, _("People"))
    answer.write(written.getvalue())
    return answer


@needs("import_people")
def map_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form for the columns' meaning and the list; on POST, check every row."""
    record = get_object_or_404(_theirs(request), pk=pk)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        return redirect("import", pk)
    try:
        form = MappingForm(request.POST or None, record, upload_module.first_rows(record))
        if request.method == "POST" and form.is_valid():
            found = form.cleaned_data
            upload_module.map_columns(
                record,
                form.mapping(),
                region=found["region"],
                contact_list=found["contact_list"],
                list_name=found["list_name"],
            )
            record = check_import(pk)
            return redirect("import-check" if record.status == Status.CHECKED else "import", pk)
    except (FileRefused, OSError) as error:
        return _lost(request, error)
    return render(
        request, "contacts/importing/map.html", {"form": form, "record": record}, status=422 if form.errors else 200
    )


def _lost(request: HttpRequest, error: Exception) -> HttpResponse:
    reason = str(error) if isinstance(error, FileRefused) else _("The file is not in its place any more.")
    messages.error(request, reason + " " + _("Upload it again."))
    return redirect("import-new")


@needs("import_people")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what saving would do with the rows; saves nothing."""
    record = get_object_or_404(_theirs(request), pk=pk)
    if record.status == Status.UPLOADED:
        return redirect("import-map", pk)
    if record.status != Status.CHECKED:
        return redirect("import", pk)
    return _show_check(request, record, SaveForm())


def _show_check(request: HttpRequest, record: ContactImport, form: SaveForm) -> HttpResponse:
    groups = verdict_rows(record)
    return render(
        request,
        "contacts/importing/check.html",
        {
            "record": record,
            "form": form,
            "saved": [row for row in groups if row["verdict"] in SAVED],
            "left_out": [row for row in groups if row["verdict"] not in SAVED],
            "to_save": sum(row["count"] for row in groups if row["verdict"] in SAVED),
            "out": sum(row["count"] for row in groups if row["verdict"] not in SAVED),
        },
        status=422 if form.errors else 200,
    )


def verdict_rows(record: ContactImport) -> list[dict[str, Any]]:
    """Return for each verdict its word, icon, count, explanation and first rows, in the page's language."""
    rows = []
    for verdict in (*SAVED, *(other for other in RowVerdict if other not in SAVED)):
        tone, icon = TONES[verdict]
        samples = [
            sample | {"note": NOTES[sample["note"]] if sample["note"] else ""}
            for sample in record.samples.get(verdict.value, [])
        ]
        rows.append(
            {
                "verdict": verdict,
                "tone": tone,
                "icon": icon,
                "count": record.counts.get(verdict.value, 0),
                "meaning": MEANINGS[verdict],
                "samples": samples,
            }
        )
    return rows


@require_POST
@needs("import_people")
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save a checked import: small files at once, larger ones in the background. Idempotent."""
    record = get_object_or_404(_theirs(request), pk=pk)
    form = SaveForm(request.POST)
    if record.status == Status.CHECKED and not form.is_valid():
        return _show_check(request, record, form)
    try:
        if record.status == Status.CHECKED:
            saving.begin_saving(pk, request.user, **form.cleaned_data)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("import-map", pk)
    record.refresh_from_db()
    if record.status == Status.SAVING:
        if record.total_rows <= saving.SMALL:
            saving.save_import(pk)
        else:
            queue.nudge_import(pk)
    return redirect("import", pk)


@needs("import_people")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the result of an import, or its progress."""
    record = get_object_or_404(_theirs(request), pk=pk)
    if record.status in {Status.UPLOADED, Status.CHECKED}:
        return redirect("import-check" if record.status == Status.CHECKED else "import-map", pk)
    return render(
        request,
        "contacts/importing/import.html",
        {
            "record": record,
            "rows": [row for row in verdict_rows(record) if row["count"]],
            "kept_until": forgetting.kept_until(record),
            "why_not_undone": undoing.why_not(record) if record.status == Status.SAVED else "",
        },
    )


@needs("import_people")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress for htmx; when saving is done, the answer makes the page reload."""
    record = get_object_or_404(_theirs(request), pk=pk)
    answer = render(request, "contacts/importing/_progress.html", {"record": record})
    if record.status != Status.SAVING:
        answer.status_code = STOP_POLLING
        answer["HX-Refresh"] = "true"
    return answer


@needs("import_people")
def bad_rows_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the bad rows as a download, each with what is wrong."""
    record = get_object_or_404(_theirs(request), pk=pk)
    if not record.file:
        messages.info(request, _("The file was removed; its bad rows are gone with it."))
        return redirect("import", pk)
    try:
        lines = bad_rows(record)
    except (FileRefused, OSError) as error:
        return _lost(request, error)

    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bad-rows-{record.pk}.csv"'
    return answer


@require_POST
@needs("import_people")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an import."""
    get_object_or_404(_theirs(request), pk=pk)
    try:
        done = undoing.undo_import(pk, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        text = ngettext("%(n)d person was removed again.", "%(n)d people were removed again.", done["people"])
        messages.success(request, text % {"n": done["people"]})
    return go_back(request, "import", pk)
