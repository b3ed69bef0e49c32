"""Views of lists."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.access.sealed_searches import address_query
from callcenter.edits.shown import BothChanged
from callcenter.parameters import whole_number
from campaigns.contacts import lists as service
from campaigns.contacts import people
from campaigns.contacts.forms.lists import ListForm
from campaigns.core.paging import COUNT_UP_TO, FOUND_UP_TO, count_up_to, page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import MAX_SEARCH, go_back
from campaigns.core.whole_numbers import read_teams
from campaigns.models import ContactList, ListMembership

MOST_CHOSEN = 1_000
"""People that one request removes from a list."""


@needs("see_people")
def lists(request: HttpRequest) -> HttpResponse:
    """Show the lists, each with its number of people."""
    return render(
        request, "contacts/lists.html", {"lists": service.lists_with_counts(request.user), "form": ListForm()}
    )


@require_POST
@needs("import_people")
def new_list(request: HttpRequest) -> HttpResponse:
    """Create an empty list."""
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            made = service.make_list(form.cleaned_data["name"], request.user)
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            return redirect("list", made.pk)
    return render(
        request, "contacts/lists.html", {"lists": service.lists_with_counts(request.user), "form": form}, status=422
    )


@needs("see_people")
def one_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the people of one list."""
    contact_list = get_object_or_404(seen_by(request.user, ContactList.objects.all()), pk=pk)
    return _show_list(request, contact_list, ListForm(row=contact_list))


def _show_list(request: HttpRequest, contact_list: ContactList, form: ListForm) -> HttpResponse:
    text = request.GET.get("q", "")[:MAX_SEARCH]
    members = seen_by(request.user, ListMembership.objects.filter(contact_list=contact_list))
    if text:
        members = people.find_members(members, text, settings.DEFAULT_REGION, request.user)
    page = page_by_key(members.select_related("contact"), request.GET)
    asked = [("list", contact_list.pk), *([("q", text)] if text else [])]
    read_teams(request.user, (member.contact for member in page.rows))
    context = {
        "export_url": f"{reverse('people-export')}?{address_query(asked)}",
        "list": contact_list,
        "form": form,
        "page": page,
        "q": text,
        "total": count_up_to(members, FOUND_UP_TO if text else COUNT_UP_TO),
        "forbidden": people.mark_forbidden(member.contact for member in page.rows),
        "campaigns": seen_by(request.user, contact_list.campaigns.order_by("-id"))[:10],
    }
    return render(request, "contacts/list.html", context, status=422 if form.errors else 200)


@require_POST
@needs("import_people")
def rename_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a list."""
    contact_list = get_object_or_404(changed_by(request.user, ContactList.objects.all()), pk=pk)
    form = ListForm(request.POST, contact_list)
    if form.is_valid():
        try:
            service.rename_list(pk, form.cleaned_data["name"], request.user, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Renamed."))
            return redirect("list", pk)
    return _show_list(request, contact_list, form)


@require_POST
@needs("import_people")
def remove_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the chosen people from a list."""
    contact_list = get_object_or_404(changed_by(request.user, ContactList.objects.all()), pk=pk)
    asked = map(whole_number, request.POST.getlist("person"))
    chosen = [number for number in asked if number is not None][:MOST_CHOSEN]
    removed = service.remove_from_list(contact_list, chosen, request.user) if chosen else 0
    if removed:
        text = ngettext("%(n)d contact removed from the list.", "%(n)d contacts removed from the list.", removed)
        messages.success(request, text % {"n": removed})
    else:
        messages.info(request, _("No contacts were chosen."))
    return go_back(request, "list", pk)


@require_POST
@needs("import_people")
def remove_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a list; its people are kept."""
    contact_list = get_object_or_404(changed_by(request.user, ContactList.objects.all()), pk=pk)
    try:
        service.remove_list(contact_list, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("list", pk)
    messages.success(request, _("List deleted. Its contacts are not deleted."))
    return redirect("lists")
