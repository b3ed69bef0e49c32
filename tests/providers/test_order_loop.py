"""The carrier and its wire: many orders over few lines, each leaves once, none is lost, whatever one of them does."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from providers.carrier import Carrier, Landed
from providers.http import boottime
from providers.shots import Wire

from providers import connections
from providers.backends.bolna import BolnaBackend
from providers.base import Request
from providers.exceptions import NotSent, OutcomeUnknown, ProviderError
from providers.types import CallOrder, PlacedCall
from tests.providers.doors import KEY, LIMIT_S, ORDER, door_to, public_door, stand_in
from tests.providers.vendor_stub import Answer, Sent, VendorStub, listen, wait_until


@dataclass
class Placing:
    """An order with its commit point."""

    call_id: int
    order: CallOrder
    committed_at: float = field(default_factory=boottime)


class Desk:
    """A carrier to a stub, and what came back from it."""

    def __init__(self, stub: VendorStub, most: int = 8, **limits: Any) -> None:
        self.back: list[Landed[Placing]] = []
        self.door = door_to(stub, **{"total_timeout": 5, **limits})
        self.backend = BolnaBackend(self.door, secrets={"api_key": KEY}, options={})
        self.carrier: Carrier[Placing] = Carrier(self.backend, self.door, most, self.tell, f"desk-{id(self)}")

    def tell(self, landed: Sequence[Landed[Placing]]) -> None:
        self.back += landed

    def carry(self, *numbers: int, committed_at: float | None = None) -> None:
        self.carrier.carry(placing(number, committed_at) for number in numbers)

    def results(self, count: int) -> dict[int, PlacedCall | ProviderError]:
        assert wait_until(lambda: len(self.back) >= count), f"{len(self.back)} of {count} came back"
        assert len(self.back) == count
        return {one.order.call_id: one.result for one in self.back}


def placing(number: int, committed_at: float | None = None) -> Placing:
    order = CallOrder(reference=uuid4(), to_number=f"+1555{number:07d}", agent_id="agent-1")
    return Placing(number, order, boottime() if committed_at is None else committed_at)


def taken(sent: Sent) -> Answer:
    return Answer(200, {"execution_id": f"e-{sent.json['recipient_phone_number']}", "status": "queued"})


def number_in(sent: Sent) -> int:
    return int(sent.json["recipient_phone_number"][5:])


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        stub.answer(taken)
        yield stub


def thread_of(desk: Desk) -> bool:
    return any(thread.name == f"desk-{id(desk)}" for thread in threading.enumerate())


def test_every_order_leaves_once_and_its_answer_finds_it(stub: VendorStub) -> None:
    desk = Desk(stub)
    for start in range(0, 300, 50):
        desk.carry(*range(start, start + 50))
    results = desk.results(300)
    assert {n: r.remote_id for n, r in results.items() if isinstance(r, PlacedCall)} == {
        n: f"e-+1555{n:07d}" for n in range(300)
    }
    assert sorted(map(number_in, stub.requests)) == list(range(300))
    assert len({sent.connection for sent in stub.requests}) == 300
    desk.carrier.close()
    assert wait_until(lambda: not thread_of(desk))


def test_no_more_orders_are_out_than_lines(stub: VendorStub) -> None:
    lock, out, most = threading.Lock(), [0], [0]

    def slowly(sent: Sent) -> Answer:
        with lock:
            out[0] += 1
            most[0] = max(most[0], out[0])
        time.sleep(0.02)
        with lock:
            out[0] -= 1
        return taken(sent)

    stub.answer(slowly)
    desk = Desk(stub, most=5)
    desk.carry(*range(60))
    desk.results(60)
    assert most[0] == 5
    desk.carrier.close()


def test_slow_order_holds_up_no_other(stub: VendorStub) -> None:
    stub.answer(lambda sent: Answer(fault="hang") if number_in(sent) == 0 else taken(sent))
    desk = Desk(stub, most=2, total_timeout=LIMIT_S)
    begun = time.monotonic()
    desk.carry(*range(20))
    assert wait_until(lambda: len(desk.back) == 19)
    assert time.monotonic() - begun < LIMIT_S
    assert isinstance(desk.results(20)[0], OutcomeUnknown)
    desk.carrier.close()


def test_one_fault_of_any_kind_costs_one_order(stub: VendorStub) -> None:
    faults = ["close", "reset", "hang", "truncate", "drip_head", "drip_body", "flood", "gzip_bomb", "garbage"]
    chosen = {number: faults[number % 9] if number % 2 else "" for number in range(72)}
    random.Random(7).shuffle(faults)

    def sometimes(sent: Sent) -> Answer:
        fault = chosen[number_in(sent)]
        return Answer(200, {"ok": True}, fault=fault) if fault else taken(sent)  # type: ignore[arg-type]

    stub.answer(sometimes)
    desk = Desk(stub, most=16, total_timeout=LIMIT_S, presend=60)
    desk.carry(*range(72))
    results = desk.results(72)
    assert {number for number, result in results.items() if isinstance(result, PlacedCall)} == set(range(0, 72, 2))
    assert all(isinstance(results[number], OutcomeUnknown) for number in range(1, 72, 2))
    assert sorted(map(number_in, stub.requests)) == list(range(72))
    desk.carrier.close()


def test_order_that_waited_too_long_does_not_leave(stub: VendorStub) -> None:
    desk = Desk(stub)
    desk.carry(1, committed_at=boottime() - 3)
    desk.carry(2)
    results = desk.results(2)
    assert isinstance(results[1], NotSent)
    assert [number_in(sent) for sent in stub.requests] == [2]
    desk.carrier.close()


def test_backend_that_fails_leaves_its_order_unknown_and_no_other(
    stub: VendorStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, read = BolnaBackend.build_order, BolnaBackend.read_placed

    def failing_build(self: BolnaBackend, order: CallOrder) -> Request:
        if order.to_number.endswith("01"):
            raise RuntimeError("a fault of ours")
        return build(self, order)

    def failing_read(self: BolnaBackend, response: Any) -> PlacedCall:
        if b"0002" in response.body:
            raise RuntimeError("a fault of ours")
        return read(self, response)

    monkeypatch.setattr(BolnaBackend, "build_order", failing_build)
    monkeypatch.setattr(BolnaBackend, "read_placed", failing_read)
    desk = Desk(stub)
    desk.carry(1, 2, 3)
    results = desk.results(3)
    assert [type(results[number]) for number in (1, 2, 3)] == [OutcomeUnknown, OutcomeUnknown, PlacedCall]
    exchanges = {one.order.call_id: one.exchange for one in desk.back}
    assert exchanges[1] is None, "nothing reached the door"
    assert exchanges[2] is not None
    assert exchanges[2].http_status == 200
    desk.carrier.close()


def test_carrier_outlives_a_fault_of_its_wire(stub: VendorStub, monkeypatch: pytest.MonkeyPatch) -> None:
    turn, failed = Wire.turn, threading.Event()

    def failing(self: Wire, seconds: float | None = None) -> Any:
        if len(self) and stub.requests and not failed.is_set():
            failed.set()
            raise RuntimeError("a fault of ours")
        return turn(self, seconds)

    monkeypatch.setattr(Wire, "turn", failing)
    stub.answer(lambda sent: Answer(fault="hang") if number_in(sent) == 1 else taken(sent))
    desk = Desk(stub)
    desk.carry(1)
    assert wait_until(lambda: bool(stub.requests))
    desk.carry(2)
    assert isinstance(desk.results(2)[1], OutcomeUnknown)
    desk.carry(3)
    assert isinstance(desk.results(3)[3], PlacedCall)
    desk.carrier.close()
    assert wait_until(lambda: not thread_of(desk))


def test_exchange_is_told_as_it_was(stub: VendorStub) -> None:
    stub.answer(Answer(503, {"message": "later"}, delay=0.1))
    desk = Desk(stub)
    desk.carry(1)
    desk.results(1)
    exchange = desk.back[0].exchange
    assert exchange is not None
    assert (exchange.method, exchange.path, exchange.http_status) == ("POST", "/call", 503)
    assert 100 <= exchange.duration_ms < 1000
    assert exchange.error is None
    assert exchange.response is not None
    stub.answer(Answer(fault="close"))
    desk.carry(2)
    desk.results(2)
    exchange = desk.back[1].exchange
    assert exchange is not None
    assert isinstance(exchange.error, OutcomeUnknown)
    assert exchange.response is None
    desk.carrier.close()


def test_carrier_that_carried_nothing_closes() -> None:
    with VendorStub() as stub:
        desk = Desk(stub)
        desk.carrier.close()
        assert not thread_of(desk)


def test_closing_lets_what_is_out_come_back(stub: VendorStub) -> None:
    stub.answer(lambda sent: Answer(200, {"execution_id": f"e{number_in(sent)}"}, delay=0.2))
    desk = Desk(stub, most=2)
    desk.carry(1, 2, 3)
    desk.carrier.close()
    assert all(isinstance(result, PlacedCall) for result in desk.results(3).values())
    assert wait_until(lambda: not thread_of(desk))


# The wire: looking up and connecting


def carried(wire: Wire, *shots: Any) -> list[Any]:
    for shot in shots:
        wire.launch(shot)
    until = time.monotonic() + 10
    while any(shot.outcome is None for shot in shots) and time.monotonic() < until:
        wire.turn(1)
    return [shot.outcome for shot in shots]


def test_orders_of_one_moment_share_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int, **how: Any) -> list[Any]:
        asked.append(host)
        time.sleep(0.1)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    door = public_door()
    with Wire() as wire:
        outcomes = carried(wire, *(door.aim(ORDER, boottime()) for _ in range(5)))
        assert all("not public" in str(outcome) for outcome in outcomes)
        assert asked == ["vendor.example"]
        carried(wire, door.aim(ORDER, boottime()))
        assert len(asked) == 2, "an answer is not kept: addresses change"


def test_next_address_is_tried_where_one_refuses_or_is_silent(
    monkeypatch: pytest.MonkeyPatch, stub: VendorStub
) -> None:
    closed = listen()
    nobody = closed.getsockname()[1]
    closed.close()
    origin = connections.Origin("http", "vendor.example", stub.port, is_sandbox=True)
    door = door_to(stub, connect_timeout=2)
    # A full backlog is silent: connections to it are neither taken nor refused.
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(silent.getsockname())
    addresses = [
        (socket.AF_INET, ("127.0.0.1", nobody)),
        (socket.AF_INET, silent.getsockname()),
        (socket.AF_INET, ("127.0.0.1", stub.port)),
    ]
    monkeypatch.setattr(connections, "addresses_of", lambda _origin: addresses)
    stub.answer(Answer(200, {"ok": True}))
    shot = door.aim(ORDER, boottime() + 60)
    shot.origin = origin
    with Wire() as wire:
        (outcome,) = carried(wire, shot)
    assert getattr(outcome, "status", outcome) == 200
    assert len(stub.requests) == 1
    for each in (silent, *fillers):
        each.close()


def test_order_whose_addresses_all_fail_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = listen()
    port = closed.getsockname()[1]
    closed.close()
    stand_in(monkeypatch, port)
    with Wire() as wire:
        (outcome,) = carried(wire, public_door().aim(ORDER, boottime()))
    assert isinstance(outcome, NotSent)
    assert "ConnectionRefusedError" in str(outcome)


def test_ring_ends_a_turn() -> None:
    with Wire() as wire:
        begun = time.monotonic()
        threading.Timer(0.1, wire.ring).start()
        assert wire.turn(10) == []
        assert time.monotonic() - begun < 5


def test_nothing_of_a_landed_shot_is_kept(stub: VendorStub) -> None:
    stub.answer(Answer(200, {"ok": True}))
    door = door_to(stub)
    with Wire() as wire:
        for _ in range(20):
            carried(wire, door.aim(ORDER, boottime()))
        assert len(wire) == 0
        assert not wire._watched
        assert not wire._flying


# Pieces


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more", b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}", b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_answer_is_read_out_of_pieces_of_any_size(wire: bytes, body: bytes) -> None:
    for size in (1, 3, len(wire)):
        answer = read_in_pieces(wire, size)
        assert answer is not None
        assert answer.status in {200, 204}
        assert answer.body == body


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_what_is_no_whole_answer_is_never_taken_for_one(wire: bytes) -> None:
    for size in (1, 7, len(wire) or 1):
        with pytest.raises((connections.Unreadable, ConnectionAbortedError)):
            read_in_pieces(wire, size)


def read_in_pieces(wire: bytes, size: int) -> Any:
    from providers.answers import AnswerReader

    reader = AnswerReader(1000)
    feed: Callable[[bytes], Any] = reader.feed
    for start in range(0, len(wire), size):
        if (answer := feed(wire[start : start + size])) is not None:
            return answer
    return feed(b"")
