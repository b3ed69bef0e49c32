"""`manage.py after_restore`: freezes calling by hand after a backup was restored."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from callcenter.commands import PlainCommand
from campaigns.models import VendorSweep
from campaigns.tracking import restore_guard
from providers.models import Provider


class Command(PlainCommand):
    """Run between the restore and the start of the worker; idempotent."""

    help = "Freeze all calling after a restored backup, until the vendors' lists of calls were compared."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments: the time of the backup, and a reason for the audit log."""
        parser.add_argument(
            "--since", metavar="TIME", help="when the backup was made, where the worker has run since: 2026-03-01T14:00"
        )
        parser.add_argument("--reason", default="", metavar="WORDS", help="what was restored, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Freeze every provider, and print what ends each freeze."""
        since = self.instant(options["since"]) if options["since"] else None
        if since is not None:
            later = Q(complete_until__isnull=True) | Q(complete_until__gt=since)
            VendorSweep.objects.filter(later).update(complete_until=since)
        restore_guard.freeze_all(options["reason"].strip() or _("a backup of the database was restored."), None)
        frozen = Provider.objects.filter(frozen_at__isnull=False).order_by("name")
        if not frozen:
            self.stdout.write("There is no provider, so there is nothing to freeze.")
        for provider in frozen:
            self.stdout.write(f"{provider.name} is frozen. {provider.frozen_step}")

    def instant(self, text: str) -> datetime.datetime:
        """Return the typed time, in the installation's zone if it names none; raises CommandError."""
        try:
            found = parse_datetime(text)
        except ValueError:
            found = None
        if found is None:
            raise CommandError(f"{text!r} is no time. Write it as 2026-03-01T14:00.")
        aware = found if timezone.is_aware(found) else timezone.make_aware(found)
        if aware > timezone.now():
            raise CommandError("That time is still to come: a backup is older than now.")
        return aware
