"""Chat messages: Apprise's payload over our own wire, to hosts that were named and to no other, by no other way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_django import Settings
from requests import Response, sessions

from campaigns.core.refusals import Refusal
from campaigns.models import NoticeSettings
from campaigns.notices import chat
from providers import outbound
from providers.exceptions import NotSent
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7AB"
TEAMS = (
    "https://prod-12.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/"
    "invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz"
)
ADDRESSES = {
    "slack": SLACK,
    "discord": "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz0123456789",
    "telegram": "tgram://123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/12345",
    "google_chat": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=KKKKKK&token=TTTTT",
    "workflows": TEAMS,
    "mattermost": "https://chat.example.org/hooks/3ccm8ax7gjgf8d3e9ycj1qxqzr",
}
HOSTS = [
    "hooks.slack.com",
    "discord.com",
    "api.telegram.org",
    "chat.googleapis.com",
    "prod-12.westeurope.logic.azure.com",
    "chat.example.org",
]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[tuple[str, bytes]]:
    """What left over our wire; any other way fails."""
    settings.OUTBOUND_HOSTS = HOSTS
    left: list[tuple[str, bytes]] = []

    def send_once(_method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        left.append((url, body))
        answer = Response()
        answer.status_code = 200
        answer._content = b"ok"
        return answer

    def forbidden(*_args: Any, **_how: Any) -> None:
        raise AssertionError("Apprise's own HTTP was used")

    monkeypatch.setattr(outbound, "send_once", send_once)
    monkeypatch.setattr(sessions.Session, "request", forbidden)
    return left


def chosen(address: str) -> NoticeSettings:
    row = NoticeSettings.objects.create(user=make_person())
    row.chat = {"address": address}
    row.save()
    return NoticeSettings.objects.get(pk=row.pk)


def test_each_service_gets_one_message_at_its_host(wire: list[tuple[str, bytes]]) -> None:
    for service, address in ADDRESSES.items():
        wire.clear()
        assert chat.service_of(address) == service
        chat.post(chosen(address), "Two things", "The provider “Main” is paused.")
        ((url, body),) = wire
        assert url.split("/")[2].partition(":")[0] in HOSTS, service
        assert "is paused" in json.dumps(json.loads(body), ensure_ascii=False), service


def test_a_host_that_nobody_named_is_refused_in_words(settings: Settings) -> None:
    settings.OUTBOUND_HOSTS = ["discord.com"]
    for address, host in (
        (SLACK, "hooks.slack.com"),
        (TEAMS, "prod-12.westeurope.logic.azure.com"),
        (ADDRESSES["mattermost"], "chat.example.org"),
    ):
        with pytest.raises(Refusal, match=f"can add {host} to OUTBOUND_HOSTS"):
            chat.service_of(address)
    assert chat.allowed_services() == ["Discord", "Mattermost"]
    settings.OUTBOUND_HOSTS = []
    assert chat.allowed_services() == []


def test_no_other_way_of_apprise_is_taken(settings: Settings) -> None:
    settings.OUTBOUND_HOSTS = [*HOSTS, "localhost", "example.org"]
    for address in (
        "json://localhost/x", "jsons://example.org/x", "https://example.org/hook", "mailto://a:b@example.org",
        "mmosts://example.org/3ccm8ax7gjgf8d3e9ycj1qxqzr", "https://example.org/hooks/short",
        "file:///etc/passwd", "http://hooks.slack.com/services/T1/A1/x", "",
        "slack://xoxb-1234567890-1234567890-4Ezv8dh2ukN4Ezv8dh2ukN44/channel", "windows://", "dbus://", "x",
    ):  # fmt: skip
        with pytest.raises(Refusal):
            chat.service_of(address)


def test_what_an_address_wishes_of_certificates_and_redirects_is_not_heard() -> None:
    found = chat._service("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7AB?verify=no&redirect=yes")
    assert (found.verify_certificate, found.redirects) == (True, False)


def test_the_wire_itself_goes_to_no_host_that_was_not_named(settings: Settings) -> None:
    settings.OUTBOUND_HOSTS = []
    with pytest.raises(ValueError):  # noqa: PT011
        outbound.send_once("POST", SLACK, b"{}", {})
    settings.OUTBOUND_HOSTS = ["localhost"]
    with pytest.raises(NotSent):
        outbound.send_once("POST", "https://localhost/services/x", b"{}", {})
    row = chosen(SLACK)
    settings.OUTBOUND_HOSTS = []
    with pytest.raises(chat.Refused, match="Slack did not take it"):
        chat.post(row, "Two things", "One line")
