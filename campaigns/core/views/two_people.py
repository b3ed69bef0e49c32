"""Acts that take two people: the page of those who may confirm them, and its buttons."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access import two_people
from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.models import TwoPersonRequest
from callcenter.access.roles import needs
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back, person_of, reason_of

MOST_SHOWN = 50


def asked_in_words(row: TwoPersonRequest) -> str:
    """Return what is said to whoever asked for an act: who can confirm it, or that nobody can."""
    names = two_people.who_may_confirm([row])[row.pk]
    if not names:
        return _("Not changed yet: another user must confirm this, but nobody else has permission.")
    return _("Not changed yet: another user must confirm this. They can: %(names)s.") % {"names": ", ".join(names)}


@require_safe
@needs("see_today")
def requests_page(request: HttpRequest) -> HttpResponse:
    """List the acts that wait for a second person: those that this person may confirm, and their own."""
    person = person_of(request)
    found = list(two_people.open_to(person)[:MOST_SHOWN])
    who = two_people.who_may_confirm(found)
    rows = [
        {
            "row": row,
            "kind": two_people.kind_of(row),
            "may_confirm": two_people.may_confirm(row, person),
            "is_own": row.asked_by_id == person.pk,
            "who": who[row.pk],
        }
        for row in found
    ]
    return render(request, "core/two_people.html", {"rows": rows})


@require_POST
@needs("see_today")
@needs_fresh_sign_in
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a request of another person: its act runs now."""
    return _decide(request, lambda: two_people.confirm(pk, person_of(request)).outcome)


@require_POST
@needs("see_today")
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a request of another person, with a reason."""
    reason = reason_of(request)

    def act() -> str:
        two_people.refuse(pk, person_of(request), reason)
        return _("Refused. Nothing was changed.")

    return _decide(request, act)


@require_POST
@needs("see_today")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's own request."""

    def act() -> str:
        two_people.withdraw(pk, person_of(request))
        return _("Withdrawn. Nothing was changed.")

    return _decide(request, act)


def _decide(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except (two_people.CannotBeDone, Refusal) as error:
        messages.error(request, str(error))
    return go_back(request, "two-people")
