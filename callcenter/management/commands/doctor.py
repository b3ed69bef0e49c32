"""The `doctor` command: reports in words what is wrong with this installation."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from callcenter.diagnosis import examine, worker_here


class Command(BaseCommand):
    """Prints the findings of `callcenter.diagnosis`; the exit code is 1 where there is a problem."""

    help = "Examine the installation: keys, database, queue, worker, disk, clock, addresses, providers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--json` and `--worker`."""
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of sentences")
        parser.add_argument(
            "--worker", action="store_true", help="only whether this host's worker lives, for what supervises it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each finding, with the next step below those that need one."""
        findings = [worker_here()] if options["worker"] else examine()
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
