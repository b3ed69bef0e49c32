"""The `check_provider` command: tests a provider's key with a harmless read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from providers.naming import named_provider
from providers.services.checking import check_provider


class Command(PlainCommand):
    """Prints one sentence that says whether the key works; exit code 1 where it does not."""

    help = "Test a provider's key with a harmless read; nothing is dialled."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the provider and `--json`."""
        parser.add_argument("provider", metavar="NAME|ID")
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Test the key and print the verdict."""
        provider = named_provider(options["provider"])
        verdict = check_provider(provider.pk)
        if options["json"]:
            account = {name: str(value) for name, value in asdict(verdict.account).items() if value not in (None, "")} \
                if verdict.account else {}  # fmt: skip
            self.stdout.write(
                json.dumps(
                    {
                        "provider": provider.name,
                        "ok": verdict.is_ok,
                        "kind": verdict.kind,
                        "sentence": str(verdict.sentence),
                        "next_step": str(verdict.next_step),
                        "account": account,
                    },
                    ensure_ascii=False,
                )
            )
        elif verdict.is_ok:
            self.stdout.write(f"{provider.name}: {verdict}")
        if not verdict.is_ok:
            raise CommandError(f"{provider.name}: {verdict}")
