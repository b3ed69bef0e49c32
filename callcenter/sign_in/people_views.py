"""Views of users: the list, an invitation, and a new link for somebody who cannot get in."""

from __future__ import annotations

from typing import Any, cast

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access import two_people
from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.own_roles import is_admin
from callcenter.access.roles import needs
from callcenter.sign_in import invitations, links, second_factor
from callcenter.sign_in.forms import InvitedForm
from callcenter.sign_in.invite_form import InviteForm
from callcenter.sign_in.models import Invitation
from callcenter.sign_in.people import managed_by

MOST_SHOWN = 500
"""Users on the page; there are more in Set-up, where they are searched."""
TOKEN = "invitation"  # noqa: S105 # a key of the session
IN_SESSION = "chosen"
"""Stands for the token in the address once its mark is in the session: it leaks into no log and no referrer."""


@needs("invite_users")
def users(request: HttpRequest) -> HttpResponseBase:
    """Show the users whom this person may invite anew: role, team, and whether they can get in."""
    person = cast(User, request.user)
    rows = list(managed_by(person).order_by("first_name", "username")[:MOST_SHOWN])
    open_links = set(Invitation.objects.open(timezone.now()).filter(user__in=rows).values_list("user_id", flat=True))
    factors = set(
        Authenticator.objects.filter(user__in=rows, type__in=second_factor.FACTORS).values_list("user_id", flat=True)
    )
    shown = [{"user": row, "is_invited": row.pk in open_links, "has_second_factor": row.pk in factors} for row in rows]
    return render(request, "sign_in/users.html", {"rows": shown, "is_admin": is_admin(person)})


@needs("invite_users")
@needs_fresh_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponseBase:
    """Make a user, and show or mail the link by which they choose a password."""
    person = cast(User, request.user)
    form = InviteForm(request.POST or None, person=person)
    if form.is_valid():
        user = form.save(commit=False)
        token = invitations.invite(person, user, roles=form.cleaned_data["roles"], team=form.cleaned_data.get("team"))
        return _hand_over(request, user, token)
    return render(request, "sign_in/invite.html", {"form": form}, status=422 if form.is_bound else 200)


@needs("invite_users")
@needs_fresh_sign_in
@require_POST
def renew(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Make a new link for a user, by which they choose a new password."""
    person = cast(User, request.user)
    user = get_object_or_404(managed_by(person), pk=pk)
    if not user.is_active:
        messages.error(request, _("This user is turned off. Turn them on first."))
        return redirect("users")
    return _hand_over(request, user, invitations.make_link(person, user))


@needs("change_settings")
@needs_fresh_sign_in
@require_POST
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask a second admin to confirm that a user's lost second factor is removed."""
    person = cast(User, request.user)
    user = get_object_or_404(User, pk=pk)
    try:
        second_factor.ask_to_reset(person, user, request.POST.get("reason", ""))
    except two_people.CannotBeDone as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Request sent. Another admin must confirm it under Needs a decision."))
    return redirect("users")


def _hand_over(request: HttpRequest, user: User, token: str) -> HttpResponseBase:
    """Show the link once, or say that it was mailed."""
    try:
        link, is_mailed = invitations.send(request, user, token)
    except links.NoAddress:
        link, is_mailed = reverse("invitation", args=[token]), False
    context = {"invited": user, "link": link, "is_mailed": is_mailed, "days": settings.SIGN_IN["INVITATION_DAYS"]}
    return render(request, "sign_in/link.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let an invited user choose a password; the token leaves the address before any page is shown."""
    if not settings.PASSWORD_LOGIN:
        raise Http404
    if token != IN_SESSION:
        request.session[TOKEN] = invitations.mark_of(token)
        return redirect("invitation", IN_SESSION)
    invitation = invitations.found_by(str(request.session.get(TOKEN, "")))
    if invitation is None:
        return render(request, "sign_in/lapsed.html", status=410)
    form: Any = InvitedForm(invitation.user, request.POST or None)
    if form.is_valid():
        is_taken = invitations.use(invitation, form.cleaned_data["new_password1"])
        request.session.pop(TOKEN, None)
        if not is_taken:
            return render(request, "sign_in/lapsed.html", status=410)
        messages.success(request, _("Password saved. Log in with it now."))
        return redirect("login")
    context = {"form": form, "invited": invitation.user}
    return render(request, "sign_in/accept.html", context, status=422 if form.is_bound else 200)
