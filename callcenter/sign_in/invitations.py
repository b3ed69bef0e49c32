"""Invitations: a user is made without a password, and chooses one by a link that works once and lapses."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from callcenter.access.forms import give_roles, put_in_team
from callcenter.access.models import Team
from callcenter.audit.models import record
from callcenter.sign_in import links
from callcenter.sign_in.models import Invitation


def mark_of(token: str) -> str:
    """Return the keyed hash by which a link's token is found; the token itself is stored nowhere."""
    return salted_hmac("callcenter.sign_in.invitations", token, algorithm="sha256").hexdigest()


@transaction.atomic
def invite(person: User, user: User, *, roles: Iterable[Group], team: Team | None) -> str:
    """Make a user who has no password yet, with roles and team; returns the token of the link."""
    user.set_unusable_password()
    user.save()
    chosen = list(roles)
    give_roles(user, chosen)
    put_in_team(user, team)
    names = sorted(group.name for group in chosen)
    record(person, "user.created", user, roles=names, team=team.name if team else "")
    return make_link(person, user)


@transaction.atomic
def make_link(person: User | None, user: User) -> str:
    """Make a link by which a user chooses a password; the ones before it stop working. Returns its token."""
    User.objects.select_for_update().get(pk=user.pk)
    now, token = timezone.now(), secrets.token_urlsafe(32)
    Invitation.objects.filter(user=user, used_at=None).delete()
    Invitation.objects.create(
        user=user,
        mark=mark_of(token),
        made_by=person,
        made_at=now,
        lapses_at=now + datetime.timedelta(days=settings.SIGN_IN["INVITATION_DAYS"]),
    )
    record(person, "user.invited", user, days=settings.SIGN_IN["INVITATION_DAYS"])
    return token


def found_by(mark: str) -> Invitation | None:
    """Return the open invitation of a token's mark, of a user who is not switched off."""
    rows = Invitation.objects.open(timezone.now()).select_related("user")
    return rows.filter(mark=mark, user__is_active=True).first()


@transaction.atomic
def use(invitation: Invitation, password: str) -> bool:
    """Set the password that an invited user chose; False where the link was used meanwhile."""
    if not Invitation.objects.open(timezone.now()).filter(pk=invitation.pk).update(used_at=timezone.now()):
        return False
    user = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    record(user, "password.chosen", user)
    return True


def send(request: HttpRequest, user: User, token: str) -> tuple[str, bool]:
    """Mail the link where mail is set up and the user has an address; returns the link, and whether it was mailed.

    Raises links.NoAddress where no address of this installation is known for sure.
    """
    link = links.link_to(request, reverse("invitation", args=[token]))
    if not user.email or not links.can_mail(request):
        return link, False
    text = _(
        "You can now use Callcenter. Your user name is %(name)s.\n\nChoose your password here within %(days)d "
        "days:\n%(link)s\n\nThe link works once. If it has expired, ask for a new one."
    ) % {"name": user.get_username(), "link": link, "days": settings.SIGN_IN["INVITATION_DAYS"]}
    links.post(_("Callcenter: choose your password"), text, user.email)
    return link, True
