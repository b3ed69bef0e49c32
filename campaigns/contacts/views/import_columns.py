"""View of an import's columns: sheets, titles, what each column means, and the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from callcenter.access.roles import needs
from callcenter.audit.models import record as record_audit
from campaigns.contacts.forms.import_columns import MappingForm
from campaigns.contacts.forms.opt_out_imports import OptOutMappingForm
from campaigns.contacts.importing import country_change, upload
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.columns.reading_words import what_is_read
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.hidden_tops import hidden_in
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.views.imports import lost_file, theirs
from campaigns.models import ContactImport

MAX_CELL = 60
Status = ContactImport.Status


@needs("add_do_not_call")
def map_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Show sheets, titles and columns to choose from; on POST, read the file another way or check every row."""
    record = get_object_or_404(theirs(request), pk=pk)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        return redirect("import", pk)
    try:
        tops = upload.tops_of(record)
        hidden = hidden_in(record, tops)
        kind = OptOutMappingForm if record.is_of_opt_outs else MappingForm
        form = kind(request.POST or None, record, [row for top in tops for row in top.samples])
        if request.method == "POST":
            is_valid = form.is_valid()
            if "titles" in request.POST or "read_sheets" in request.POST or form.wants_other_sheets:
                return _read_another_way(request, record, form)
            if form.wants_other_country and not _is_as_guessed(record, form, is_valid=is_valid):
                messages.info(
                    request,
                    _(
                        "Columns were detected again for numbers of the new country. Your manual choices are "
                        "unchanged. Check the columns."
                    ),
                )
                return redirect("import-map", pk)
            if is_valid:
                found = form.cleaned_data
                upload.map_columns(
                    record,
                    form.mapping(),
                    region=found["region"],
                    contact_list=found.get("contact_list"),
                    list_name=found.get("list_name", ""),
                )
                record_audit(request.user, "import.changed", record, what="columns")
                record = check_import(pk)
                return redirect("import-check" if record.status == Status.CHECKED else "import", pk)
    except (FileRefused, OSError) as error:
        return lost_file(request, record, error)
    return render(
        request,
        "contacts/importing/map.html",
        {"form": form, "record": record, "tops": _shown(tops, hidden), "reading": what_is_read(record)},
        status=422 if form.errors else 200,
    )


def _is_as_guessed(record: ContactImport, form: MappingForm, *, is_valid: bool) -> bool:
    """Guess the columns for another country; tell whether that is what the form says already."""
    wanted = form.mapping().columns if is_valid else {}
    country_change.guess_anew(record, form.by_hand(), **form.typed())
    mapping = ColumnMapping.from_json(record.mapping)
    return is_valid and not mapping.asks and mapping.columns == wanted


def _read_another_way(request: HttpRequest, record: ContactImport, form: MappingForm) -> HttpResponse:
    """Read other sheets, or other titles, and show the columns as they are guessed then."""
    sheets = form.cleaned_data.get("sheets") if form.wants_other_sheets else None
    titles = _chosen_titles(request.POST.get("titles", ""), ColumnMapping.from_json(record.mapping))
    try:
        upload.rearrange(record, sheets=sheets, titles=titles, **form.typed())
    except FileRefused as refusal:
        messages.error(request, str(refusal))
    else:
        record_audit(request.user, "import.changed", record, what="sheets")
        messages.info(request, _("Columns were detected again. Check them."))
    return redirect("import-map", record.pk)


def _chosen_titles(posted: str, mapping: ColumnMapping) -> dict[str, tuple[int, ...]]:
    """Return the chosen title row by sheet, from "place of the sheet:row", where row 0 means none."""
    place, _colon, row = posted.partition(":")
    sheets = mapping.sheets or ("",)
    if not (place.isdecimal() and row.isdecimal() and int(place) < len(sheets)):
        return {}
    return {sheets[int(place)]: (int(row),) if int(row) else ()}


def _shown(tops: Sequence[upload.TopOfSheet], hidden: Mapping[str, set[int]]) -> list[dict[str, Any]]:
    """Return the first rows of each sheet for the page, as wide as the widest of them."""
    shown = []
    for place, top in enumerate(tops):
        width = max((len(row.cells) for row in top.rows), default=0)
        shown.append(
            {
                "place": place,
                "sheet": top.sheet,
                "hidden": hidden.get(top.sheet, set()),
                "has_titles": any(row.is_title for row in top.rows),
                "rows": [
                    row._replace(cells=[cell[:MAX_CELL] for cell in row.cells] + [""] * (width - len(row.cells)))
                    for row in top.rows
                ],
            }
        )
    return shown
