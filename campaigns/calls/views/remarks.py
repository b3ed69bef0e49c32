"""Views of users' remarks on a call: notes, tags, review."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.calls import remarks
from campaigns.calls.forms.remarks import CallNoteForm, ReviewForm, TagForm
from campaigns.calls.views.call_page import page_of, seen_call
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back


@require_POST
@needs("note_calls")
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note to a call."""
    call, form = seen_call(request, pk), CallNoteForm(request.POST)
    if not form.is_valid():
        return page_of(request, call, note_form=form)
    try:
        remarks.add_note(call, request.user, form.cleaned_data["text"])
    except Refusal as refusal:
        form.add_error("text", str(refusal))
        return page_of(request, call, note_form=form)
    messages.success(request, _("Note saved with your name."))
    return go_back(request, "call", pk)


@require_POST
@needs("note_calls")
def add_tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Add tags to a call."""
    call, form = seen_call(request, pk), TagForm(request.POST)
    if not form.is_valid():
        return page_of(request, call, tag_form=form)
    try:
        added = remarks.add_tags(call, request.user, form.cleaned_data["tags"])
    except Refusal as refusal:
        form.add_error("tags", str(refusal))
        return page_of(request, call, tag_form=form)
    if not added:
        messages.info(request, _("The call already has this tag."))
    return go_back(request, "call", pk)


@require_POST
@needs("note_calls")
def remove_tag(request: HttpRequest, pk: int, tag: int) -> HttpResponse:
    """Remove a tag from a call."""
    remarks.remove_tag(seen_call(request, pk), request.user, tag)
    return go_back(request, "call", pk)


@require_POST
@needs("review_calls")
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Review a call with a score and a comment."""
    call = seen_call(request, pk)
    form = ReviewForm(request.POST, call)
    if not form.is_valid():
        return page_of(request, call, review_form=form)
    given = form.cleaned_data
    try:
        remarks.review(call, request.user, given["score"], given["comment"], form.shown_values)
    except BothChanged as both:
        form.show_both(both, request.user)
        return page_of(request, call, review_form=form)
    messages.success(request, _("Review saved with your name."))
    return go_back(request, "call", pk)
