"""The `reset_second_factor` command: removes the second factor of a user who lost theirs, at the server itself."""

from __future__ import annotations

import getpass
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from callcenter.sign_in.second_factor import reset


class Command(PlainCommand):
    """For the one who has the server at hand; on the pages it takes two admins."""

    help = "Remove the second factor of a user who lost theirs, and end their sessions; it is written to the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user's name and the reason."""
        parser.add_argument("username", help="the user's name")
        parser.add_argument("--reason", required=True, help="why, for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove it; raises CommandError for an unknown user, and for one who has none."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}.")
        if not Authenticator.objects.filter(user_id=user.pk).exists():
            raise CommandError(f"{user} has no second factor, so there is nothing to reset.")
        reset(user, by=None, reason=options["reason"], at_server_by=_account())
        self.stdout.write(f"{user} logs in with the password alone now; their sessions have ended.")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
