"""Answers off the wire: read out of any pieces, never taken for whole where they are not, and none without an end."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from providers.exceptions import OutcomeUnknown, UnexpectedResponse
from providers.types import PlacedCall
from tests.providers.clients import LIMIT_S, ORDER, READ
from tests.providers.loop_to_stub import LoopToStub, taken
from tests.providers.raw_vendor import RawVendor, cut
from tests.providers.vendor_stub import Answer, VendorStub, wait_until

OK = b"HTTP/1.1 200 OK\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LATE_S = 15.0
MOST_KB = 2048


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\n{}", b"{}"),
        (OK + b"Content-Length: 2\r\n\r\n{}more", b"{}"),
        (CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n" + OK + b"\r\n{}", b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_answer_is_read_out_of_pieces_of_any_size(wire: bytes, body: bytes) -> None:
    for size in (1, 3, len(wire)):
        with RawVendor(*cut(wire, size)) as vendor:
            for answer in (vendor.client().send_once(ORDER), vendor.client().read(READ)):
                assert answer.status_code in {200, 204}
                assert answer.content == body


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200",
        OK,
        OK + b"X: y\r\n",
        OK + b"Content-Length: 3\r\n\r\n{}",
        CHUNKED + b"2\r\n{}\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: 2, 3\r\n\r\n{}",
        OK + b"Content-Length: -2\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n{}",
        OK + b"X: y\r\n" * 20_000,
    ],
)
def test_what_is_no_whole_answer_is_never_taken_for_one(wire: bytes) -> None:
    for size in (1, 7, len(wire) or 1):
        if len(wire) > 100_000 and size == 1:
            continue
        with RawVendor(*cut(wire, size)) as vendor:
            with pytest.raises(OutcomeUnknown):
                vendor.client(total_timeout=5).send_once(ORDER)
            with pytest.raises(UnexpectedResponse):
                vendor.client(total_timeout=0.5).read(READ)


def test_head_of_an_answer_has_a_cap() -> None:
    with (
        RawVendor(OK, (b"X: " + b"y" * 1000 + b"\r\n") * 100, b"\r\n{}") as vendor,
        pytest.raises(OutcomeUnknown, match="too large"),
    ):
        vendor.client().send_once(ORDER)


def test_bytes_after_the_end_of_a_packed_answer_have_a_cap() -> None:
    wire = (GZIP + gzip.compress(b"{}"), b" " * 300_000)
    with RawVendor(*wire) as vendor, pytest.raises(OutcomeUnknown, match="too large"):
        vendor.client().send_once(ORDER)


# Without an end

ENDLESS = {
    "bytes after a complete gzip": ((GZIP + gzip.compress(b"{}"),), b" " * 60_000, 0),
    "bytes dripping after a complete gzip": (
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"),),
        b" ",
        0.01,
    ),
    "gzip of nothing": (
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10],),
        b"\0\0\0\xff\xff" * 9000,
        0,
    ),
    "a trailer": ((CHUNKED + b"0\r\nX: ",), b"y" * 60_000, 0),
    "trailers": ((CHUNKED + b"0\r\n",), b"X: y\r\n" * 9000, 0),
    "a chunk extension": ((CHUNKED + b"2;x=",), b"y" * 60_000, 0),
    "a chunk size": ((CHUNKED,), b"0" * 60_000, 0),
    "a header": ((OK + b"X: ",), b"y" * 60_000, 0),
    "headers": ((OK,), b"X: y\r\n" * 9000, 0),
    "heads of 1xx": ((), b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 2000, 0),
    "chunks": ((CHUNKED,), b"1000\r\n" + b" " * 0x1000 + b"\r\n", 0),
    "a body without a length": ((OK + b"\r\n",), b" " * 60_000, 0),
    "a status line": ((), b"H" * 60_000, 0),
    "a drip of a header": ((OK,), b"X: y\r\n", 0.01),
    "a drip of a chunk extension": ((CHUNKED + b"2;",), b"x", 0.01),
    "a drip of a body": ((OK + b"\r\n",), b" ", 0.01),
}


def memory_kb(name: str) -> int:
    """Return what the process holds (VmRSS) or held at most since `forget_peak` (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("kind", ENDLESS)
def test_answer_without_an_end_ends_in_time_and_harms_no_neighbour(kind: str) -> None:
    pieces, then, every = ENDLESS[kind]
    with RawVendor(*pieces, then=then, every=every) as vendor, VendorStub() as stub:
        stub.answer(lambda sent: Answer(**{**vars(taken(sent)), "delay": 0.4}))
        orders = LoopToStub(stub, total_timeout=LIMIT_S)
        one, other = orders.client.prepare, vendor.client(total_timeout=LIMIT_S).prepare
        # The first order goes to the vendor without an end, all others beside it to one that is well.
        orders.client.prepare = lambda request, at: (other if number_in_request(request) == 0 else one)(request, at)  # type: ignore[method-assign]
        orders.send(0)
        orders.results(1)
        orders.back.clear()
        forget_peak()
        before, begun = memory_kb("VmRSS"), time.monotonic()
        orders.send(*range(8))
        took = {}
        for count in range(1, 9):
            assert wait_until(lambda least=count: len(orders.back) >= least)  # type: ignore[misc]
            for one_done in orders.back:
                took.setdefault(one_done.order.call_id, time.monotonic() - begun)
        results = orders.results(8)
        assert isinstance(results[0], OutcomeUnknown)
        assert took[0] < LIMIT_S + LATE_S
        assert memory_kb("VmHWM") - before < MOST_KB
        assert all(isinstance(results[number], PlacedCall) for number in range(1, 8)), results
        assert max(took[number] for number in range(1, 8)) < 0.4 + LATE_S
        orders.loop.close()


def number_in_request(request: object) -> int:
    return int(request.json["recipient_phone_number"][5:])  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ENDLESS)
def test_read_without_an_end_ends_in_time(kind: str) -> None:
    pieces, then, every = ENDLESS[kind]
    with RawVendor(*pieces, then=then, every=every) as vendor:
        begun = time.monotonic()
        with pytest.raises(UnexpectedResponse):
            vendor.client(total_timeout=LIMIT_S).read(READ)
        assert time.monotonic() - begun < LIMIT_S + LATE_S
