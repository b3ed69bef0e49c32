"""`place_call` on the command line: the checks of the screen, one sentence, an exit code that tells."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from campaigns.management.commands import place_call
from campaigns.models import Call, DoNotCall
from providers.models import Provider
from tests.conftest import make_agent, make_provider


@pytest.fixture
def provider(db: None, settings: Settings) -> Provider:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    found = make_provider(name="Bolna here")
    make_agent(found, name="Reminder")
    make_agent(found, name="Survey", variables=["name", "order"])
    return found


BOLNA = ("09123456789", "--provider", "Bolna here", "--agent", "Reminder")


def run(*arguments: str) -> str:
    """Run `place_call` and return what it says."""
    out = StringIO()
    call_command("place_call", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_queues_a_call_and_says_so_without_the_number(provider: Provider, caller: User) -> None:
    said = run("0912 345 6789", "--provider", provider.name, "--agent", "Reminder", "--var", "a=b=c", "--as", "sara")
    call = Call.objects.get()
    assert (call.owner, call.variables, call.status) == (caller, {"a": "b=c"}, "pending")
    assert said == f"Call {call.pk} to …6789: Waiting.\n"


def test_the_command_sends_extras_that_the_form_would_take(provider: Provider) -> None:
    extras = ("retry_enabled=1", "max_retries=2", "retry_on_statuses=busy,failed", "retry_intervals_minutes=15 30")
    run(*BOLNA, *(word for extra in extras for word in ("--extra", extra)))
    assert Call.objects.get().vendor_options == {
        "retry_enabled": True,
        "max_retries": 2,
        "retry_on_statuses": ["busy", "failed"],
        "retry_intervals_minutes": ["15", "30"],
    }


def test_the_command_of_nobody_leaves_its_trace(provider: Provider) -> None:
    agent = provider.agent_set.get(name="Reminder")
    told = json.loads(run("09123456789", "--provider", str(provider.pk), "--agent", agent.remote_id, "--json"))
    call = Call.objects.get()
    assert (told["call"], told["status"], call.owner) == (call.pk, "pending", None)
    assert call.events.get().source == "system"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["12", "--provider", "Bolna here"], "digits are missing"),
        (["09123456789", "--provider", "nobody"], "no provider 'nobody'"),
        (["09123456789", "--provider", "Bolna here"], "Choose an agent, voice, text or digits"),
        (["09123456789", "--provider", "Bolna here", "--agent", "X"], "has no agent 'X'. It has: Reminder, Survey"),
        (["09123456789", "--provider", "Bolna here", "--agent", "Reminder", "--var", "x"], "NAME=VALUE"),
        (["09123456789", "--provider", "Bolna here", "--agent", "Reminder", "--as", "ghost"], "no user 'ghost'"),
        (["09123456789", "--provider", "Bolna here", "--agent", "Reminder", "--as", "nobody"], "may not place calls"),
        (["09123456789", "--provider", "Bolna here", "--agent", "Survey"], "The agent needs values for: name, order"),
        ([*BOLNA, "--extra", "speed=2"], "Bolna has no extra 'speed'. It has: scheduled_at, retry_enabled"),
        ([*BOLNA, "--extra", "max_retries=9"], "--extra max_retries: Ensure this value is less than or equal to 3"),
        ([*BOLNA, "--extra", "max_retries"], "Write --extra as NAME=VALUE"),
        ([*BOLNA, "--extra", "retry_enabled=1", "--as", "sara"], "may not send extras of the vendor"),
        (["09120000000", "--provider", "Bolna here", "--agent", "Reminder"], "do-not-call list"),
    ],
)
def test_the_command_says_what_is_wrong(provider: Provider, caller: User, arguments: list[str], words: str) -> None:
    User.objects.create_user("nobody")
    DoNotCall.objects.create(phone="+989120000000")
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert not Call.objects.exists()


@pytest.mark.parametrize(("status", "is_error"), [("completed", False), ("busy", False), ("failed", True)])
def test_the_command_waits_for_the_end(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, status: str, is_error: bool
) -> None:
    monkeypatch.setattr(place_call, "LOOK_SECONDS", 0.01)
    look = Call.refresh_from_db

    def end(call: Call, *args: Any, **kwargs: Any) -> None:
        Call.objects.filter(pk=call.pk).update(status=status, talk_seconds=38)
        look(call)

    monkeypatch.setattr(Call, "refresh_from_db", end)
    asked = ("09123456789", "--provider", provider.name, "--agent", "Reminder", "--wait", "5")
    if is_error:
        with pytest.raises(CommandError, match="Answered, 38 s talked"):
            run(*asked)
    else:
        assert "38 s talked" in run(*asked)


def test_the_command_does_not_wait_for_ever(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_call, "LOOK_SECONDS", 0.01)
    with pytest.raises(CommandError, match="look for it in the call log"):
        run("09123456789", "--provider", provider.name, "--agent", "Reminder", "--wait", "0.1")
