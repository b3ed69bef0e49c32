"""`manage.py export_calls`: calls as CSV, or as JSON with one object a line."""

from __future__ import annotations

import contextlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError, OutputWrapper

from callcenter.commands import PlainCommand, whole_file
from campaigns.core.days import parse_day
from campaigns.exports.call_sheet import CallSheet, within_days
from campaigns.models import Call, Campaign

Target = TextIO | OutputWrapper


class Command(PlainCommand):
    """Writes calls, newest first, with whole phone numbers: for people with access to the machine."""

    help = "Write calls as CSV (or JSON, one object a line), newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments: which calls, which format, and the target."""
        parser.add_argument("--campaign", default="", help="name or id")
        parser.add_argument("--since", default="", help="first day, such as 2026-11-21")
        parser.add_argument("--until", default="", help="last day")
        parser.add_argument("--output", default="-", help="file, or - for the standard output (default)")
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, and print a sentence about it on standard error."""
        for name in ("since", "until"):
            if options[name] and parse_day(options[name]) is None:
                raise CommandError(f"--{name}: “{options[name]}” is not a day such as 2026-11-21.")
        calls = Call.objects.order_by("-id")
        if options["campaign"]:
            calls = calls.filter(campaign=find_campaign(options["campaign"]))
        calls = within_days(calls, options["since"], options["until"])
        sheet = CallSheet(calls, shows_numbers=True)
        to_standard = contextlib.nullcontext(self.stdout) if options["output"] == "-" else None
        with to_standard or whole_file(Path(options["output"])) as target:
            count = _write(sheet, target, as_json=options["json"])
        where = "the standard output" if options["output"] == "-" else options["output"]
        self.stderr.write(f"{count} calls written to {where}.", self.style.SUCCESS)


def find_campaign(wanted: str) -> Campaign:
    """Return the campaign with this name, else with this id; raises CommandError if there is none."""
    found = Campaign.objects.filter(name=wanted).first()
    if found is None and wanted.isdecimal():
        found = Campaign.objects.filter(pk=int(wanted)).first()
    if found is None:
        raise CommandError(f"There is no campaign “{wanted}”.")
    return found


def _write(sheet: CallSheet, target: Target, *, as_json: bool) -> int:
    if as_json:
        for row in sheet.rows():
            target.write(json.dumps(dict(zip(sheet.header, row, strict=True)), ensure_ascii=False) + "\n")
    else:
        for piece in sheet.lines():
            target.write(piece)
    return sheet.written
