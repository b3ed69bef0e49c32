"""Views for merging two contacts of one person."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.contacts import duplicates
from campaigns.contacts.forms.people import MergeForm
from campaigns.contacts.people import find_people, mark_forbidden
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import MAX_SEARCH
from campaigns.core.whole_numbers import read_teams
from campaigns.models import Contact, ContactList

SHOWN = 20
"""Candidates on the page."""


@needs("merge_people")
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Search for the contact to merge; at first for contacts of the same name."""
    contact = get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk, merged_into=None)
    text = request.GET.get("q", contact.name)[:MAX_SEARCH]
    people = Contact.objects.none()
    if text.strip():
        people = find_people(text, settings.DEFAULT_REGION, request.user).filter(merged_into=None).exclude(pk=pk)
    lists = Prefetch("lists", seen_by(request.user, ContactList.objects.all()))
    rows = list(people.prefetch_related(lists).order_by("-pk")[: SHOWN + 1])
    read_teams(request.user, rows)
    context = {
        "contact": contact,
        "q": text,
        "rows": rows[:SHOWN],
        "has_more": len(rows) > SHOWN,
        "forbidden": mark_forbidden(rows),
    }
    return render(request, "contacts/merge_choose.html", context)


@needs("merge_people")
def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Show a preview of the merge; on POST, merge."""
    people = changed_by(request.user, Contact.objects.all())
    kept = get_object_or_404(people, pk=pk, merged_into=None)
    found = get_object_or_404(people, pk=other, merged_into=None)
    form = MergeForm(request.POST or None, kept, found)
    if request.method == "POST" and form.is_valid():
        try:
            duplicates.merge_people(pk, other, request.user, number=form.cleaned_data["number"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Contacts merged. All calls are on this page."))
            return redirect("person", pk)
    context = {"form": form, "joining": duplicates.look_at_both(kept, found)}
    return render(request, "contacts/merge.html", context, status=422 if form.errors else 200)


@require_POST
@needs("merge_people")
def take_apart(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Make a merged contact independent again."""
    people = changed_by(request.user, Contact.objects.all())
    get_object_or_404(people, pk=other, merged_into__in=people.filter(pk=pk).values("pk"))
    duplicates.take_apart(other, request.user)
    messages.success(request, _("Contacts separated. Lists, tags and notes stay with this contact."))
    return redirect("person", pk)
