"""Views of the do-not-call list."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.audit.models import record
from campaigns.contacts import do_not_call, do_not_call_files
from campaigns.contacts.forms.do_not_call import ForbidFileForm, ForbidForm
from campaigns.contacts.importing.limits import FileRefused
from campaigns.contacts.importing.people_rows import NOTES
from campaigns.contacts.views.imports import limited_upload
from campaigns.core.paging import count_up_to, page_by_key
from campaigns.core.views.page_requests import MAX_SEARCH, go_back, reason_of
from campaigns.models import DoNotCall
from campaigns.numbers import search_digits, understand_number


def said(done: do_not_call.Forbidden) -> str:
    """Return the message for a user who added a number."""
    first = _("On the do-not-call list from now on.") if done.added else _("It stood on the do-not-call list already.")
    if not done.skipped:
        return first
    more = ngettext(
        "%(n)d waiting call was taken out of the queue.",
        "%(n)d waiting calls were taken out of the queue.",
        done.skipped,
    )
    return f"{first} {more % {'n': done.skipped}}"


@needs("add_do_not_call")
def entries(request: HttpRequest) -> HttpResponse:
    """Show the entries of the do-not-call list."""
    return _show(request, ForbidForm())


def _show(request: HttpRequest, form: ForbidForm) -> HttpResponse:
    text = request.GET.get("q", "")[:MAX_SEARCH]
    found = DoNotCall.objects.select_related("added_by")
    if text:
        whole = understand_number(text, settings.DEFAULT_REGION)
        digits = search_digits(text)
        if whole.e164:
            found = found.filter(phone=whole.e164)
        else:
            found = found.filter(phone__contains=digits) if digits else found.filter(reason__icontains=text)
    context = {
        "form": form,
        "page": page_by_key(found, request.GET),
        "q": text,
        "total": count_up_to(found),
        "now": timezone.now(),
    }
    return render(request, "contacts/do_not_call.html", context, status=422 if form.errors else 200)


@require_POST
@needs("add_do_not_call")
def add(request: HttpRequest) -> HttpResponse:
    """Add one number to the list."""
    form = ForbidForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    found = form.cleaned_data
    done = do_not_call.forbid(
        found["phone"],
        reason=found["reason"],
        source=found["source"],
        person=request.user,
        expires_at=found["until"],
    )
    messages.success(request, said(done))
    return redirect("do-not-call")


@limited_upload
@needs("add_do_not_call")
def import_file(request: HttpRequest) -> HttpResponse:
    """Add every number of an uploaded file to the list, and show the result of its rows."""
    form = ForbidFileForm(request.POST or None, request.FILES or None)
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            result = _forbid_upload(form.cleaned_data, request.user)
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
    notes = [(row, NOTES[row.problem]) for row in result.bad_samples] if result else []
    context = {"form": form, "result": result, "bad": notes}
    return render(request, "contacts/do_not_call_import.html", context, status=422 if form.errors else 200)


def _forbid_upload(found: dict[str, Any], person: Any) -> do_not_call_files.ForbiddenFile:
    upload: UploadedFile[Any] = found["file"]
    with NamedTemporaryFile(prefix="do-not-call-") as copy:
        for chunk in upload.chunks():
            copy.write(chunk)
        copy.flush()
        return do_not_call_files.forbid_file(
            Path(copy.name),
            name=upload.name or "file",
            region=found["region"],
            reason=found["reason"],
            source=found["source"],
            person=person,
            expires_at=found["until"],
        )


@needs("remove_do_not_call")
def export(request: HttpRequest) -> HttpResponseBase:
    """Return the whole list as a CSV download."""
    record(request.user, "do_not_call.exported", None, rows=DoNotCall.objects.count())
    answer = StreamingHttpResponse(do_not_call_files.export_entries(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="do-not-call-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


@require_POST
@needs("remove_do_not_call")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a number from the list, with a reason."""
    reason = reason_of(request)
    if not reason:
        messages.error(request, _("Say why; nothing was changed."))
    elif do_not_call.allow_again(pk, reason=reason, person=request.user):
        messages.success(request, _("Off the list: this number may be called again. Calls taken out before stay out."))
    else:
        messages.info(request, _("It was off the list already."))
    return go_back(request, "do-not-call")
