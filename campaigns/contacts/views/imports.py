"""Views of importing a file of people or of do-not-call numbers: upload, columns, check, save, progress, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

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
from callcenter.audit.models import record as record_audit
from callcenter.one_at_a_time import one_at_a_time
from campaigns import queue
from campaigns.contacts.do_not_call import OptOut
from campaigns.contacts.forms.import_rows import TwoNumbersForm
from campaigns.contacts.forms.imports import FileForm, OptOutFileForm, SaveForm
from campaigns.contacts.forms.opt_out_imports import AnswersForm, OptOutSaveForm
from campaigns.contacts.importing import upload as upload_module
from campaigns.contacts.importing.columns.reading_words import what_is_read
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows import opt_outs
from campaigns.contacts.importing.rows.findings import UNCLEAR_DATES, consent_rows
from campaigns.contacts.importing.rows.notes import NOTES
from campaigns.contacts.importing.rows.validation import bad_rows, check_import
from campaigns.contacts.importing.rows.verdicts import ADDED, MEANINGS, OF_OPT_OUTS, SAVED, RowVerdict
from campaigns.contacts.importing.saved import forgetting, saving, undoing
from campaigns.contacts.importing.sources import keeping as sources
from campaigns.core.csv_cells import BOM
from campaigns.core.explanations import stops_in_words
from campaigns.core.installation import current
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
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
    RowVerdict.OPTED_OUT: ("warn", "hand"),
    RowVerdict.HELD: ("warn", "alert"),
    RowVerdict.ENDED: ("plain", "clock"),
    RowVerdict.SAYS_NO: ("plain", "minus"),
    RowVerdict.LEFT_OUT: ("plain", "minus"),
    RowVerdict.BAD: ("bad", "cross"),
}
Status = ContactImport.Status
View = Callable[..., HttpResponseBase]


def limited_upload(view: View) -> View:
    """Decorate a view to answer 413 to a request larger than an import may be, before its body is read."""
    protected = csrf_protect(view)

    @wraps(view)
    def measured(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Asked for only where a body comes: a page that is looked at needs no limit.
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > FORM_BYTES and length > (limits := current()).import_max_bytes + FORM_BYTES:
            most = limits.import_max_megabytes
            # An unbound form: reading the posted data would read the file.
            request.META["CONTENT_LENGTH"] = "0"
            refusal = _("This file is larger than %(megabytes)s MB. Split it into smaller files.") % {"megabytes": most}
            return render(request, "contacts/importing/too_large.html", {"refusal": refusal}, status=413)
        return protected(request, *args, **kwargs)

    measured.takes_upload = True  # type: ignore[attr-defined]
    # CSRF protection reads the body, so it is applied inside the check of the size.
    return csrf_exempt(measured)


def theirs(request: HttpRequest) -> QuerySet[ContactImport]:
    """Return the imports that the user may see, or change by what they send.

    Those of people need the right to import people, those of do-not-call numbers the right to add to that list.
    """
    imports = ContactImport.objects.select_related("contact_list", "owner")
    person = cast(AbstractUser, request.user)
    if not may(person, "import_people"):
        imports = imports.filter(purpose=ContactImport.Purpose.DO_NOT_CALL)
    return (seen_by if request.method == "GET" else changed_by)(person, imports)


@limited_upload
@needs("import_people")
def new_import(request: HttpRequest) -> HttpResponse:
    """Accept a file of people, and show earlier imports."""
    return _take(request, ContactImport.Purpose.PEOPLE)


@limited_upload
@needs("add_do_not_call")
def new_opt_outs(request: HttpRequest) -> HttpResponse:
    """Accept a file of numbers for the do-not-call list, and show earlier ones."""
    return _take(request, ContactImport.Purpose.DO_NOT_CALL)


def _take(request: HttpRequest, purpose: ContactImport.Purpose) -> HttpResponse:
    is_of_opt_outs = purpose == ContactImport.Purpose.DO_NOT_CALL
    form = (OptOutFileForm if is_of_opt_outs else FileForm)(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile[Any] = form.cleaned_data["file"]
        try:
            record = upload_module.take_file(
                upload, upload.name or "file", form.cleaned_data["region"], cast(AbstractUser, request.user), purpose
            )
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            record_audit(request.user, "import.uploaded", record, bytes=upload.size)
            return redirect("import-map", record.pk)
    now = current()
    return render(
        request,
        "contacts/importing/new.html",
        {
            "form": form,
            "is_of_opt_outs": is_of_opt_outs,
            "has_halted_source": not is_of_opt_outs and sources.has_halted(cast(AbstractUser, request.user)),
            "page": page_by_key(theirs(request).filter(purpose=purpose), request.GET, size=20),
            "most_megabytes": now.import_max_megabytes,
            "most_rows": now.import_max_rows,
            "keep_days": now.import_keep_days,
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
        xlsx.finish(sheet, written, _("Contacts"))
    answer.write(written.getvalue())
    return answer


def lost_file(request: HttpRequest, record: ContactImport, error: Exception) -> HttpResponse:
    """Lead to the upload of the file where it cannot be read any more, with the reason."""
    reason = str(error) if isinstance(error, FileRefused) else _("The file can no longer be found.")
    messages.error(request, reason + " " + _("Upload it again."))
    return redirect("do-not-call-import" if record.is_of_opt_outs else "import-new")


@needs("add_do_not_call")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what saving would do with the rows; saves nothing."""
    record = get_object_or_404(theirs(request), pk=pk)
    if record.status == Status.UPLOADED:
        return redirect("import-map", pk)
    if record.status != Status.CHECKED:
        return redirect("import", pk)
    return _show_check(request, record, OptOutSaveForm() if record.is_of_opt_outs else SaveForm())


@require_POST
@needs("add_do_not_call")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what a user says of the whole file, and check every row anew."""
    record = get_object_or_404(theirs(request), pk=pk)
    form = AnswersForm(request.POST, record)
    if record.status == Status.CHECKED and form.is_valid():
        upload_module.answer(record, **form.answers())
        record_audit(request.user, "import.changed", record, what="answers")
        try:
            record = check_import(pk)
        except FileRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("import-map", pk)
    return redirect("import-check" if record.status == Status.CHECKED else "import", pk)


def _show_check(request: HttpRequest, record: ContactImport, form: SaveForm | OptOutSaveForm) -> HttpResponse:
    groups = verdict_rows(record)
    saved = ADDED if record.is_of_opt_outs else SAVED
    forbidden = () if record.is_of_opt_outs else (RowVerdict.OPTED_OUT,)
    left_out = [row for row in groups if row["verdict"] not in {*saved, *forbidden}]
    return render(
        request,
        "contacts/importing/check.html",
        {
            "record": record,
            "form": form,
            "reading": what_is_read(record),
            "questions": AnswersForm(None, record),
            "unclear_dates": record.counts.get(UNCLEAR_DATES, 0),
            "consent": consent_rows(record),
            "saved": [row for row in groups if row["verdict"] in saved],
            "forbidden": [row for row in groups if row["verdict"] in forbidden and row["count"]],
            "left_out": left_out,
            "to_save": sum(row["count"] for row in groups if row["verdict"] in saved),
            "to_forbid": sum(row["count"] for row in groups if row["verdict"] in forbidden),
            "out": sum(row["count"] for row in left_out),
            "two_numbers": TwoNumbersForm(initial={"which": record.two_numbers}) if record.rows_with_several else None,
        },
        status=422 if form.errors else 200,
    )


def verdict_rows(record: ContactImport) -> list[dict[str, Any]]:
    """Return for each verdict its word, icon, count, explanation and first rows, in the page's language."""
    rows = []
    meanings = OF_OPT_OUTS if record.is_of_opt_outs else MEANINGS
    for verdict in (*SAVED, *(other for other in RowVerdict if other not in SAVED)):
        if verdict not in meanings:
            continue
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
                "meaning": meanings[verdict],
                "samples": samples,
            }
        )
    return rows


@require_POST
@needs("add_do_not_call")
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Save a checked import: small files at once, larger ones in the background. Idempotent."""
    record = get_object_or_404(theirs(request), pk=pk)
    form = OptOutSaveForm(request.POST) if record.is_of_opt_outs else SaveForm(request.POST)
    if record.status == Status.CHECKED and not form.is_valid():
        return _show_check(request, record, form)
    try:
        if record.status == Status.CHECKED:
            found = form.cleaned_data
            if record.is_of_opt_outs:
                opt_out = OptOut(found["reason"], found["until"])
                saving.begin_saving(pk, request.user, opt_out=opt_out, opt_out_source=found["source"])
            else:
                saving.begin_saving(pk, request.user, **found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("import-check" if record.counts.get(UNCLEAR_DATES) else "import-map", pk)
    record.refresh_from_db()
    if record.status == Status.SAVING:
        if record.total_rows <= saving.SMALL:
            saving.save_import(pk)
        else:
            queue.nudge_import(pk)
    return redirect("import", pk)


@needs("add_do_not_call")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the result of an import, or its progress."""
    record = get_object_or_404(theirs(request), pk=pk)
    if record.status in {Status.UPLOADED, Status.CHECKED}:
        return redirect("import-check" if record.status == Status.CHECKED else "import-map", pk)
    return render(
        request,
        "contacts/importing/import.html",
        {
            "record": record,
            "reading": what_is_read(record),
            "stops": stops_in_words(opt_outs.stops_of(record)),
            "rows": [row for row in verdict_rows(record) if row["count"]],
            "kept_until": forgetting.kept_until(record),
            "obstacle": undoing.obstacle(record) if record.status == Status.SAVED else None,
        },
    )


@needs("add_do_not_call")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress for htmx; when saving is done, the answer makes the page reload."""
    record = get_object_or_404(theirs(request), pk=pk)
    answer = render(request, "contacts/importing/_progress.html", {"record": record})
    if record.status != Status.SAVING:
        answer.status_code = STOP_POLLING
        answer["HX-Refresh"] = "true"
    return answer


@needs("add_do_not_call")
@one_at_a_time
def bad_rows_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the bad rows as a download, each with what is wrong."""
    record = get_object_or_404(theirs(request), pk=pk)
    if not record.file:
        messages.info(request, _("The file and its invalid rows were deleted."))
        return redirect("import", pk)
    try:
        lines = bad_rows(record)
    except (FileRefused, OSError) as error:
        return lost_file(request, record, error)

    record_audit(request.user, "import.bad_rows_fetched", record)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="bad-rows-{record.pk}.csv"'
    return answer


@require_POST
@needs("add_do_not_call")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an import."""
    record = get_object_or_404(theirs(request), pk=pk)
    try:
        done = undoing.undo_import(pk, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _undone_words(record, done))
    return go_back(request, "import", pk)


def _undone_words(record: ContactImport, done: dict[str, int]) -> str:
    people = ngettext("%(n)d contact was removed.", "%(n)d contacts were removed.", done["people"])
    numbers = ngettext(
        "%(n)d number was removed from the do-not-call list.",
        "%(n)d numbers were removed from the do-not-call list.",
        done["numbers"],
    )
    said = [] if record.is_of_opt_outs else [people % {"n": done["people"]}]
    if record.is_of_opt_outs or done["numbers"]:
        said.append(numbers % {"n": done["numbers"]})
    if done["own"]:
        stays = ngettext(
            "%(n)d number stays on the do-not-call list until a second user confirms its removal.",
            "%(n)d numbers stay on the do-not-call list until a second user confirms their removal.",
            done["own"],
        )
        said.append(stays % {"n": done["own"]})
    return " ".join(said)
