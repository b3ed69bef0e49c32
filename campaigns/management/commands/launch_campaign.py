"""`manage.py launch_campaign`: checks or launches a campaign on behalf of a user, with that user's rights."""

from __future__ import annotations

import datetime
import json
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from callcenter.commands import PlainCommand
from callcenter.formats.zones import moment_at
from campaigns.core.refusals import Refusal
from campaigns.launch.launch_check import LaunchCheck, check_launch
from campaigns.launch.launch_sentence import sentence_of
from campaigns.launch.start import launch
from campaigns.management.commands.export_calls import find_campaign


class Command(PlainCommand):
    """Launches as the button does: same checks, same limits, same audit event."""

    help = "Launch a campaign, or only check it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments: which campaign, which user, and how to launch."""
        parser.add_argument("campaign", help="name or id")
        parser.add_argument("--as", dest="username", required=True, metavar="USER", help="whose rights and limits hold")
        parser.add_argument("--check", action="store_true", help="only say what a launch would do")
        parser.add_argument("--pilot", action="store_true", help="call ten people first, then pause and ask")
        parser.add_argument(
            "--at", metavar="TIME", help="start then by itself: 2026-12-01T09:00, on the clock of this installation"
        )
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check or launch, and print one sentence; raises CommandError if that is not possible."""
        campaign = find_campaign(options["campaign"])
        person = get_user_model().objects.filter(username=options["username"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active person “{options['username']}”.")
        if options["check"]:
            check = check_launch(campaign, person=person)
            self._answer(options["json"], sentence_of(check), _as_json(check))
            if check.blockers:
                raise CommandError(" ".join(check.blockers))
            return
        if options["pilot"] and options["at"]:
            raise CommandError("A pilot starts at once: give --pilot or --at.")
        try:
            launched = launch(campaign.pk, person, starts_at=_time(options["at"]), is_pilot=options["pilot"])
        except PermissionDenied as error:
            raise CommandError(f"“{person}” may not launch “{campaign}”.") from error
        except Refusal as error:
            raise CommandError(f"“{campaign}” was not launched. {error}") from error
        answer = {"changed": launched.changed, "status": launched.status, "people": launched.people}
        self._answer(options["json"], launched.sentence, answer)
        if not launched.changed:
            raise CommandError(f"“{campaign}” was launched before.")

    def _answer(self, as_json: bool, sentence: str, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps({"sentence": sentence} | answer, ensure_ascii=False) if as_json else sentence)


def _time(text: str | None) -> datetime.datetime | None:
    if not text:
        return None
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is no time: write it like 2026-12-01T09:00.") from error
    if at.tzinfo:
        return at
    try:
        return moment_at(at, timezone.get_default_timezone())
    except ValidationError as error:
        raise CommandError(error.message) from error


def _as_json(check: LaunchCheck) -> dict[str, Any]:
    return {
        "ready": check.is_ready,
        "people": check.total,
        "called": check.called,
        "now": check.now,
        "waiting": check.waiting,
        "never": check.never,
        "empty": {"not_called": dict(check.missing), "called": dict(check.unmet)},
        "verdicts": dict(check.verdicts),
        "first_opening": check.first_opening.isoformat() if check.first_opening else None,
        "needs_approval": check.needs_approval,
        "minutes": check.estimate.minutes[1],
        "minutes_least": check.estimate.minutes[0],
        "days": check.days,
        "cost": str(check.estimate.cost[1]) if check.estimate.cost else None,
        "cost_least": str(check.estimate.cost[0]) if check.estimate.cost else None,
        "uncalled": check.estimate.uncalled,
        "currency": check.currency,
        "blockers": check.blockers,
        "warnings": check.warnings,
    }
