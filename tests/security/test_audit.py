"""Whatever changes something, or hands out what was said and heard, is recorded: every address and every command."""

from __future__ import annotations

import ast
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.db import connection, transaction
from django.utils import timezone

from callcenter.access.sealed_searches import BY_POST
from callcenter.audit import actions, often
from callcenter.audit.actions import BY_CODE
from callcenter.audit.models import AuditEvent
from callcenter.commands import PlainCommand
from campaigns.models import Call, Campaign
from providers.types import CallStatus
from tests.security.addresses import EVERYBODY, PLAUSIBLE, Address, Browsers, Reading, addresses
from tests.sources import tree_of

Status = Campaign.Status
ROOT = Path(__file__).resolve().parents[2]
HANDS_OUT = {
    "call": "call.transcript_opened",
    "call-live": "call.transcript_opened",
    "call-log": "calls.searched",
    "call-log-total": "calls.searched",
    "do-not-call-export": "do_not_call.exported",
    "do-not-call-export-xlsx": "do_not_call.exported",
    "export-fetch": "calls.export_fetched",
    "reports-csv": "report.exported",
    "audit": "audit.viewed",
    "audit-export": "audit.exported",
}
"""What is seen or heard by a GET, and its action."""
NARROWED = {"call-log": "?words=appointment", "call-log-total": "?words=appointment", "audit": "?group=files"}
ELSEWHERE = {
    "call-recording": "tests/campaigns/calls/test_recordings.py: a vendor must hand the recording out",
    "import-bad-rows": "tests/campaigns/contacts/views: a stored file is needed",
    "export-fetch": "tests/campaigns/exports: a written file is needed",
}
EXEMPT = {
    "login": "by signals: tests/callcenter/audit/test_context.py",
    "logout": "by signals: tests/callcenter/audit/test_context.py",
    "set-language": "a language of one's own screens, in a cookie",
    "kept-form-discard": "one's own form that was not taken, kept for an hour",
    "quick-call-check": "looks only",
    "hook": "messages are hints, counted on their address; refused ones are recorded: test_webhooks_follow_up.py",
    "unmatched-calls-compare": "reads the provider's list; what it finds is recorded",
    "campaign-resume": "where it is refused for what is gone at the provider, its lists are asked for again",
    "campaign-try": "a test call that is refused writes a contact, which is taken back with it",
    "campaign-redial": "where nobody is left to call, the list that was begun is taken back with the refusal",
    "import-source-read": "what is read in any case is read at once; the import that comes of it is recorded",
    "provider-sync": "recorded by the sync where the provider can be opened",
}
"""Addresses whose POST may write without an event, each with the reason."""
NO_CHANGE = re.compile(
    r'(INSERT INTO|UPDATE|DELETE FROM) "(django_session|audit_\w+|django_q_\w+|sign_in_attempts|access_keptform'
    r'|campaigns_(dialingswitch|hostbeat))"'
)
"""Writes that change nothing for people: the session, the log itself, the queue, the gate's lock."""
IS_FULL = os.environ.get("SECURITY") == "full"
REACHED = 35 if IS_FULL else 24
"""So many addresses at least write in this walk; the others need more than a form, and stand in their rooms' tests."""
SHOWS_AGAIN = {"kept_form", BY_POST}
"""Fields that let an address show something again instead of carrying it out."""
WRITES = re.compile(r'^(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
QUIET = ("django.request", "django.security", "callcenter", "campaigns", "providers")
SENT = PLAUSIBLE | {
    "words": "appointment",
    "time_zone": "Asia/Tehran",
    "since": "2020-01-01",
    "format": "csv",
    "group": "files",
}


@pytest.fixture
def browsers(db: None, caplog: pytest.LogCaptureFixture) -> Browsers:
    for name in QUIET:
        caplog.set_level(logging.CRITICAL + 1, logger=name)
    return Browsers()


def asked(browsers: Browsers, method: str, path: str, sent: Any) -> tuple[int, set[str], set[str]]:
    """Return the status, the tables that were written and the actions that were recorded; all is taken back."""
    often.forget()
    found: list[str] = []
    written: set[str] = set()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        answer = execute(sql, params, many, context)
        match = WRITES.match(sql)
        # A compare-and-set that found nothing changed nothing.
        if match and not NO_CHANGE.match(sql) and (match[1] == "INSERT INTO" or context["cursor"].rowcount):
            written.add(match[2])
        return answer

    with connection.execute_wrapper(watch):
        last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

        def look() -> None:
            found.extend(AuditEvent.objects.filter(pk__gt=last).values_list("action", flat=True))

        status, _error = browsers.ask(EVERYBODY, method, path, sent, look=look)
    return status, written, set(found)


def situations(address: Address) -> Iterator[None]:
    """Let what an address is about stand in each state in which something can be done with it."""
    if address.route.startswith("/campaigns/"):
        for status in (Status.DRAFT, Status.WAITING, Status.RUNNING, Status.PAUSED) if IS_FULL else (Status.RUNNING,):
            launched = None if status == Status.DRAFT else timezone.now()
            Campaign.objects.update(status=status, launched_at=launched, is_filled=True)
            yield
        Campaign.objects.update(status=Status.DRAFT, launched_at=None)
    elif address.route.startswith("/calls/"):
        for state in (
            (CallStatus.PENDING, CallStatus.UNKNOWN, CallStatus.COMPLETED) if IS_FULL else (CallStatus.UNKNOWN,)
        ):
            Call.objects.filter(pk=address.parts.get("pk", 0)).update(status=state)
            yield
    else:
        yield


def test_what_changes_something_is_recorded(browsers: Browsers) -> None:
    silent: dict[str, list[str]] = {}
    changed: set[str] = set()
    for address in addresses():
        if address.path.startswith("/setup/") and not (IS_FULL and address.name.endswith(("_add", "_change"))):
            continue
        reading, names = Reading(), set(SENT)
        for _situation in situations(address):
            for _turn in range(2):
                with reading.noting():
                    status, written, actions = asked(
                        browsers, "post", address.path, {name: SENT.get(name, "1") for name in names}
                    )
                if status == 405:
                    break
                if written:
                    changed.add(address.name)
                    if not actions and address.name not in EXEMPT:
                        silent[address.name] = sorted(written)
                    break
                if reading.names - SHOWS_AGAIN <= names:
                    break
                names |= reading.names - SHOWS_AGAIN
    assert silent == {}, "these addresses write without an audit event"
    assert len(changed) >= REACHED, sorted(changed)


def test_what_hands_out_something_is_recorded(browsers: Browsers) -> None:
    found = addresses()
    for address in found:
        if address.name in HANDS_OUT and address.name not in ELSEWHERE:
            path = address.with_parts(key="hours") if "key" in address.parts else address.path
            status, _written, actions = asked(browsers, "GET", path + NARROWED.get(address.name, ""), None)
            assert status in {200, 286}, (address.name, status)
            assert HANDS_OUT[address.name] in actions, (address.name, actions)
    # A new address that hands out a file joins `HANDS_OUT`, or says where it is shown.
    harmless = {"import-template-csv", "import-template-xlsx"}
    files = set()
    for address in found:
        if address.route.startswith("/setup/"):
            continue
        with transaction.atomic():
            response = browsers.clients[EVERYBODY].get(address.path)
            # Read to its end, as a browser does: until then its maker gets no other file.
            b"".join(getattr(response, "streaming_content", ()))
            transaction.set_rollback(True)
        kind = response.headers.get("Content-Disposition", "")
        if "attachment" in kind or response.headers.get("Content-Type", "").startswith("audio/"):
            files.add(address.name)
    assert files - harmless <= set(HANDS_OUT) | set(ELSEWHERE)


COMMANDS_NOT_RECORDED = {
    "worker": "serves; what its tasks do is recorded by themselves",
    "up": "serves",
    "sandbox": "serves the simulator",
    "doctor": "looks only",
    "init": "runs before there is a database",
    "prepare": "runs before the tables are there, at each start",
    "demo": "a demo only",
    "sync_schedules": "the worker does the same at each start",
    "verify_audit": "records audit.verified",
}


def test_every_command_is_recorded_or_says_why_not() -> None:
    silent = set()
    for name, app in get_commands().items():
        if not str(app).startswith(("callcenter", "campaigns", "providers")):
            continue
        command = load_command_class(app, name)
        assert isinstance(command, PlainCommand), name
        if not command.is_recorded:
            silent.add(name)
    assert silent == set(COMMANDS_NOT_RECORDED)


RECORDING = {"record", "record_audit", "note", "event_of"}


def recorded_codes() -> Iterator[tuple[str, str]]:
    """Yield each action that the source records by its code, with where."""
    for room in ("callcenter", "campaigns", "providers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            if not any(f"{name}(" in text for name in RECORDING):
                continue
            for node in ast.walk(tree_of(text)):
                if not isinstance(node, ast.Call) or len(node.args) < 2:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                code = node.args[1]
                said = code.value if isinstance(code, ast.Constant) else None
                if name in RECORDING and isinstance(said, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", said):
                    yield said, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_recorded_action_is_declared() -> None:
    found = dict(recorded_codes())
    assert len(found) > 60
    assert {code: where for code, where in found.items() if code not in BY_CODE} == {}


def test_no_code_stands_twice_and_all_have_words() -> None:
    assert len(actions.ACTIONS) == len(BY_CODE)
    assert all(str(action.words) for action in actions.ACTIONS)
    assert set(actions.GROUP_WORDS) == set(actions.Group)
