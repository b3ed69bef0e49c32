"""Views of people."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access import two_people
from callcenter.access.roles import Person, may, needs
from callcenter.access.sealed_searches import address_query
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT
from callcenter.edits.shown import BothChanged
from callcenter.one_at_a_time import one_at_a_time
from campaigns import time_zones
from campaigns.answers.of_person import answered_calls
from campaigns.callbacks import rows as callbacks
from campaigns.calls import hand_overs
from campaigns.contacts import allowed_numbers, contact_history, duplicates
from campaigns.contacts import people as service
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.forms.people import ContactNoteForm, NewPersonForm, OtherNumberForm, PersonForm, TagsForm
from campaigns.contacts.person_wishes import PersonWish, wish_of
from campaigns.contacts.refused_rows import find_refused
from campaigns.contacts.views import do_not_call
from campaigns.core import explanations
from campaigns.core.eligibility_numbers import entry_against, forbidden_numbers
from campaigns.core.paging import COUNT_UP_TO, FOUND_UP_TO, count_up_to, page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, may_see, seen_by
from campaigns.core.views.page_requests import MAX_SEARCH, go_back, reason_of
from campaigns.core.whole_numbers import read_teams, sees_number
from campaigns.models import Call, Contact, ContactList, ContactNote, ContactTeam, DoNotCall

SHOWN_CALLS = 20
"""Calls on a person's page, the newest first."""


@needs("see_people")
@one_at_a_time
def people(request: HttpRequest) -> HttpResponse:
    """List people, or search them by a part of the name or number."""
    text = request.GET.get("q", "")[:MAX_SEARCH]
    found = service.find_people(text, settings.DEFAULT_REGION, request.user)
    if not any(map(str.isdigit, text)):
        # A merged contact is found by its whole number only.
        found = found.filter(merged_into=None)
    refused = find_refused(text, settings.DEFAULT_REGION, cast(Person, request.user)) if text else []
    page = page_by_key(found.prefetch_related(_lists(request)).defer("variables"), request.GET)
    read_teams(request.user, page.rows)
    total = count_up_to(found, FOUND_UP_TO if text else COUNT_UP_TO)
    context = {
        "page": page,
        "q": text,
        "total": total,
        "forbidden": service.mark_forbidden(page.rows),
        "refused": refused,
        "export_url": f"{reverse('people-export')}?{address_query([('q', text)] if text else [])}".rstrip("?"),
    }
    return render(request, "contacts/people.html", context)


@needs("import_people")
def new_person(request: HttpRequest) -> HttpResponse:
    """Add one person."""
    form = NewPersonForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = service.add_person(
                form.values(), form.cleaned_data["contact_list"], request.user, note=form.cleaned_data["note"]
            )
        except Refusal as refusal:
            form.add_error("phone", str(refusal))
        else:
            messages.success(request, _("Added."))
            return redirect("person", made.pk)
    context = {"form": form, "zones": sorted(time_zones.place_names())}
    return render(request, "contacts/edit.html", context, status=422 if form.errors else 200)


@needs("see_people")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person: calls, do-not-call entry, consent, lists, local time."""
    contact = _whole(request, pk)
    if contact.merged_into_id:
        return redirect("person", contact.merged_into_id)
    return _show_person(request, contact, ContactNoteForm(), _tags_form(contact))


def _lists(request: HttpRequest) -> Prefetch[str, QuerySet[ContactList], str]:
    return Prefetch("lists", seen_by(request.user, ContactList.objects.order_by("name")))


def _whole(request: HttpRequest, pk: int) -> Contact:
    people = seen_by if request.method == "GET" else changed_by
    return get_object_or_404(
        people(request.user, Contact.objects.select_related("imported_by", "owner", "team")).prefetch_related(
            _lists(request),
            Prefetch("notes", seen_by(request.user, ContactNote.objects.select_related("author"))),
            Prefetch("further_teams", ContactTeam.objects.select_related("team").order_by("pk")),
            Prefetch("merged", Contact.objects.only("name", "phone", "merged_into").order_by("pk")),
        ),
        pk=pk,
    )


def _tags_form(contact: Contact) -> TagsForm:
    return TagsForm(None, contact)


def _show_person(
    request: HttpRequest, contact: Contact, note_form: ContactNoteForm, tags_form: TagsForm
) -> HttpResponse:
    further = list(contact.other_numbers.all())
    numbers = [contact.phone, *(one.phone for one in contact.merged.all()), *(one.phone for one in further)]
    wish = wish_of([contact.pk], numbers=list(dict.fromkeys(numbers)))
    own = wish.kept.get(contact.phone)
    stands = own if own is not None and service.is_in_force(own) else wish.entry
    if stands is None and forbidden_numbers([contact.phone]):
        # The number is shared with somebody who asked not to be called.
        stands = entry_against(contact.phone)
    calls = service.calls_of(contact) & seen_by(request.user, Call.objects.all())
    times, more_zones = service.local_times(contact)
    source = contact.imported_by
    file = wish.held.contact_import if wish.held is not None else None
    others, others_last = service.calls_of_others(contact, request.user)
    context = {
        "contact": contact,
        "entry": stands,
        "removal_asked": next(iter(two_people.open_among(REMOVE_OPT_OUT, [stands]).values()), None) if stands else None,
        "ended_entry": own if stands is None else None,
        "page": page_by_key(calls.select_related("campaign", "provider", "agent"), request.GET, SHOWN_CALLS),
        "others": others,
        "others_last": others_last,
        "times": times,
        "is_zone_elsewhere": time_zones.is_elsewhere(contact.phone, contact.time_zone),
        "more_zones": more_zones,
        "decision": service.last_decision(contact, stands, is_held=wish.held is not None),
        "wish": wish,
        "stops_in_words": explanations.stops_in_words(wish.stops),
        "came_from": source if source is None or may_see(request.user, source) else None,
        "is_held_call_seen": wish.held is not None and calls.filter(heard_opt_outs=wish.held).exists(),
        "is_held_file_seen": file is not None and may_see(request.user, file),
        "history": contact_history.history_of(contact),
        "note_form": note_form,
        "tags_form": tags_form,
        "other_numbers": contact.merged.all(),
        "further_numbers": further,
        "number_form": OtherNumberForm(),
        "forbidden": wish.forbidden,
        "number_standing": allowed_numbers.number_standing(contact.phone),
        "answered": answered_calls(calls, request.user),
        "callbacks": callbacks.about_calls(service.calls_of(contact), request.user, timezone.now()),
        "hand_overs": hand_overs.rows_of(hand_overs.about_calls(service.calls_of(contact), request.user), request.user),
    }
    status = 422 if note_form.errors or tags_form.errors else 200
    return render(request, "contacts/person.html", context, status=status)


@needs("import_people")
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit one person; whoever changes somebody sees the number whole."""
    contact = get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk)
    if not sees_number(request.user, contact):
        raise PermissionDenied("see_numbers")
    form = PersonForm(request.POST or None, instance=contact)
    if request.method == "POST" and form.is_valid():
        try:
            changed = service.change_person(pk, form.values(), request.user, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except Refusal as refusal:
            form.add_error("phone", str(refusal))
        else:
            messages.success(request, _("Saved."))
            if words := _words_of_wish(changed.wish):
                messages.warning(request, words)
            return redirect("person", pk)
    context = {
        "form": form,
        "contact_id": pk,
        "zones": sorted(time_zones.place_names()),
        "wish": wish_of([contact.merged_into_id or pk]),
    }
    return render(request, "contacts/edit.html", context, status=422 if form.errors else 200)


def _words_of_wish(wish: PersonWish | None) -> str:
    """Return what became of a person's wish as their number was changed; empty if there is none."""
    if wish is None:
        return ""
    if wish.entry is not None:
        first = _("This contact is on the do-not-call list, so the new number is added to it too.")
        return do_not_call.said(wish.done, first) if wish.done is not None else first
    if wish.held is not None:
        return _("This contact may have opted out, so the new number is on hold too until this is decided.")
    return ""


@require_POST
@needs("see_people")
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note to one person."""
    contact = _whole(request, pk)
    form = ContactNoteForm(request.POST)
    if not form.is_valid():
        return _show_person(request, contact, form, _tags_form(contact))
    duplicates.add_note(contact, form.cleaned_data["text"], request.user)
    messages.success(request, _("Note saved."))
    return redirect("person", pk)


@require_POST
@needs("see_people")
def remove_note(request: HttpRequest, pk: int, note: int) -> HttpResponse:
    """Remove one's own note; whoever merges entries may remove a colleague's too."""
    found = get_object_or_404(changed_by(request.user, ContactNote.objects.all()), pk=note, contact=pk)
    if found.author_id != request.user.pk and not may(cast(Person, request.user), "merge_people"):
        raise PermissionDenied("merge_people")
    duplicates.remove_note(note, request.user)
    messages.success(request, _("Note deleted."))
    return redirect("person", pk)


@require_POST
@needs("import_people")
def save_tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a person's tags."""
    contact = _whole(request, pk)
    form = TagsForm(request.POST, contact)
    if not form.is_valid():
        return _show_person(request, contact, ContactNoteForm(), form)
    try:
        service.change_person(pk, {"tags": form.cleaned_data["tags"]}, request.user, form.shown_values)
    except BothChanged as both:
        form.show_both(both, request.user)
        return _show_person(request, contact, ContactNoteForm(), form)
    messages.success(request, _("Tags saved."))
    return redirect("person", pk)


@require_POST
@needs("add_do_not_call")
def forbid_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a person's number to the do-not-call list."""
    contact = get_object_or_404(seen_by(request.user, Contact.objects.all()), pk=pk)
    reason = reason_of(request)
    if not reason:
        messages.error(request, _("Enter a reason. Nothing was changed."))
    else:
        done = forbid(contact.phone, reason=reason, source=DoNotCall.Source.PERSON, person=request.user)
        messages.success(request, do_not_call.said(done))
    return go_back(request, "person", pk)
