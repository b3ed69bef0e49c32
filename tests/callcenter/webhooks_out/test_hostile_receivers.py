"""Receivers that mean no good, or are broken: each costs one attempt, little memory and time, and nobody else.

`make contracts` asks with the real time limits, and lets the endless ones go on until they are cut off.
"""

from __future__ import annotations

import gzip
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycurl
import pytest
from django.contrib.auth.models import User

from callcenter.webhooks_out import deliveries, retries, sending
from campaigns.models import WebhookDelivery, WebhookReceiver
from providers.client.loop import TransferLoop
from providers.client.transfers import Transfer
from tests.webhook_receivers import Program, listening, receiver_of, self_signed, status

pytestmark = pytest.mark.django_db
IS_FULL = os.environ.get("CONTRACTS") == "full"
State = WebhookDelivery.State
HEAD = b"HTTP/1.1 200 OK\r\n"
PIECE = b"x" * 65_536


class Endless:
    """Answers without end, until the other side closes; counts what it got rid of."""

    def __init__(self, begin: bytes, piece: bytes, pause: float = 0.0) -> None:
        self.begin, self.piece, self.pause, self.sent = begin, piece, pause, 0

    def __call__(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(self.begin)
            while True:
                connection.sendall(self.piece)
                self.sent += len(self.piece)
                time.sleep(self.pause)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def zipped(size: int) -> bytes:
    packed = gzip.compress(b"\0" * size)
    return HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed


HOSTILE: dict[str, tuple[Any, str, int | None]] = {
    "a body of ten gigabytes": (Endless(HEAD + b"Content-Length: 10737418240\r\n\r\n", PIECE), "too_large", None),
    "a body without end": (Endless(HEAD + b"\r\n", PIECE), "too_large", None),
    "headers without end": (Endless(HEAD, b"x-more: and more\r\n" * 1000), "too_large", None),
    "one header without end": (Endless(HEAD + b"x-more: ", PIECE), "too_large", None),
    "interim answers without end": (Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500), "too_large", None),
    "a body that unpacks to much": (zipped(50_000_000), "too_large", None),
    "a head a byte at a time": (Endless(HEAD, b"x", 0.05), "slow", None),
    "a body a byte at a time": (Endless(HEAD + b"Content-Length: 1000\r\n\r\n", b"x", 0.05), "slow", None),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "unreadable", None),
    "a cut body": (HEAD + b"Content-Length: 100\r\n\r\nshort", "unreadable", None),
    "a broken connection": (reset, "connection", None),
    "an error": (status(500), "refused", 500),
    "an error with a page": (b"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nlost", "refused", 404),
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is, nothing becomes due a second time.
    monkeypatch.setattr(retries, "WAITS", (retries.HOUR,) * len(retries.WAITS))
    if not IS_FULL:
        # A minute, as the machine may be busy; those that are to be cut off by it set a second.
        monkeypatch.setattr(sending, "TOTAL_SECONDS", 60.0)


def memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SLOW = frozenset(name for name, (_answer, problem, _status) in HOSTILE.items() if problem == "slow")


@pytest.mark.parametrize("names", [frozenset(HOSTILE) - SLOW, SLOW], ids=["broken", "slow"])
def test_each_costs_one_attempt_and_nobody_else(
    manager: User, program: Program, monkeypatch: pytest.MonkeyPatch, names: frozenset[str]
) -> None:
    if names == SLOW and not IS_FULL:
        monkeypatch.setattr(sending, "TOTAL_SECONDS", 1.0)
    hostile = {name: one for name, one in HOSTILE.items() if name in names}
    before, begun = memory(), time.monotonic()
    opened = {}
    try:
        for name, (answer, _problem, _status) in hostile.items():
            context = listening(answer)
            opened[name] = (context, context.__enter__())
        made = {name: receiver_of_mine(manager, found.url) for name, (_context, found) in opened.items()}
        well = [receiver_of(manager, program.url).receiver] if names != SLOW or IS_FULL else []
        for receiver in (*made.values(), *well):
            deliveries.send_test(receiver.pk, manager)
        assert sending.run_slice(seconds=60, patience=0) == len(hostile) + len(well)
    finally:
        for context, _found in opened.values():
            context.__exit__(None, None, None)
    found = {
        name: WebhookDelivery.objects.values_list("state", "problem", "status").get(receiver=receiver)
        for name, receiver in made.items()
    }
    assert found == {name: (State.WAITING, problem, code) for name, (_answer, problem, code) in hostile.items()}
    assert WebhookDelivery.objects.filter(state=State.DELIVERED).count() == len(program.came) == len(well)
    # What a socket's buffers hold was sent; what would follow it was not taken.
    assert all(one.sent < 64_000_000 for one, _problem, _status in hostile.values() if isinstance(one, Endless))
    assert memory() - before < 64_000_000
    if IS_FULL:
        assert time.monotonic() - begun < 4 * sending.TOTAL_SECONDS


def receiver_of_mine(owner: User, url: str) -> WebhookReceiver:
    return WebhookReceiver.objects.create(name="Hostile", owner=owner, url=url, kinds=[], secrets={"1": KEY})


KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def test_no_redirect_is_followed(manager: User, program: Program) -> None:
    elsewhere = f"Location: http://127.0.0.1:{program.port}/"
    for code in (301, 302, 303, 307, 308):
        with listening(status(code, elsewhere)) as turning:
            receiver = receiver_of_mine(manager, turning.url)
            deliveries.send_test(receiver.pk, manager)
            sending.run_slice(seconds=20, patience=0)
        found = WebhookDelivery.objects.get(receiver=receiver)
        assert (found.problem, found.status) == ("redirect", code)
    assert not program.came


@pytest.fixture
def led_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let every name lead to addresses of our choice, as whoever owns the name may."""
    addresses = ["127.0.0.1"]
    real = TransferLoop.start

    def start(self: TransferLoop, transfer: Transfer) -> None:
        real(self, transfer)
        self._multi.remove_handle(transfer.curl)
        transfer.curl.setopt(pycurl.RESOLVE, [f"hooks.example.org:443:{','.join(addresses)}"])
        self._multi.add_handle(transfer.curl)

    monkeypatch.setattr(TransferLoop, "start", start)
    return addresses


INSIDE = ("127.0.0.1", "10.0.0.7", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]")


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_into_our_network_gets_nothing(manager: User, led_here: list[str], address: str) -> None:
    led_here[:] = [address]
    receiver = receiver_of_mine(manager, "https://hooks.example.org/in")
    deliveries.send_test(receiver.pk, manager)
    sending.run_slice(seconds=20, patience=0)
    assert WebhookDelivery.objects.get().problem == "private"


def test_a_certificate_that_does_not_hold_gets_nothing(manager: User, tmp_path: Path) -> None:
    with listening(tls=self_signed(tmp_path)) as unproved:
        receiver = receiver_of_mine(manager, unproved.url)
        deliveries.send_test(receiver.pk, manager)
        sending.run_slice(seconds=20, patience=0)
    assert WebhookDelivery.objects.get().problem == "certificate"
    assert not unproved.came


def test_what_is_not_on_the_list_any_more_gets_nothing(manager: User, program: Program, settings: Any) -> None:
    made = receiver_of(manager, program.url).receiver
    deliveries.send_test(made.pk, manager)
    settings.OUTBOUND_HOSTS = ["hooks.example.org"]
    sending.run_slice(seconds=20, patience=0)
    assert WebhookDelivery.objects.get().problem == "not_allowed"
    settings.OUTBOUND_HOSTS, settings.DEBUG = ["127.0.0.1"], False
    WebhookReceiver.objects.update(rests_until=None)
    WebhookDelivery.objects.update(due_at=made.created_at)
    sending.run_slice(seconds=20, patience=0)
    assert (WebhookDelivery.objects.get().problem, WebhookDelivery.objects.get().tries) == ("not_allowed", 2)
    assert not program.came, "only development sends to this machine, and over anything but https"
