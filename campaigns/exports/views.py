"""Screens of exports: ask for one, watch its progress, fetch and delete its file."""

from __future__ import annotations

from typing import IO, Any, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from callcenter.access.fresh import is_fresh, prove_first
from callcenter.access.roles import may, needs
from callcenter.access.sealed_searches import address_query, opened_query
from callcenter.made_once import few_at_once
from callcenter.one_at_a_time import one_at_a_time
from campaigns.calls import call_log
from campaigns.calls.forms.call_filters import CallFilterForm
from campaigns.core import paging
from campaigns.core.export_limits import counts_as_large, is_large
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back, token_of
from campaigns.core.whole_numbers import sees_all_numbers
from campaigns.exports import requests
from campaigns.exports.forms import ExportForm, PeopleExportForm, PeopleFilterForm
from campaigns.exports.people_filters import PeopleFilters
from campaigns.models import CallExport

STOP_POLLING = 286
"""Status that makes htmx stop polling."""
CONTENT_TYPES = {
    CallExport.Format.CSV: "text/csv; charset=utf-8",
    CallExport.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CallExport.Format.JSON: "application/json",
}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("export_calls")
@one_at_a_time
@few_at_once
def calls_export(request: HttpRequest) -> HttpResponse:
    """Show what a file of the filtered calls would contain; a POST queues its writing."""
    person = cast(AbstractUser, request.user)
    asked = request.GET if request.method != "POST" else opened_query(request.POST.get("query", ""))
    form = CallFilterForm(asked, person)
    file_form = ExportForm(request.POST if request.method == "POST" else None)
    status = 200
    calls = call_log.find_calls(form.filters(), person, is_walked=False)
    if request.method == "POST":
        if not form.is_valid():
            file_form.add_error(None, _("One of the filters is wrong. Go back to the call log and correct it."))
        elif file_form.is_valid() and (token := token_of(request)) is None:
            file_form.add_error(None, _("This form is from an earlier visit. Check it, then try again."))
        elif file_form.is_valid() and is_large(calls) and not is_fresh(request):
            return prove_first(request)
        elif file_form.is_valid():
            try:
                requests.ask(
                    person, form.filters(), form.columns(),
                    words=requests.masked_words(form.spoken(), str(form.fields["person"].label)),
                    file_format=file_form.cleaned_data["file_format"], order=form.chosen_order(), token=token,
                )  # fmt: skip
            except Refusal as refusal:
                file_form.add_error(None, str(refusal))
            else:
                return redirect("exports")
        status = 422
    context = {
        "form": file_form,
        "words": form.spoken(),
        "columns": form.columns(),
        "query": form.query(),
        "errors": form.errors,
        "total": paging.count_up_to(calls),
        "shows_numbers": sees_all_numbers(person),
        "kept_days": requests.KEPT.days,
    }
    return render(request, "exports/new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("export_contacts")
@one_at_a_time
@few_at_once
def people_export(request: HttpRequest) -> HttpResponse:
    """Show of whom a file would be: a list, a search, a tag, or everybody one sees; a POST queues its writing."""
    person = cast(AbstractUser, request.user)
    asked = request.GET if request.method != "POST" else opened_query(request.POST.get("query", ""))
    which = PeopleFilterForm(asked, person)
    form = PeopleExportForm(request.POST if request.method == "POST" else None)
    is_known = which.is_valid()
    filters = which.filters() if is_known else PeopleFilters()
    found = filters.find(person)
    if request.method == "POST":
        if not is_known:
            form.add_error(None, _("The choice of contacts is not valid. Correct it above, then try again."))
        elif form.is_valid() and (token := token_of(request)) is None:
            form.add_error(None, _("This form is from an earlier visit. Check it, then try again."))
        elif form.is_valid() and is_large(found) and not is_fresh(request):
            return prove_first(request)
        elif form.is_valid():
            try:
                requests.ask_for_people(person, filters, file_format=form.cleaned_data["file_format"], token=token)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("exports")
    pairs = which.pairs() if is_known else []
    context = {
        "form": form,
        "which": which,
        "is_known": is_known,
        "words": filters.in_words(),
        "query": address_query(pairs),
        "total": paging.count_up_to(found) if is_known else None,
        "shows_numbers": sees_all_numbers(person),
        "kept_days": requests.KEPT.days,
    }
    return render(request, "exports/people.html", context, status=422 if form.errors or not is_known else 200)


@require_safe
@needs("see_exports")
def history(request: HttpRequest) -> HttpResponse:
    """List one's own exports, or everybody's with the right, newest first."""
    return render(request, "exports/exports.html", _listed(request))


@require_safe
@needs("see_exports")
def live(request: HttpRequest) -> HttpResponse:
    """Return the refreshed list while an export is being written; status 286 once none is."""
    listed = _listed(request)
    return render(request, "exports/_list.html", listed, status=200 if listed["is_live"] else STOP_POLLING)


def _listed(request: HttpRequest) -> dict[str, Any]:
    page = page_by_key(requests.visible_to(request.user), request.GET, 20)
    now = timezone.now()
    rows = [
        {
            "export": export,
            "may_fetch": requests.may_fetch(export, request.user),
            "starts": requests.when_it_starts(export, now),
        }
        for export in page.rows
    ]
    return {
        "page": page,
        "rows": rows,
        "now": now,
        "is_live": any(export.state in requests.UNFINISHED for export in page.rows),
        "shows_owners": may(request.user, "see_all_exports"),
        "kept_days": requests.KEPT.days,
    }


@require_safe
@needs("see_exports")
def fetch(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a finished file to its owner, or to a person with the right to all exports; a large one is proved for."""
    export = get_object_or_404(requests.visible_to(request.user), pk=pk)
    if counts_as_large(export.done_rows) and not is_fresh(request):
        return prove_first(request)
    try:
        file = requests.open_file(export, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("exports")
    return file_of(export, file)


def file_of(export: CallExport, file: IO[bytes]) -> FileResponse:
    """Return an opened file as a download."""
    day = timezone.localtime(export.created_at)
    answer = FileResponse(
        file, as_attachment=True, filename=f"{export.kind}-{day:%Y-%m-%d}-{export.pk}.{export.format}"
    )
    answer["Content-Type"] = CONTENT_TYPES[CallExport.Format(export.format)]
    answer["Cache-Control"] = "no-store, private"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@needs("see_exports")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a file before it expires, or cancel its writing."""
    export = get_object_or_404(requests.visible_to(request.user), pk=pk)
    if requests.delete_file(export, request.user):
        messages.success(request, _("File deleted."))
    else:
        messages.info(request, _("It was already deleted."))
    return go_back(request, "exports")
