"""Views of hand-overs: done, give to another, drop."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.calls import hand_overs
from campaigns.calls.forms.hand_overs import GiveForm
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.core.views.page_requests import go_back
from campaigns.models import HandOver


def _theirs(request: HttpRequest) -> QuerySet[HandOver]:
    return changed_by(request.user, HandOver.objects.all())


@needs("see_calls")
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one hand-over, and give it to another person."""
    found = get_object_or_404(_theirs(request).select_related("person", "call__contact", "call__campaign"), pk=pk)
    if not hand_overs.may_act(found, request.user):
        raise PermissionDenied("hand_over")
    if found.state != HandOver.State.OPEN:
        return _ended(request)
    form = GiveForm(request.POST or None, found, request.user)
    if request.method == "POST" and form.is_valid():
        try:
            given = hand_overs.pass_on(pk, request.user, form.cleaned_data["person"].pk, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except Refusal as refusal:
            form.add_error("person", str(refusal))
        else:
            receiver = given.person
            name = (receiver.get_full_name() or receiver.get_username()) if receiver else ""
            messages.success(request, _("Given to %(name)s.") % {"name": name})
            return redirect("today")
    (row,) = hand_overs.rows_of([found], request.user)
    return render(request, "calls/hand_over.html", {"row": row, "form": form}, status=422 if form.errors else 200)


@require_POST
@needs("see_calls")
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a hand-over is done."""
    return _close(request, pk, is_done=True)


@require_POST
@needs("see_calls")
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that nobody has to act on a hand-over any more."""
    return _close(request, pk, is_done=False)


def _close(request: HttpRequest, pk: int, *, is_done: bool) -> HttpResponse:
    get_object_or_404(_theirs(request), pk=pk)
    if not hand_overs.close(pk, request.user, is_done=is_done):
        return _ended(request)
    messages.success(request, _("Done.") if is_done else _("Dropped."))
    return go_back(request, "today")


def _ended(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Another user has already closed this. Nothing left to do."))
    return redirect("today")
