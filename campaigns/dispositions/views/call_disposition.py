"""The view that sets the disposition of a call on its page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.calls.views.call_page import page_of, seen_call
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back, person_of
from campaigns.dispositions import setting
from campaigns.dispositions.forms.dispositions import CallDispositionForm


@require_POST
@needs("note_calls")
def set_disposition(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what a user says came of a call; an empty choice lets the rules hold again."""
    call, person = seen_call(request, pk), person_of(request)
    if not setting.may_set(person, call):
        raise PermissionDenied("note_calls")
    form = CallDispositionForm(request.POST, call, setting.choices_for(person, call))
    if not form.is_valid():
        return page_of(request, call, disposition_form=form)
    try:
        is_changed = setting.set_by(person, call, form.cleaned_data["disposition"], form.shown_values)
    except BothChanged as both:
        form.show_both(both, request.user)
        return page_of(request, call, disposition_form=form)
    except Refusal as refusal:
        form.add_error("disposition", str(refusal))
        return page_of(request, call, disposition_form=form)
    if is_changed:
        messages.success(request, _("Disposition saved with your name."))
    else:
        messages.info(request, _("Nothing was changed."))
    return go_back(request, "call", pk)
