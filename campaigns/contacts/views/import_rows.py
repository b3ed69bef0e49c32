"""Views of the rows of an import: all of them in a table, each bad or doubtful one corrected in place."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.access.sealed_searches import address_query
from callcenter.audit.models import record as record_audit
from campaigns.contacts.forms.import_rows import RowForm, TwoNumbersForm
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows import corrections, row_pages
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.notes import NOTES
from campaigns.contacts.importing.rows.validation import check_import, reader_of
from campaigns.contacts.importing.rows.verdicts import RowVerdict
from campaigns.contacts.views.imports import TONES, lost_file, theirs
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import MAX_SEARCH, go_back
from campaigns.models import ContactImport

MOST_PAGES = 10_000
Status = ContactImport.Status


@needs("add_do_not_call")
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rows of an import, by verdict and by words, page by page."""
    record = get_object_or_404(theirs(request), pk=pk)
    if record.status not in {Status.CHECKED, Status.SAVING, Status.SAVED}:
        return redirect("import", pk)
    return _show(request, record)


def _show(request: HttpRequest, record: ContactImport, form: RowForm | None = None) -> HttpResponse:
    verdict, words = request.GET.get("verdict", ""), request.GET.get("q", "")[:MAX_SEARCH]
    if verdict not in {*RowVerdict.values, row_pages.DOUBTFUL}:
        verdict = ""
    is_open = record.status == Status.CHECKED
    try:
        page = row_pages.page_of(record, verdict=verdict, words=words, number=_page_number(request))
        fixed = _asked_row(request.GET.get("fix", "")) if is_open and form is None else None
        if fixed is not None and (row := row_pages.row_of(record, *fixed)) is not None:
            form = RowForm(None, row, reader_of(record), record.headers)
    except (FileRefused, OSError) as error:
        return lost_file(request, record, error)
    context = {
        "record": record,
        "page": page,
        "rows": [(shown, *TONES[shown.verdict]) for shown in page.rows],
        "verdict": verdict,
        "q": words,
        "tabs": _tabs(record),
        "is_open": is_open,
        "form": form,
        "here": _address(record, verdict=verdict, q=words, page=page.number if page.number > 1 else ""),
    }
    return render(request, "contacts/importing/rows.html", context, status=422 if form and form.errors else 200)


@require_POST
@needs("add_do_not_call")
def fix_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one row in place, leave it out, or take the correction back; then judge all rows again."""
    record = get_object_or_404(theirs(request), pk=pk)
    asked = _asked_row(request.POST.get("row", ""))
    action = request.POST.get("action", "save")
    try:
        row = row_pages.row_of(record, *asked) if asked is not None else None
        if row is None:
            messages.error(request, _("This row is no longer in the file."))
            return redirect("import-rows", pk)
        if action == "save":
            form = RowForm(request.POST, row, reader_of(record), record.headers)
            if not form.is_valid():
                return _show(request, record, form)
            if not form.changed_cells():
                messages.info(request, _("Nothing was changed in row %(n)d.") % {"n": row.number})
                return go_back(request, "import-rows", pk)
            corrections.correct_row(pk, row.sheet, row.number, form.changed_cells(), request.user)
        elif action == "leave_out":
            corrections.leave_out(pk, row.sheet, row.number, request.user)
        elif action == "use_instead" and row.same_as:
            corrections.leave_out(pk, row.same_as_sheet, row.same_as, request.user)
        elif action == "restore":
            corrections.restore_row(pk, row.sheet, row.number, request.user)
        record_audit(request.user, "import.changed", record, what="row", fields=[str(row.number)])
        _judge_again(request, pk, row)
    except (FileRefused, OSError) as error:
        return lost_file(request, record, error)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return go_back(request, "import-rows", pk)


@require_POST
@needs("add_do_not_call")
def choose_number(request: HttpRequest, pk: int) -> HttpResponse:
    """Say once for the file which of several numbers in a cell counts, and judge all rows again."""
    record = get_object_or_404(theirs(request), pk=pk)
    form = TwoNumbersForm(request.POST)
    try:
        if form.is_valid():
            corrections.choose_number(pk, form.cleaned_data["which"])
            record_audit(request.user, "import.changed", record, what="numbers")
            check_import(pk)
        else:
            messages.error(request, _("Choose which number to use."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("import-check", pk)


def _judge_again(request: HttpRequest, pk: int, before: FileRow) -> None:
    """Judge the whole file again, because one row may change what others are, and say what the row is now."""
    record = check_import(pk)
    if record.status != Status.CHECKED:
        return
    row = row_pages.row_of(record, *before.key)
    if row is None:
        return
    verdict = row_pages.verdict_of(record, row)
    words = {"n": row.number, "result": verdict.label}
    if row.problem and not row.is_left_out:
        reason = NOTES[row.problem]
        messages.error(request, _("Row %(n)d still cannot be saved: %(reason)s") % {"n": row.number, "reason": reason})
    else:
        messages.success(request, _("Row %(n)d: %(result)s") % words)


def _tabs(record: ContactImport) -> list[dict[str, Any]]:
    """Return the verdicts that rows have, each with its count."""
    return [
        {"verdict": verdict.value, "label": verdict.label, "count": record.counts[verdict.value]}
        for verdict in RowVerdict
        if record.counts.get(verdict.value)
    ]


def _asked_row(text: str) -> tuple[str, int] | None:
    """Return sheet and row number from "7" or "7:Sheet"; None for anything else."""
    number, _colon, sheet = text.partition(":")
    return (sheet, int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else 1


def _address(record: ContactImport, **given: object) -> str:
    asked = address_query((name, value) for name, value in given.items() if value)
    address = reverse("import-rows", args=[record.pk])
    return f"{address}?{asked}" if asked else address
