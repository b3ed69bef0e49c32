"""Log lines: JSON or text, masked whoever wrote them, with nothing of the request but what was meant."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest

from callcenter import request_ids
from callcenter.logs import AboutTheRequest, JsonFormatter, PlainFormatter, masked, masked_value
from tests.bare import STRONG_KEY


def record(message: str = "said", *args: Any, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("room").makeRecord("room", level, __file__, 1, message, args, None, extra=extra)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call to +989121234567 failed", "call to …4567 failed"),
        ("POST /hooks/7/abcdef123/ 200", "POST /hooks/7/…/ 200"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer …"),
        ("sent bearer abcdef0123456789.x", "sent bearer …"),
        ('{"api_key": "sk_live_0123", "n": 1}', '{"api_key": "…", "n": 1}'),
        ("?token=abcdef0123&page=2", "?token=…&page=2"),
        ("FATAL for postgres://somebody:topsecret@db:5432/x", "FATAL for postgres://…@db:5432/x"),
        ("password=topsecret", "password=…"),
        ("a token of the bucket is taken", "a token of the bucket is taken"),
        ("reference=0af76519-16cd-43dd-8448-123456789012", "reference=0af76519-16cd-43dd-8448-123456789012"),
        ("call=123456 took 1234 ms", "call=123456 took 1234 ms"),
    ],
)
def test_keys_and_numbers_are_masked_and_nothing_else(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert masked(masked(text)) == expected


def test_values_are_masked_however_deep() -> None:
    deep: Any = "+989121234567"
    for _ in range(50):
        deep = [deep]
    found = masked_value(
        {"a": [{"to": "+989121234567", "+989121234567": 1}], "n": 989121234567, "deep": deep, "ok": True, "none": None}
    )
    assert found["a"] == [{"to": "…4567", "…4567": 1}]
    assert found["n"] == "…4567"
    assert (found["ok"], found["none"]) == (True, None)
    assert "1234567" not in json.dumps(found)


def test_a_line_is_json_with_its_fields() -> None:
    try:
        request_ids.begin("edge-0123456789")
        one = record("call=%s to %s", 7, "+989121234567", status=200)
        assert AboutTheRequest().filter(one)
    finally:
        request_ids.end()
    line = json.loads(JsonFormatter().format(one))
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert len(at) == len("2026-11-29T23:00:00.000+00:00")
    assert line == {
        "level": "INFO", "logger": "room", "message": "call=7 to …4567", "request_id": "edge-0123456789", "status": 200,
    }  # fmt: skip


def test_a_trace_is_part_of_the_line_and_masked() -> None:
    try:
        raise ValueError("no call to +989121234567\nsecond line")
    except ValueError:
        one = record("failed", level=logging.ERROR)
        one.exc_info = sys.exc_info()
    for formatter in (JsonFormatter(), PlainFormatter()):
        text = formatter.format(one)
        assert "ValueError" in text
        assert "second line" in text
        assert "1234567" not in text
    assert JsonFormatter().format(one).count("\n") == 0


def test_django_s_request_is_never_written() -> None:
    request = HttpRequest()
    request.method = "GET"  # otherwise its text has no path
    request.META["HTTP_COOKIE"] = "session=topsecret"
    request.path = "/topsecret/"
    assert "topsecret" not in JsonFormatter().format(record("failed", request=request))


def test_text_for_people_has_the_request_id_at_its_end() -> None:
    one = record("call to %s", "+989121234567", request_id="edge-0123456789")
    assert PlainFormatter().format(one).endswith("INFO    room: call to …4567 [edge-0123456789]")
    assert PlainFormatter().format(record("nothing")).endswith("room: nothing")


def started(tmp_path: Path, then: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the web application in an environment of its own, as gunicorn imports it."""
    (tmp_path / "static").mkdir(exist_ok=True)
    given = {
        "PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path), "SECRET_KEY": STRONG_KEY,
        "FIELD_KEYS": Fernet.generate_key().decode(), "ALLOWED_HOSTS": "desk.example.org",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", f"import callcenter.wsgi; {then}"],
        cwd=settings.BASE_DIR, env=given | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("shape", ["json", "plain"])
def test_the_web_server_tells_its_version_when_it_starts(tmp_path: Path, shape: str) -> None:
    done = started(tmp_path, LOG_FORMAT=shape)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    sentence = f"Callcenter {settings.VERSION}: the web server starts."
    assert json.loads(line)["message"] == sentence if shape == "json" else line.endswith(f"callcenter: {sentence}")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"LOG_FORMAT": "xml"}, "json or plain"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN is short"),
        ({"METRICS_ADDRESSES": "10.0.0.0/24,elsewhere"}, "METRICS_ADDRESSES"),
        ({"SENTRY_DSN": "https://key@errors.example.org/1"}, "OUTBOUND_HOSTS"),
        ({"SENTRY_DSN": "http://key@errors.example.org/1", "OUTBOUND_HOSTS": "errors.example.org"}, "https"),
        ({"SENTRY_DSN": "https://errors.example.org/1", "OUTBOUND_HOSTS": "errors.example.org"}, "KEY@HOST"),
        ({"WORKERS": "1"}, "WORKERS must be 2 or more"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(tmp_path: Path, wrong: dict[str, str], named: str) -> None:
    done = started(tmp_path, **wrong)
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    assert named in done.stderr


@pytest.mark.parametrize("is_set", [False, True])
def test_the_library_of_error_reports_is_imported_only_where_the_setting_is(tmp_path: Path, is_set: bool) -> None:
    given = {"SENTRY_DSN": "https://key@errors.example.org/1", "OUTBOUND_HOSTS": "errors.example.org"}
    done = started(tmp_path, "import sys; print('sentry_sdk' in sys.modules)", **(given if is_set else {}))
    assert done.stdout.strip() == str(is_set), done.stderr
