"""`manage.py confirm_number`: confirms a user's own number, where nobody else can."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from campaigns.core.refusals import Refusal
from campaigns.core.typed_numbers import understand_typed
from campaigns.launch import own_numbers


class Command(PlainCommand):
    """Confirms that a number is the phone of a user, who may place test calls to it from then on; audited."""

    help = "Confirm that a number is a user's own phone, so that their test calls may ring it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the user, the number and the reason."""
        parser.add_argument("user", help="the user's name")
        parser.add_argument("number", help="the number of their own phone")
        parser.add_argument("--reason", required=True, help="how you know that it is their number")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Enter the number for the user if they have not, and confirm it."""
        person = User.objects.filter(username=options["user"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active user {options['user'][:60]}. Give the name with which they log in.")
        found = understand_typed(options["number"])
        if found.code:
            raise CommandError(str(found.problem))
        try:
            entered = own_numbers.enter(person, found.e164)
            is_new = own_numbers.confirm(entered.pk, person=None, reason=options["reason"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write("Confirmed." if is_new else "It was confirmed before; nothing was changed.")
