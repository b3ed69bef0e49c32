"""Second factors: their secrets are stored encrypted; by role, people must set one up at their next log-in."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from callcenter.access import two_people
from callcenter.access.models import TwoPersonRequest
from callcenter.access.open_sessions import end_sessions
from callcenter.access.two_people_kinds import RESET_SECOND_FACTOR
from callcenter.audit.models import record
from campaigns.core.installation import current
from providers.fields import box

IS_DUE = "second_factor_is_due"
"""Key of a session: its person must set up a second factor before anything else."""
WAITING_SECRET = "sealed_secret_of_a_new_second_factor"  # noqa: S105 - the name of a key
"""Key of a session: the secret of an app that is being set up."""
SEALED = ("secret", "seed")
"""What of an authenticator's data is encrypted: an app's secret, and the seed of recovery codes."""
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a second factor; recovery codes only stand in for one."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # django-allauth has no types
    """The adapter of second factors."""

    def encrypt(self, text: str) -> str:
        """Encrypt the secret of an app, or the seed of recovery codes, with the first of FIELD_KEYS."""
        return box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt with any of FIELD_KEYS."""
        return box().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: Any) -> str:
        """Return the name under which an app lists the account."""
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return "Callcenter"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return a name for a new security key."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Security key %(number)s") % {"number": number}


def has_second_factor(user: User) -> bool:
    """Return whether a user has set up an app or a security key."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def needs_second_factor(user: User) -> bool:
    """Return whether one of a user's roles requires a second factor; a superuser counts as an admin."""
    roles = current().second_factor_roles
    if not roles:
        return False
    return (user.is_superuser and "Admins" in roles) or user.groups.filter(name__in=roles).exists()


def note_at_log_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Note at a log-in whether its person must set up a second factor first."""
    if request is None or not hasattr(request, "session"):
        return
    ways = [one.get("method") for one in get_authentication_records(request, user)]
    is_covered = settings.OIDC.is_second_factor and ways[-1:] == ["socialaccount"]
    if not is_covered and needs_second_factor(user) and not has_second_factor(user):
        request.session[IS_DUE] = True
    else:
        request.session.pop(IS_DUE, None)


def is_due(request: HttpRequest) -> bool:
    """Return whether the person of a request must set up a second factor before anything else."""
    if not request.session.get(IS_DUE):
        return False
    if has_second_factor(request.user):  # type: ignore[arg-type] # asked of a person who is logged in
        request.session.pop(IS_DUE)
        return False
    return True


@transaction.atomic
def encrypt_anew(pk: int) -> bool:
    """Encrypt one authenticator's secrets with the first of FIELD_KEYS; False where none of the keys opens them."""
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        return True
    adapter = SecondFactorAdapter()
    try:
        renewed = {name: adapter.encrypt(adapter.decrypt(row.data[name])) for name in SEALED if name in row.data}
    except InvalidToken:
        return False
    row.data |= renewed
    row.save(update_fields=["data"])
    return True


def ask_to_reset(person: User, user: User, reason: str) -> TwoPersonRequest:
    """Ask a second admin to reset a user's lost second factor. Raises PermissionDenied and two_people.CannotBeDone."""
    _check_resettable(user, person)
    return two_people.ask(RESET_SECOND_FACTOR, person, thing=user, reason=reason)


def reset_confirmed(row: TwoPersonRequest, person: User) -> str:
    """Reset the second factor that a request of two people names; raises two_people.CannotBeDone."""
    user = User.objects.filter(pk=row.thing_id).first()
    if user is None:
        raise two_people.CannotBeDone(_("This user no longer exists."))
    _check_resettable(user, person)
    reset(user, by=row.asked_by, reason=row.reason, confirmed_by=person.get_username())
    return _("Two-factor login of %(user)s reset.") % {"user": user.get_username()}


def _check_resettable(user: User, person: User) -> None:
    if user.pk == person.pk:
        raise two_people.CannotBeDone(_("This is your own two-factor login. Remove it under Preferences."))
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        raise two_people.CannotBeDone(_("This user has no two-factor login to reset."))


@transaction.atomic
def reset(user: User, *, by: User | None, **detail: Any) -> int:
    """Remove every second factor of a user who lost theirs, and end their sessions; returns how many were removed.

    `by` is None for the server's command line.
    """
    User.objects.select_for_update().get(pk=user.pk)
    removed = int(Authenticator.objects.filter(user_id=user.pk).delete()[0])
    end_sessions(user)
    record(by, "second_factor.reset", user, removed=removed, **detail)
    return removed
