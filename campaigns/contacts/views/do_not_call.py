"""Views of the do-not-call list."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from callcenter.access import two_people
from callcenter.access.fresh import is_fresh, prove_first
from callcenter.access.roles import Person, needs
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT
from callcenter.audit.models import record
from callcenter.formats.masking import last_four
from callcenter.one_at_a_time import one_at_a_time
from campaigns.contacts import do_not_call, do_not_call_files, opt_out_removal
from campaigns.contacts.forms.do_not_call import ForbidForm
from campaigns.core import explanations
from campaigns.core.csv_cells import text_cell
from campaigns.core.export_limits import is_large, refuse_above_cap
from campaigns.core.paging import count_up_to, page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import MAX_SEARCH, go_back, person_of, reason_of
from campaigns.core.views.two_people import asked_in_words
from campaigns.core.whole_numbers import sees_all_numbers
from campaigns.exports import xlsx
from campaigns.models import DoNotCall
from campaigns.numbers import search_digits, understand_number

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def said(done: do_not_call.Forbidden, first: str = "") -> str:
    """Return the message for a user who added a number: what stands now, and what becomes of calls to it."""
    if not first:
        is_new = bool(done.added)
        first = _("Added to the do-not-call list.") if is_new else _("It was already on the do-not-call list.")
    skipped = ngettext(
        "%(n)d waiting call was cancelled.",
        "%(n)d waiting calls were cancelled.",
        done.skipped,
    )
    parts = [first, skipped % {"n": done.skipped} if done.skipped else "", explanations.stops_in_words(done.stops)]
    return " ".join(filter(None, parts))


@needs("add_do_not_call")
def entries(request: HttpRequest) -> HttpResponse:
    """Show the entries of the do-not-call list."""
    return _show(request, ForbidForm())


def _show(request: HttpRequest, form: ForbidForm) -> HttpResponse:
    text = request.GET.get("q", "")[:MAX_SEARCH]
    found = seen_by(request.user, DoNotCall.objects.select_related("added_by"))
    if text:
        found = found.filter(_matches(text, person_of(request)))
    page = page_by_key(found, request.GET)
    asked = two_people.open_among(REMOVE_OPT_OUT, page.rows)
    for entry in page.rows:
        entry.removal_asked = asked.get(entry.pk)  # type: ignore[attr-defined]
    context = {
        "form": form,
        "page": page,
        "q": text,
        "total": count_up_to(found),
        "now": timezone.now(),
    }
    return render(request, "contacts/do_not_call.html", context, status=422 if form.errors else 200)


def _matches(text: str, viewer: Person) -> Q:
    """Return the condition of a searched text; whoever sees masked numbers finds them by what shows, or whole."""
    whole = understand_number(text, settings.DEFAULT_REGION)
    if whole.e164:
        return Q(phone=whole.e164)
    if not (digits := search_digits(text)):
        return Q(reason__icontains=text)
    return Q(phone__contains=digits) if sees_all_numbers(viewer) else Q(phone__endswith=last_four(digits))


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


@needs("remove_do_not_call")
@one_at_a_time
def export(request: HttpRequest, kind: str = "csv") -> HttpResponseBase:
    """Return the entries that a person may see as a download: CSV, or a workbook that keeps every cell as text.

    The numbers are whole for whoever may see them so.
    """
    if is_large(seen_by(request.user, DoNotCall.objects.all())) and not is_fresh(request):
        return prove_first(request)
    try:
        refuse_above_cap(request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("do-not-call")
    person = person_of(request)
    shows = sees_all_numbers(person)
    rows = seen_by(person, DoNotCall.objects.all()).count()
    record(person, "do_not_call.exported", None, rows=rows, numbers=shows)
    answer: HttpResponseBase
    if kind == "xlsx":
        answer = FileResponse(_workbook(person, shows), content_type=WORKBOOK)
    else:
        lines = do_not_call_files.export_entries(person, shows_numbers=shows)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="do-not-call-{timezone.localdate():%Y-%m-%d}.{kind}"'
    return answer


def _workbook(person: Person, shows_numbers: bool) -> IO[bytes]:
    """Return the list as a workbook; both of its files are temporary, so that memory does not grow with the list."""
    # The response closes it.
    written = TemporaryFile()  # noqa: SIM115
    with TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheet"
        with sheet.open("w", encoding="utf-8") as file:
            file.write(xlsx.header_of(do_not_call_files.titles(), is_text=True))
            for row in do_not_call_files.entries(person, shows_numbers=shows_numbers):
                file.write(xlsx.rows_of([[text_cell(cell) for cell in row]]))
            file.write(xlsx.END)
        xlsx.finish(sheet, written, _("Do not call"))
    written.seek(0)
    return written


@require_POST
@needs("remove_do_not_call")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a number from the list, with a reason; of a person's own opt-out, ask a second person to confirm it."""
    reason = reason_of(request)
    if not reason:
        messages.error(request, _("Enter a reason. Nothing was changed."))
        return go_back(request, "do-not-call")
    found = DoNotCall.objects.filter(pk=pk)
    if found.exists():
        get_object_or_404(changed_by(request.user, found))
    if (done := opt_out_removal.remove(pk, person_of(request), reason)) is None:
        messages.info(request, _("It was already removed."))
    elif done.asked is not None:
        messages.info(request, asked_in_words(done.asked))
    else:
        messages.success(request, opt_out_removal.removed_in_words(done.others))
    return go_back(request, "do-not-call")
