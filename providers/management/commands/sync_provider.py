"""The `sync_provider` command: copies a provider's agents, voices and caller IDs from the vendor."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from providers.naming import named_provider
from providers.services.syncing import sync_provider


class Command(PlainCommand):
    """Prints one sentence that says what was copied; exit code 1 where a list could not be read."""

    help = "Bring over the agents, voices and caller IDs that live at the vendor."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the provider and `--json`."""
        parser.add_argument("provider", metavar="NAME|ID")
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the sync and print its result."""
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
