"""The `make_api_key` command: makes an API key for a user, and prints it."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from callcenter.api import keys, scopes
from callcenter.api.models import MAX_NAME, MOST_A_MINUTE, USUAL_A_MINUTE
from callcenter.commands import PlainCommand

MOST_DAYS = 366


class Command(PlainCommand):
    """Makes a key for a user who may have one, of their first role unless another is named."""

    help = "Make an API key for a user and print it, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose key it is, and what it may."""
        parser.add_argument("username")
        parser.add_argument("--scope", action="append", required=True, choices=sorted(scopes.BY_CODE), help="What for.")
        parser.add_argument("--name", default="made at the server", help="Which program uses it.")
        parser.add_argument("--role", default="", help="A role of the user; by default their first.")
        parser.add_argument("--days", type=int, default=90, help=f"How long it works, at most {MOST_DAYS}.")
        parser.add_argument("--a-minute", type=int, default=USUAL_A_MINUTE, help="Requests a minute, at most.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key; raises CommandError for what the form of the page would refuse, too."""
        owner = User.objects.filter(username=options["username"], is_active=True).first()
        if owner is None:
            raise CommandError("There is no user of this name who is switched on.")
        if not 1 <= options["days"] <= MOST_DAYS or not 1 <= options["a_minute"] <= MOST_A_MINUTE:
            raise CommandError(f"--days is from 1 to {MOST_DAYS}, --a-minute from 1 to {MOST_A_MINUTE}.")
        roles = owner.groups.order_by("pk")
        role = roles.filter(name=options["role"]).first() if options["role"] else roles.first()
        if role is None:
            raise CommandError("The user has no such role. Give them one in Set-up, under Users.")
        try:
            made = keys.make_key(
                owner,
                name=options["name"][:MAX_NAME],
                role=role,
                scopes=set(options["scope"]),
                a_minute=options["a_minute"],
                expires_at=timezone.now() + datetime.timedelta(days=options["days"]),
            )
        except PermissionDenied:
            raise CommandError("This user may not have API keys: managers and admins may.") from None
        self.stdout.write(made.secret)
