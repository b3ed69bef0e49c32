"""Log-in by OpenID Connect: who comes is known by the provider's id or a verified address, made, or refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter

from callcenter.access.forms import give_roles
from callcenter.access.rights import ROLES
from callcenter.audit.models import record
from callcenter.sign_in.adapter import refuse

MOST_VALUES = 1_000
"""Values of the claim of roles that are looked at."""


class OwnHostsOnly(HTTPAdapter):
    """Sends to hosts of OUTBOUND_HOSTS alone, over https unless in development."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request; raises requests.ConnectionError for any other host."""
        address = urlsplit(request.url or "")
        if address.hostname not in settings.OUTBOUND_HOSTS or (address.scheme != "https" and not _is_loopback(address)):
            raise requests.ConnectionError(f"{address.hostname} is not named in OUTBOUND_HOSTS.")
        return super().send(request, *arguments, **options)


def _is_loopback(address: Any) -> bool:
    return address.hostname in {"127.0.0.1", "localhost", "::1"}


class OpenIdAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # it has no types
    """The adapter of the one provider."""

    def get_requests_session(self) -> requests.Session:
        """Return a session that follows no redirect and sends to admitted hosts alone."""
        session: requests.Session = super().get_requests_session()
        session.max_redirects = 0
        for scheme in ("https://", "http://"):
            session.mount(scheme, OwnHostsOnly())
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Refuse: users are made by `pre_social_login`, or not at all."""
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Say that it did not work."""
        sentence = _("Log-in with your organisation's account failed. Try again, or ask an admin.")
        raise refuse(request, sentence)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Bind who comes to a user: known by id, else by a verified address, else made; refuse all others."""
        if sociallogin.state.get("process", "login") != "login":
            raise refuse(request, _("Accounts cannot be connected here. Log out, then log in with the other account."))
        claims = claims_of(sociallogin)
        roles = roles_of(claims)
        if settings.OIDC.roles and not roles and not sociallogin.is_existing:
            raise refuse(request, _("Your organisation's account has no role in Callcenter. Ask an admin."))
        if not sociallogin.is_existing:
            user = user_of_address(claims) or made_user(claims, roles)
            if user is None:
                sentence = _("No user here has your account. Ask an admin to invite you with the same email address.")
                raise refuse(request, sentence)
            sociallogin.connect(request, user)
            record(user, "login.account_bound", user, provider=settings.OIDC.name)
        user = sociallogin.user
        if settings.OIDC.roles:
            follow_roles(user, roles)
            if not roles:
                raise refuse(request, _("Your organisation's account has no role in Callcenter. Ask an admin."))


def claims_of(sociallogin: Any) -> dict[str, Any]:
    """Return what the provider says of who comes, its user info before its id token."""
    told = sociallogin.account.extra_data
    return {**(told.get("id_token") or {}), **(told.get("userinfo") or {})}


def roles_of(claims: dict[str, Any]) -> list[str]:
    """Return the roles that the claim of roles gives, by OIDC_ROLES, in the product's order."""
    told = claims.get(settings.OIDC.role_claim) if settings.OIDC.role_claim else None
    values = told[:MOST_VALUES] if isinstance(told, list) else [told]
    given = {settings.OIDC.roles[value] for value in values if isinstance(value, str) and value in settings.OIDC.roles}
    return [role for role in ROLES if role in given]


def user_of_address(claims: dict[str, Any]) -> User | None:
    """Return the one active user of a verified e-mail address; None where it is not verified, or not of one alone."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):
        return None
    found = list(User.objects.filter(email__iexact=email, is_active=True)[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def made_user(claims: dict[str, Any], roles: list[str]) -> User | None:
    """Make a user without a password, in the roles of the claim, else in OIDC_NEW_USERS_ROLE; None if that is empty."""
    if not settings.OIDC.new_users_role:
        return None
    email = str(claims.get("email") or "") if claims.get("email_verified") in (True, "true") else ""
    wanted = str(claims.get("preferred_username") or email.partition("@")[0] or "user")
    user = User(
        username=free_name(wanted),
        email=email[:254],
        first_name=str(claims.get("given_name") or claims.get("name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150],
    )
    user.set_unusable_password()
    user.save()
    give_roles(user, Group.objects.filter(name__in=roles or [settings.OIDC.new_users_role]))
    record(None, "user.created", user, by="openid", roles=roles or [settings.OIDC.new_users_role])
    return user


def free_name(wanted: str) -> str:
    """Return a user name that nobody has, made of what the provider calls the person."""
    base = "".join(letter for letter in wanted if letter.isalnum() or letter in "@.+-_")[:140] or "user"
    taken = set(User.objects.filter(username__istartswith=base).values_list("username", flat=True))
    taken = {name.casefold() for name in taken}
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in taken)


def follow_roles(user: User, roles: list[str]) -> None:
    """Give a user exactly the roles of the claim; a superuser keeps theirs."""
    before = sorted(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if user.is_superuser or before == sorted(roles):
        return
    give_roles(user, Group.objects.filter(name__in=roles))
    record(None, "user.roles_changed", user, before=before, after=sorted(roles), by="openid")
