"""Says in words what is wrong with this installation."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callcenter.diagnosis import examine


class Command(BaseCommand):
    """Run it after an installation, a move or a restore; the exit code is 1 where something is wrong."""

    help = "Examine the installation: keys, database, queue, worker, disk, clock, addresses, providers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Offer JSON for machines."""
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a finding, with the next step below each that is not well."""
        findings = examine()
        problems = sum(finding.level == "problem" for finding in findings)
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2))
        else:
            words = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
            for finding in findings:
                self.stdout.write(f"{words[finding.level]} {finding.subject}: {finding.sentence}")
                if finding.next_step:
                    self.stdout.write(f"        -> {finding.next_step}")
            self.stdout.write(f"{problems} to repair." if problems else "All is well.")
        if problems:
            raise SystemExit(1)
