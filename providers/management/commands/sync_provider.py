"""Brings over a provider's agents, voices and caller IDs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.naming import named_provider
from providers.services.syncing import sync_provider


class Command(BaseCommand):
    """Says in one sentence what was brought over; exit code 1 where a list could not be read."""

    help = "Bring over the agents, voices and caller IDs that live at the vendor."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the provider and the form of the answer."""
        parser.add_argument("provider", metavar="NAME|ID")
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync, and say what came of it."""
        provider = named_provider(options["provider"])
        result = sync_provider(provider.pk)
        if options["json"]:
            answer: dict[str, Any] = {kind: asdict(counts) for kind, counts in result.counts.items()}
            answer |= {"provider": provider.name, "ok": result.problem is None}
            answer["problem"] = str(result.problem or "")
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif result.problem is None:
            self.stdout.write(f"{provider.name}: {result}")
        if result.problem is not None:
            raise CommandError(f"{provider.name}: {result}")
