"""`manage.py place_call`: calls one person."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError, CommandParser
from django.forms import MultipleChoiceField

from callcenter.commands import PlainCommand
from callcenter.formats.masking import ending
from campaigns.calls.forms.vendor_extras import extra_field
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core import explanations, results
from campaigns.core.refusals import Refusal
from campaigns.core.typed_numbers import understand_typed
from campaigns.models import Call
from providers.models import Agent, CallerId, Dialer, Provider, RemoteRow, Voice
from providers.naming import named_provider
from providers.types import CallStatus

LOOK_SECONDS = 0.5
"""Seconds between two reads of the row while waiting."""
ROWS_NAMED = 20
"""Most names that an error lists as a choice."""
MADE = frozenset({CallStatus.COMPLETED, CallStatus.NO_ANSWER, CallStatus.BUSY})
"""End states of a call that was really made; any other gives the exit code 1."""


class Command(PlainCommand):
    """Queues one call as the screen does, under the same checks; with --wait, reports how it ended."""

    help = "Call one number. The worker dials; every check of the quick call holds here too."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments: the number, the message, and the user on whose behalf the call is placed."""
        parser.add_argument("number", metavar="NUMBER", help="in any local form, or with a country code")
        parser.add_argument("--provider", required=True, metavar="NAME|ID")
        message = parser.add_mutually_exclusive_group()
        message.add_argument("--agent", metavar="NAME|ID", help="an agent, by name or by its id at the vendor")
        message.add_argument("--text", help="a text to speak")
        message.add_argument("--digits", help="one to five digits to speak")
        parser.add_argument("--voice", metavar="NAME|ID", help="a recorded voice, or another voice of the agent")
        parser.add_argument("--caller-id", metavar="NUMBER|NAME|ID")
        parser.add_argument("--dialer", metavar="NAME|ID")
        parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
        parser.add_argument("--extra", action="append", default=[], metavar="NAME=VALUE",
                            help="an extra of the vendor, outside our guarantee; may be repeated")  # fmt: skip
        parser.add_argument("--region", default="", metavar="XX", help="country of a number without a country code")
        parser.add_argument("--as", dest="username", default="", metavar="USER", help="who places the call")
        parser.add_argument("--again", action="store_true", help="also if the number was called a short time ago")
        parser.add_argument("--wait", type=float, nargs="?", const=900.0, default=0.0, metavar="SECONDS",
                            help="wait for the end, 15 minutes if no number follows")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue the call, and print its state in one sentence."""
        found = understand_typed(options["number"], options["region"].upper())
        if found.code:
            raise CommandError(str(found.problem))
        provider = named_provider(options["provider"])
        asked = SingleCall(
            to_number=found.e164,
            region=found.region,
            provider=provider,
            agent=named_row(Agent, provider, options["agent"]),
            voice=named_row(Voice, provider, options["voice"]),
            caller_id=named_row(CallerId, provider, options["caller_id"]),
            dialer=named_row(Dialer, provider, options["dialer"]),
            text=options["text"] or "",
            digits=options["digits"] or "",
            variables=dict(split_variable(given) for given in options["var"]),
            vendor_options=read_extras(provider, options["extra"]),
            is_deliberate=options["again"],
        )
        person = User.objects.filter(username=options["username"]).first() if options["username"] else None
        if options["username"] and person is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        try:
            call = place_single_call(asked, person=person).call
        except Refusal as refusal:
            raise CommandError(f"Not called. {refusal}") from None
        except PermissionDenied:
            what = "send extras of the vendor: that is an admin's" if asked.vendor_options else "place calls"
            raise CommandError(f"{person} may not {what}.") from None
        if options["wait"]:
            call = wait_for_end(call, float(options["wait"]))
        self.say(call, has_waited=bool(options["wait"]), as_json=options["json"])

    def say(self, call: Call, *, has_waited: bool, as_json: bool) -> None:
        """Print the call's state; raises CommandError if the call was waited for and was not really made."""
        result = results.result_of(call)
        sentence = f"Call {call.pk} to {ending(call.to_number)}: {result.word}."
        if call.talk_seconds:
            sentence = f"{sentence[:-1]}, {call.talk_seconds} s talked."
        reason = results.sentence_of(call)
        if reason and (call.wait_reason or call.status != CallStatus.PENDING):
            sentence += f" {reason}"
        if as_json:
            told = {"call": call.pk, "reference": str(call.reference), "status": call.status,
                    "result": str(result.word), "talk_seconds": call.talk_seconds,
                    "failure_reason": call.failure_reason, "failure_detail": call.failure_detail,
                    "sentence": sentence}  # fmt: skip
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if has_waited and call.status not in MADE:
            step = explanations.next_step(call) if call.is_final else "It goes on: look for it in the call log."
            raise CommandError(f"{sentence} {step}".strip())
        if not as_json:
            self.stdout.write(sentence)


def wait_for_end(call: Call, seconds: float) -> Call:
    """Read the row repeatedly until the call has ended or `seconds` have passed; returns the call."""
    until = time.monotonic() + seconds
    while not call.is_final and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        call.refresh_from_db()
    return call


def split_variable(given: str, option: str = "--var") -> tuple[str, str]:
    """Return name and value of a NAME=VALUE argument; raises CommandError."""
    name, sign, value = given.partition("=")
    if not sign or not name.strip():
        raise CommandError(f"Write {option} as NAME=VALUE, not {given!r}.")
    return name.strip(), value


def read_extras(provider: Provider, given: Sequence[str]) -> dict[str, Any]:
    """Return the vendor's extra settings by name, validated as in the form; raises CommandError."""
    known = {field.name: field for field in provider.backend_class.order_fields}
    found: dict[str, Any] = {}
    for name, raw in (split_variable(word, "--extra") for word in given):
        if name not in known:
            raise CommandError(f"{provider.vendor_label} has no extra {name!r}. It has: {', '.join(known) or 'none'}.")
        field = extra_field(known[name])
        try:
            value = field.clean(raw.split(",") if isinstance(field, MultipleChoiceField) else raw)
        except ValidationError as error:
            raise CommandError(f"--extra {name}: {' '.join(error.messages)}") from None
        found[name] = value.isoformat() if isinstance(value, datetime.datetime) else value
    return found


def named_row(model: type[RemoteRow], provider: Provider, wanted: str | None) -> Any:
    """Return the provider's row with this name, id at the vendor or number; None if `wanted` is None.

    Raises CommandError if no row or several rows match.
    """
    if not wanted:
        return None
    rows = model._default_manager.filter(provider=provider, is_present=True)
    for field in ("remote_id", "name", *(("number",) if model is CallerId else ())):
        found = list(rows.filter(**{field: wanted})[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f"{wanted!r} is the name of several: use the id at the vendor.")
    what = str(model._meta.verbose_name)
    known = ", ".join(str(row) for row in rows[:ROWS_NAMED]) or "none"
    raise CommandError(f"{provider} has no {what} {wanted!r}. It has: {known}.")
