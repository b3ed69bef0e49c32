"""The `doctor` command: reports in words what is wrong with this installation."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from callcenter import mail_check
from callcenter.commands import PlainCommand
from callcenter.diagnosis import examine, worker_here


class Command(PlainCommand):
    """Prints the findings of `callcenter.diagnosis`; the exit code is 1 where there is a problem."""

    is_recorded = False
    help = "Examine the installation: keys, database, queue, worker, disk, clock, addresses, mail, providers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--json`, `--mail` and `--worker`."""
        parser.add_argument("--json", action="store_true", help="print a JSON list instead of sentences")
        parser.add_argument("--mail", metavar="ADDRESS", help="only send a test message to this address")
        parser.add_argument(
            "--worker", action="store_true", help="only whether this host's worker lives, for what supervises it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each finding, with the next step below those that need one."""
        if options["mail"] is not None:
            self.send_mail(str(options["mail"]))
            return
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

    def send_mail(self, address: str) -> None:
        """Send a test message; raises CommandError with the next step where it cannot be sent."""
        try:
            validate_email(address)
            mail_check.send_one(address)
        except ValidationError:
            raise CommandError(f"{address} is not an e-mail address. Nothing was sent.") from None
        except mail_check.MailTrouble as trouble:
            raise CommandError(f"Nothing was sent: {trouble.sentence} {trouble.step}") from None
        taken = "was taken by the mail server. Look whether it arrived." if mail_check.uses_smtp() else "was printed."
        self.stdout.write(f"A test message to {address} {taken}")
