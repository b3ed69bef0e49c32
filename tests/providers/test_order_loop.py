"""The order loop: many orders over few lines, each leaves once, none is lost, whatever one of them does."""

from __future__ import annotations

import gc
import os
import random
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from requests import Request, Response

from providers.backends.bolna import BolnaBackend
from providers.client import addresses
from providers.client.client import HttpClient, boottime
from providers.client.loop import TransferLoop
from providers.client.transfers import Outcome, Transfer
from providers.exceptions import NotSent, OutcomeUnknown
from providers.types import CallOrder, PlacedCall
from tests import waiting
from tests.providers.clients import LIMIT_S, ORDER, client_to, public_client, stand_in
from tests.providers.loop_to_stub import LoopToStub, taken
from tests.providers.vendor_stub import Answer, Sent, VendorStub, listen, wait_until


def number_in(sent: Sent) -> int:
    return int(sent.json["recipient_phone_number"][5:])


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        stub.answer(taken)
        yield stub


def thread_of(orders: LoopToStub) -> bool:
    return any(thread.name == f"loop-{id(orders)}" for thread in threading.enumerate())


def test_every_order_leaves_once_and_its_answer_finds_it(stub: VendorStub) -> None:
    # Nothing here is about lateness: three hundred may wait long for a busy machine.
    orders = LoopToStub(stub, total_timeout=waiting.A_MINUTE, presend=waiting.A_MINUTE)
    for start in range(0, 300, 50):
        orders.send(*range(start, start + 50))
    results = orders.results(300)
    assert {n: r.remote_id for n, r in results.items() if isinstance(r, PlacedCall)} == {
        n: f"e-+1555{n:07d}" for n in range(300)
    }
    assert sorted(map(number_in, stub.requests)) == list(range(300))
    assert len({sent.connection for sent in stub.requests}) == 300
    orders.loop.close()
    assert wait_until(lambda: not thread_of(orders))


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
    orders = LoopToStub(stub, most=5)
    orders.send(*range(60))
    orders.results(60)
    assert most[0] == 5
    orders.loop.close()


def test_slow_order_holds_up_no_other(stub: VendorStub) -> None:
    stub.answer(lambda sent: Answer(fault="hang") if number_in(sent) == 0 else taken(sent))
    # Far above what the others take on a busy machine: the slow one ends after them.
    limit = 5 * LIMIT_S
    orders = LoopToStub(stub, most=2, total_timeout=limit)
    begun = time.monotonic()
    orders.send(*range(20))
    assert wait_until(lambda: len(orders.back) == 19)
    assert time.monotonic() - begun < limit
    assert isinstance(orders.results(20)[0], OutcomeUnknown)
    orders.loop.close()


def test_one_fault_of_any_kind_costs_one_order(stub: VendorStub) -> None:
    faults = ["close", "reset", "hang", "truncate", "drip_head", "drip_body", "flood", "gzip_bomb", "garbage"]
    chosen = {number: faults[number % 9] if number % 2 else "" for number in range(72)}
    random.Random(7).shuffle(faults)

    def sometimes(sent: Sent) -> Answer:
        fault = chosen[number_in(sent)]
        return Answer(200, {"ok": True}, fault=fault) if fault else taken(sent)  # type: ignore[arg-type]

    stub.answer(sometimes)
    # A busy machine answers a good order later than usual, and that is none of these faults.
    orders = LoopToStub(stub, most=16, total_timeout=20 * LIMIT_S, presend=60)
    orders.send(*range(72))
    results = orders.results(72)
    assert {number for number, result in results.items() if isinstance(result, PlacedCall)} == set(range(0, 72, 2))
    assert all(isinstance(results[number], OutcomeUnknown) for number in range(1, 72, 2))
    assert sorted(map(number_in, stub.requests)) == list(range(72))
    orders.loop.close()


def test_order_that_waited_too_long_does_not_leave(stub: VendorStub) -> None:
    orders = LoopToStub(stub)
    orders.send(1, committed_at=boottime() - 3)
    orders.send(2)
    results = orders.results(2)
    assert isinstance(results[1], NotSent)
    assert [number_in(sent) for sent in stub.requests] == [2]
    orders.loop.close()


def test_backend_that_fails_leaves_its_order_unknown_and_no_other(
    stub: VendorStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, read = BolnaBackend.build_order, BolnaBackend.read_placed

    def failing_build(self: BolnaBackend, order: CallOrder) -> Request:
        if order.to_number.endswith("01"):
            raise RuntimeError("a fault of ours")
        return build(self, order)

    def failing_read(self: BolnaBackend, response: Any) -> PlacedCall:
        if b"0002" in response.content:
            raise RuntimeError("a fault of ours")
        return read(self, response)

    monkeypatch.setattr(BolnaBackend, "build_order", failing_build)
    monkeypatch.setattr(BolnaBackend, "read_placed", failing_read)
    orders = LoopToStub(stub)
    orders.send(1, 2, 3)
    results = orders.results(3)
    assert [type(results[number]) for number in (1, 2, 3)] == [OutcomeUnknown, OutcomeUnknown, PlacedCall]
    exchanges = {one.order.call_id: one.exchange for one in orders.back}
    assert exchanges[1] is None, "nothing reached the client"
    assert exchanges[2] is not None
    assert exchanges[2].http_status == 200
    orders.loop.close()


def test_order_loop_outlives_a_fault_of_its_transfers(stub: VendorStub, monkeypatch: pytest.MonkeyPatch) -> None:
    turn, failed = TransferLoop.turn, threading.Event()

    def failing(self: TransferLoop, seconds: float | None = None) -> Any:
        if self.in_flight and stub.requests and not failed.is_set():
            failed.set()
            raise RuntimeError("a fault of ours")
        return turn(self, seconds)

    monkeypatch.setattr(TransferLoop, "turn", failing)
    stub.answer(lambda sent: Answer(fault="hang") if number_in(sent) == 1 else taken(sent))
    orders = LoopToStub(stub)
    orders.send(1)
    assert wait_until(lambda: bool(stub.requests))
    orders.send(2)
    assert isinstance(orders.results(2)[1], OutcomeUnknown)
    orders.send(3)
    assert isinstance(orders.results(3)[3], PlacedCall)
    orders.loop.close()
    assert wait_until(lambda: not thread_of(orders))


def test_exchange_is_told_as_it_was(stub: VendorStub) -> None:
    stub.answer(Answer(503, {"message": "later"}, delay=0.1))
    orders = LoopToStub(stub)
    orders.send(1)
    orders.results(1)
    exchange = orders.back[0].exchange
    assert exchange is not None
    assert (exchange.method, exchange.path, exchange.http_status) == ("POST", "/call", 503)
    assert 100 <= exchange.duration_ms < 1000
    assert exchange.error is None
    assert exchange.response is not None
    stub.answer(Answer(fault="close"))
    orders.send(2)
    orders.results(2)
    exchange = orders.back[1].exchange
    assert exchange is not None
    assert isinstance(exchange.error, OutcomeUnknown)
    assert exchange.response is None
    orders.loop.close()


def test_order_loop_that_sent_nothing_closes() -> None:
    with VendorStub() as stub:
        orders = LoopToStub(stub)
        orders.loop.close()
        assert not thread_of(orders)


def test_closing_lets_what_is_out_come_back(stub: VendorStub) -> None:
    stub.answer(lambda sent: Answer(200, {"execution_id": f"e{number_in(sent)}"}, delay=0.2))
    orders = LoopToStub(stub, most=2)
    orders.send(1, 2, 3)
    orders.loop.close()
    assert all(isinstance(result, PlacedCall) for result in orders.results(3).values())
    assert wait_until(lambda: not thread_of(orders))


# Transfers: looking up and connecting


@pytest.fixture
def loop() -> Iterator[TransferLoop]:
    loop = TransferLoop()
    yield loop
    loop.close()


def carried(loop: TransferLoop, *transfers: Transfer) -> list[Outcome | None]:
    for transfer in transfers:
        loop.start(transfer)
    waiting.wait_until(lambda: all(transfer.outcome is not None for transfer in transfers), step=lambda: loop.turn(1))
    return [transfer.outcome for transfer in transfers]


def test_next_address_is_tried_where_one_refuses_or_is_silent(
    monkeypatch: pytest.MonkeyPatch, stub: VendorStub, loop: TransferLoop
) -> None:
    # A full backlog is silent: connections to it are neither taken nor refused. Nobody listens at the first address.
    with socket.socket() as silent, ExitStack() as fillers:
        silent.bind(("127.0.0.9", stub.port))
        silent.listen(0)
        for filler in [fillers.enter_context(socket.socket()) for _ in range(4)]:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        stand_in(monkeypatch, stub.port, "127.0.0.8", "127.0.0.9", "127.0.0.1")
        monkeypatch.setattr(addresses, "is_public", lambda address: True)
        stub.answer(Answer(200, {"ok": True}))
        origin = f"http://vendor.example:{stub.port}"
        client = HttpClient(origin, headers={}, allowed_hosts=(), sandbox_origin=origin, connect_timeout=2)
        (outcome,) = carried(loop, client.prepare(ORDER, boottime()))
    assert isinstance(outcome, Response), outcome
    assert len(stub.requests) == 1


def test_order_whose_addresses_all_fail_was_not_sent(monkeypatch: pytest.MonkeyPatch, loop: TransferLoop) -> None:
    closed = listen()
    port = closed.getsockname()[1]
    closed.close()
    stand_in(monkeypatch, port)
    (outcome,) = carried(loop, public_client().prepare(ORDER, boottime()))
    assert isinstance(outcome, NotSent)
    assert "ConnectionRefusedError" in str(outcome)


def test_waking_ends_a_turn(loop: TransferLoop) -> None:
    begun = time.monotonic()
    threading.Timer(0.1, loop.wake).start()
    assert loop.turn(waiting.A_MINUTE) == []
    assert time.monotonic() - begun < waiting.A_MINUTE / 2


def test_nothing_of_a_done_transfer_is_kept(stub: VendorStub, loop: TransferLoop) -> None:
    stub.answer(Answer(200, {"ok": True}))
    client = client_to(stub)
    kept = []
    carried(loop, client.prepare(ORDER, boottime()))
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        transfer = client.prepare(ORDER, boottime())
        carried(loop, transfer)
        kept.append(weakref.ref(transfer))
    del transfer
    gc.collect()
    assert not loop.in_flight
    # The stub closes its own ends in threads of this process.
    waiting.wait_until(lambda: len(os.listdir("/dev/fd")) <= before, "the sockets are not closed")
    assert not [found for found in kept if found() is not None]
