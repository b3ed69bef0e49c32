"""Views of the call log: list, totals, saved filters."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import may, needs
from callcenter.access.sealed_searches import opened_query, sealed_query
from callcenter.edits.shown import BothChanged
from callcenter.one_at_a_time import one_at_a_time
from campaigns.calls import call_columns, call_log_order, call_log_totals, remarks, saved_filters, transcripts
from campaigns.calls import call_log as call_log_module
from campaigns.calls.forms.call_filters import CallFilterForm
from campaigns.calls.forms.saved_filters import SaveFilterForm
from campaigns.contacts.refused_rows import find_refused
from campaigns.core.scope import seen_by
from campaigns.models import SavedFilter


@needs("see_calls")
@one_at_a_time
def call_log(request: HttpRequest) -> HttpResponse:
    """List the calls that the user may see, newest first."""
    form = CallFilterForm(request.GET, request.user)
    if words := form.filters().words:
        transcripts.note_searched(words, request.user)
    return render(request, "calls/log.html", _log(request, form, SaveFilterForm(person=request.user)))


def _log(request: HttpRequest, form: CallFilterForm, save_form: SaveFilterForm) -> dict[str, Any]:
    columns = form.columns()
    calls = call_log_module.find_calls(form.filters(), request.user)
    saved = list(seen_by(request.user, SavedFilter.objects.all()).select_related("owner"))
    return {
        "form": form,
        "refused": find_refused(form.filters().person, settings.DEFAULT_REGION, request.user),
        "chips": form.chips(),
        "columns": call_columns.pairs(columns),
        "column_keys": {column.key for column in columns},
        "page": call_log_order.page_of(
            form.filters(), form.chosen_order(), request.user, form.data, call_columns.light(calls, columns)
        ),
        "query": form.query(),
        "saved": [(one, saved_filters.may_delete(request.user, one)) for one in saved],
        "save_form": save_form,
        "tags": remarks.suggestions(request.user),
        "may_hear": may(request.user, "hear_calls"),
        "may_call": may(request.user, "place_call"),
    }


@needs("see_calls")
@one_at_a_time
def call_log_total(request: HttpRequest) -> HttpResponse:
    """Return the totals of the filtered log; a request of its own, so that counting does not delay the rows."""
    form = CallFilterForm(request.GET, request.user)
    if words := form.filters().words:
        transcripts.note_searched(words, request.user)
    totals = call_log_totals.totals_of(call_log_module.find_calls(form.filters(), request.user, is_walked=False))
    context = {"total": totals, "chips": form.chips(), "query": form.query()}
    return render(request, "calls/_total.html" if request.headers.get("HX-Request") else "calls/total.html", context)


@require_POST
@needs("see_calls")
def save_filter(request: HttpRequest) -> HttpResponse:
    """Save the current filters and columns under a name."""
    form = CallFilterForm(opened_query(request.POST.get("query", "")), request.user)
    save_form = SaveFilterForm(request.POST, person=request.user)
    if save_form.is_valid():
        try:
            saved = saved_filters.save_filter(
                request.user,
                save_form.cleaned_data["name"],
                form.plain_query(),
                is_shared=save_form.cleaned_data.get("is_shared", False),
                names_person=bool(form.filters().person),
                shown=save_form.shown_values,
            )
        except BothChanged as both:
            save_form.show_both(both, request.user)
        except saved_filters.FilterRefusal as refusal:
            field = refusal.field if refusal.field in save_form.fields else "name"
            save_form.add_error(field, str(refusal))
        else:
            messages.success(request, _("“%(name)s” saved.") % {"name": saved.name})
            return redirect(f"{reverse('call-log')}?{sealed_query(saved.query)}")
    return render(request, "calls/log.html", _log(request, form, save_form), status=422)


@require_POST
@needs("see_calls")
def delete_filter(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a saved filter: one's own, or a shared one that one may manage."""
    found = SavedFilter.objects.filter(pk=pk)
    if found.exists() and not saved_filters.may_delete(request.user, get_object_or_404(seen_by(request.user, found))):
        raise PermissionDenied("share_filters")
    if saved_filters.delete_filter(request.user, pk):
        messages.success(request, _("Saved filter deleted."))
    else:
        messages.warning(request, _("This saved filter was already deleted."))
    return redirect("call-log")
