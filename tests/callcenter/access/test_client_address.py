"""Whose address counts for throttling, audit and limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from callcenter.access.client_address import client_address, client_network

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "a-long-password-1"
PROXY = "10.0.0.2"
CASES: dict[str, tuple[int, str | None, str]] = {
    # what it is: (proxies in front, X-Forwarded-For, the client's address)
    "no proxy, and a claim": (0, "203.0.113.9", PROXY),
    "one proxy": (1, "203.0.113.9", "203.0.113.9"),
    "one proxy, and a claim before": (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    "one proxy, and many claims": (1, "198.51.100.1, " * 50 + "203.0.113.9", "203.0.113.9"),
    "one proxy, and a claim of our own addresses": (1, "127.0.0.1,::1,203.0.113.9", "203.0.113.9"),
    "two proxies": (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
    "two proxies, and a claim before": (2, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
    "two proxies, past the outer one": (2, "203.0.113.9", "203.0.113.9"),
    "three proxies": (3, "198.51.100.1,203.0.113.9,10.0.0.3,10.0.0.1", "203.0.113.9"),
    "a proxy that tells nothing": (1, None, PROXY),
    "an empty header": (1, "", PROXY),
    "commas alone": (2, ", ,", PROXY),
    "blanks around": (1, "\t 203.0.113.9  ", "203.0.113.9"),
    "a port": (1, "203.0.113.9:51234", "203.0.113.9"),
    "IPv6": (1, "2001:DB8:0:0::7", "2001:db8::7"),
    "IPv6 in brackets": (1, "[2001:db8::7]", "2001:db8::7"),
    "IPv6 with a port": (1, "[2001:db8::7]:443", "2001:db8::7"),
    "IPv6 with a zone": (1, "fe80::1%eth0", "fe80::1"),
    "IPv4 written as IPv6": (1, "::ffff:203.0.113.9", "203.0.113.9"),
    "no address": (1, "unknown", PROXY),
    "a hidden name": (2, "_hidden, 203.0.113.4", "203.0.113.4"),
    "a proxy's rubbish does not make a claim true": (1, "198.51.100.1, unknown", PROXY),
    "two proxies' rubbish does not make a claim true": (2, "198.51.100.1, unknown, for=7", PROXY),
    "a name": (1, "desk.example.org", PROXY),
    "markup": (1, "<script>alert(1)</script>", PROXY),
    "an address out of range": (1, "203.0.113.999", PROXY),
    "a short form": (1, "127.1", PROXY),
    "a leading zero": (1, "0203.0.113.9", PROXY),
    "digits of another script": (1, "۲۰۳.۰.۱۱۳.۹", PROXY),
    "what is far too long": (1, "1" * 100_000, PROXY),
    "an address, and far too much after it": (1, "203.0.113.9" + " " * 200 + "x", PROXY),
}


@pytest.mark.parametrize("case", CASES)
def test_the_address_is_what_the_outermost_proxy_of_ours_saw(case: str, settings: Any) -> None:
    hops, header, address = CASES[case]
    settings.BEHIND_PROXY, settings.TRUSTED_HOPS = bool(hops), hops or 1
    claims = {"X-Forwarded-For": header} if header is not None else {}
    others = {"Forwarded": "for=198.51.100.77", "X-Real-Ip": "198.51.100.77", "X-Client-Ip": "198.51.100.77"}
    request = RequestFactory().get("/", headers={**claims, **others}, REMOTE_ADDR=PROXY)
    assert client_address(request) == address


def test_a_unix_socket_has_no_address(settings: Any) -> None:
    settings.BEHIND_PROXY = False
    for nothing in ({"REMOTE_ADDR": ""}, {"REMOTE_ADDR": None}):
        assert client_address(RequestFactory().get("/", **nothing)) == ""
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert (client_address(request), client_network(request)) == ("", "")
    settings.BEHIND_PROXY = True
    assert client_address(RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.9"}, REMOTE_ADDR="")) == (
        "203.0.113.9"
    )


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_client_counts_by_what_it_cannot_choose(address: str, network: str) -> None:
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network


@pytest.mark.django_db
def test_somebody_else_behind_the_same_proxy_cannot_lock_a_person_out(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    User.objects.create_user("sara", password=PASSWORD)

    def log_in(address: str, password: str) -> int:
        form = {"username": "sara", "password": password}
        return Client().post(reverse("login"), form, headers={"X-Forwarded-For": address}).status_code

    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(8):
            log_in("198.51.100.1", "wrong")
        assert log_in("198.51.100.1", PASSWORD) == 429
        assert log_in("203.0.113.9", PASSWORD) == 302


def test_nobody_else_reads_addresses() -> None:
    reads = re.compile(r"REMOTE_ADDR|HTTP_X_FORWARDED_FOR|HTTP_X_REAL_IP|HTTP_FORWARDED")
    found = {
        str(path.relative_to(ROOT))
        for room in ("callcenter", "providers", "campaigns")
        for path in (ROOT / room).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert found == {"callcenter/access/client_address.py"}
