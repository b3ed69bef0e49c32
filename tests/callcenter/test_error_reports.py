"""Error reports: what leaves is masked and little, and it leaves by our own wire only."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings as product
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory
from pytest_django import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from callcenter import error_reports, request_ids
from providers import outbound
from providers.client.transfers import Transfer
from providers.exceptions import NotSent

DSN = "https://0123456789abcdef@errors.example.org/7"
SECRETS = ("1234567", "topsecret", "sk_live_0123456789", "Maryam")


class Kept(Transport):
    """A transport that keeps what it is given."""

    reports: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.reports += [item.payload.json for item in envelope.items if item.payload.json]


@pytest.fixture
def reports(settings: Settings) -> Iterator[list[dict[str, Any]]]:
    settings.SENTRY_DSN, settings.OUTBOUND_HOSTS = DSN, ["errors.example.org"]
    Kept.reports = []
    error_reports.begin(Kept)
    yield Kept.reports
    forget_reports()
    # What a server does by closing the answer; here it would close the test's database connection too.
    request_ids.end()


def forget_reports() -> None:
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


def test_nothing_is_begun_without_the_setting(settings: Settings) -> None:
    settings.SENTRY_DSN = ""
    error_reports.begin()
    assert not sentry_sdk.get_client().is_active()


@pytest.mark.django_db(transaction=True)
def test_a_page_that_fails_is_reported_without_what_people_sent(
    client: Client, rf: RequestFactory, caller: User, reports: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        name, key = "Maryam", "sk_live_0123456789"
        raise RuntimeError(f"no call to +98912{1234567} with token={key}", len(name))

    monkeypatch.setattr("campaigns.reports.views.today.overview", broken)
    client.force_login(caller)
    session = client.cookies[product.SESSION_COOKIE_NAME].value
    cookie = f"{product.SESSION_COOKIE_NAME}={session}; other=topsecret"
    headers = {"X-Request-ID": "edge-abcdefgh", "X-Secret": "topsecret", "Cookie": cookie}
    asked = rf.get("/today/?q=topsecret", headers=headers)
    said: list[str] = []
    # As the web server asks; the test client would go round what the library puts there.
    get_wsgi_application()(asked.environ, lambda status, _headers: said.append(status))
    assert said == ["500 Internal Server Error"]
    (report,) = reports
    assert report["exception"]["values"][-1]["type"] == "RuntimeError"
    assert report["request"] == {"method": "GET", "url": "http://testserver/today/"}
    assert report["tags"]["request_id"] == "edge-abcdefgh"
    assert report["release"].startswith("callcenter@")
    assert "user" not in report
    frames = [frame for value in report["exception"]["values"] for frame in value["stacktrace"]["frames"]]
    assert frames
    assert not [frame for frame in frames if {"vars", "context_line", "pre_context"} & set(frame)]
    written = json.dumps(report, ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in written] == []
    assert "…4567" in written


def test_a_logged_error_is_reported_masked_and_a_warning_is_not(reports: list[dict[str, Any]]) -> None:
    logging.getLogger("room").warning("slow")
    logging.getLogger("room").error("no call to %s", "+989121234567", extra={"key": "topsecret"})
    (report,) = reports
    assert [secret for secret in SECRETS if secret in json.dumps(report)] == []
    assert report["logger"] == "room"


def test_a_refusal_is_no_error(client: Client, caller: User, reports: list[dict[str, Any]]) -> None:
    client.force_login(caller)
    client.get("/no/such/page/")
    client.get("/login/", headers={"host": "elsewhere.example"})
    assert reports == []


def test_a_report_outside_of_a_request_has_no_id(reports: list[dict[str, Any]]) -> None:
    assert request_ids.current() == ""
    logging.getLogger("room").error("failed")
    assert "request_id" not in (reports[0].get("tags") or {})


# The way out


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[Transfer]:
    """Keep transfers instead of carrying them; the answer is a redirect."""
    kept: list[Transfer] = []

    def carry(transfer: Transfer) -> None:
        kept.append(transfer)
        transfer._answer.add_line(b"HTTP/1.1 302 Found\r\n")
        transfer._answer.add_line(b"Location: https://elsewhere.example/\r\n")
        transfer._answer.add_line(b"\r\n")
        transfer._has_left = True
        transfer.end(0)

    monkeypatch.setattr(outbound, "carry", carry)
    return kept


def test_a_report_leaves_once_over_our_own_wire_and_follows_no_redirect(
    settings: Settings, carried: list[Transfer]
) -> None:
    settings.SENTRY_DSN, settings.OUTBOUND_HOSTS = DSN, ["errors.example.org"]
    error_reports.begin()
    try:
        logging.getLogger("room").error("failed")
        sentry_sdk.flush(5)
    finally:
        forget_reports()
    (transfer,) = carried
    assert transfer._request.url == "https://errors.example.org/api/7/envelope/"
    assert transfer._request.headers["content-type"] == "application/x-sentry-envelope"
    assert "0123456789abcdef" in transfer._request.headers["X-Sentry-Auth"]
    assert isinstance(transfer._request.body, bytes)


@pytest.mark.parametrize("url", ["https://elsewhere.example/api/", "http://errors.example.org/api/"])
def test_nothing_leaves_to_a_host_that_is_not_listed_or_in_the_clear(settings: Settings, url: str) -> None:
    settings.OUTBOUND_HOSTS = ["errors.example.org"]
    with pytest.raises(ValueError, match=r"elsewhere|https"):
        error_reports.deliver("POST", url, b"{}", {})


def test_nothing_leaves_to_an_address_that_is_not_public(settings: Settings) -> None:
    settings.OUTBOUND_HOSTS = ["localhost"]
    with pytest.raises(NotSent, match="not public"):
        error_reports.deliver("POST", "https://localhost/api/7/envelope/", b"{}", {})
