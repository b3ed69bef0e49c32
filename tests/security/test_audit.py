"""Whatever changes something, or hands out what was said and heard, is recorded: every address and every command."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from callcenter.audit import actions, often
from callcenter.audit.actions import BY_CODE
from callcenter.audit.models import AuditEvent
from callcenter.commands import PlainCommand
from tests.security.addresses import EVERYBODY, PLAUSIBLE, Address, Browsers, addresses

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
    "provider-sync": "recorded by the sync where the provider can be opened",
}
"""Addresses whose POST may write without an event, each with the reason."""
NO_CHANGE = re.compile(
    r'(INSERT INTO|UPDATE|DELETE FROM) "(django_session|audit_\w+|django_q_\w+|axes_\w+|access_keptform'
    r'|campaigns_(dialingswitch|hostbeat))"'
)
"""Writes that change nothing for people: the session, the log itself, the queue, the gate's lock."""
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


def asked(browsers: Browsers, method: str, address: Address) -> tuple[int, set[str], set[str]]:
    """Return the status, the tables that were written and the actions that were recorded; all is taken back."""
    often.forget()
    found: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        query = "?words=appointment&group=files" if method == "GET" else ""
        last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

        def look() -> None:
            found.extend(AuditEvent.objects.filter(pk__gt=last).values_list("action", flat=True))

        status, _error = browsers.ask(
            EVERYBODY, method.lower(), address.path + query, SENT if method == "POST" else {}, look=look
        )
    written = {
        match[2]
        for one in queries.captured_queries
        if (match := WRITES.match(one["sql"])) and not NO_CHANGE.match(one["sql"])
    }
    return status, written, set(found)


def test_what_changes_something_is_recorded(browsers: Browsers) -> None:
    silent, changed = {}, set()
    for address in addresses():
        status, written, actions = asked(browsers, "POST", address)
        if status == 405 or not written:
            continue
        changed.add(address.name)
        if not actions and address.name not in EXEMPT:
            silent[address.name] = sorted(written)
    assert not silent, "these addresses write without an audit event"
    assert len(changed) >= 25, sorted(changed)


def test_what_hands_out_something_is_recorded(browsers: Browsers) -> None:
    by_name = {address.name: address for address in addresses()}
    for name, action in HANDS_OUT.items():
        if name in ELSEWHERE:
            continue
        status, _written, actions = asked(browsers, "GET", by_name[name])
        assert status == 200, name
        assert action in actions, (name, actions)
    # A new address that hands out a file joins `HANDS_OUT`, or says where it is shown.
    harmless = {"import-template-csv", "import-template-xlsx"}
    files = set()
    for address in addresses():
        with transaction.atomic():
            response = browsers.clients[EVERYBODY].get(address.path)
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
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or len(node.args) < 2:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                code = node.args[1]
                text = code.value if isinstance(code, ast.Constant) else None
                if name in RECORDING and isinstance(text, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", text):
                    yield text, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_recorded_action_is_declared() -> None:
    found = dict(recorded_codes())
    assert len(found) > 60
    assert {code: where for code, where in found.items() if code not in BY_CODE} == {}


def test_no_code_stands_twice_and_all_have_words() -> None:
    assert len(actions.ACTIONS) == len(BY_CODE)
    assert all(str(action.words) for action in actions.ACTIONS)
    assert set(actions.GROUP_WORDS) == set(actions.Group)
