"""The processes that the harness kills: a nursery forks dispatchers and pollers, each with a named point to die at.

A fork of a warm process is there in milliseconds, so that a run may kill hundreds. The product has no hook for this:
the points are put around its functions here, in the child, after the fork.
"""

from __future__ import annotations

import ctypes
import datetime
import json
import logging
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

POINTS = (
    "after_reserve", "before_commit", "after_commit", "before_send", "after_send", "after_answer", "before_write",
    "in_write", "after_write", "in_shared", "after_shared", "before_bind", "after_bind",
)  # fmt: skip
"""Every named point of the placing path, in order; the last two belong to the poller that settles."""
READING_POINTS = ("before_bind", "after_bind")
WEBHOOK_POINTS = ("in_making", "before_note", "after_note")
"""Every named point of the way of a webhook that we send, in order."""
PR_SET_PDEATHSIG = 1
"""Of `prctl`: which signal comes when the parent ends."""


def die() -> None:
    """End as in a power cut: nothing of this process gets to do anything any more."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def arm(point: str) -> None:
    """Put the end of this process at a point of the path."""
    from requests import Response

    from callcenter.webhooks_out import deliveries
    from campaigns.core import happenings
    from campaigns.dialing import commit_point, dispatcher, order_results, reservation
    from campaigns.tracking import call_updates
    from providers.client.client import HttpClient
    from providers.client.loop import TransferLoop
    from providers.client.transfers import Transfer

    if point:
        # Each end costs a few calls: enough to see what becomes of them.
        dispatcher.MOST_IN_A_COMMIT = 4

    def before(owner: Any, name: str) -> None:
        def dying(*_arguments: Any, **_named: Any) -> None:
            die()

        setattr(owner, name, dying)

    def after(owner: Any, name: str, when: Callable[..., bool] = lambda _result, *_arguments: True) -> None:
        real = getattr(owner, name)

        def dying(*arguments: Any, **named: Any) -> Any:
            result = real(*arguments, **named)
            if when(result, *arguments):
                die()
            return result

        setattr(owner, name, dying)

    match point:
        case "after_reserve":
            after(reservation, "reserve", lambda result, *_arguments: bool(result))
        case "before_commit":
            # Everything is written, the transaction is still open.
            after(commit_point._Batch, "_write_passed")
        case "after_commit":
            after(dispatcher, "commit_calls", lambda result, *_arguments: bool(result.committed))
        case "before_send":
            before(HttpClient, "prepare")
        case "after_send":
            after(
                TransferLoop,
                "turn",
                lambda _result, loop, *_arguments: any(one._has_left for one in loop.in_flight.values()),
            )
        case "after_answer":
            after(Transfer, "end", lambda _result, transfer, _code: isinstance(transfer.outcome, Response))
        case "before_write":
            before(order_results, "write_in_transaction")
        case "in_write":
            after(order_results, "write_in_transaction")
        case "after_write":
            after(dispatcher.DispatchSlice, "note_written", lambda _result, _slice, _provider, group: bool(group))
        case "in_shared" | "after_shared":
            die_where_answers_and_calls_share(point)
        case "before_bind":
            before(call_updates, "bind")
        case "after_bind":
            after(call_updates, "bind")
        case "in_making":
            # The events are taken, their deliveries are not made yet, the transaction is open.
            after(happenings, "taken", lambda result, *_arguments: bool(result))
        case "before_note":
            before(deliveries, "note")
        case "after_note":
            after(deliveries, "note")
        case "":
            pass
        case _:
            raise ValueError(f"no such point: {point}")


def die_where_answers_and_calls_share(point: str) -> None:
    """End in, or right after, a commit point whose transaction also writes the answers in hand."""
    from campaigns.dialing import commit_point, dispatcher

    commit, write = dispatcher.commit_calls, commit_point._Batch._write_passed

    def dying(*arguments: Any) -> Any:
        has_answers = bool(arguments[5])

        def write_and_die(*batch: Any) -> Any:
            # Answers and calls are written, nothing is committed.
            write(*batch)
            die()

        commit_point._Batch._write_passed = write_and_die if has_answers and point == "in_shared" else write  # type: ignore[method-assign]
        result = commit(*arguments)
        if has_answers and point == "after_shared" and result.committed:
            die()
        return result

    dispatcher.commit_calls = dying  # type: ignore[assignment]


# Roles


def scale_timers() -> None:
    """Divide by TIME_SCALE also what the product leaves alone: the deadline of orders, leases, looks for the stuck."""
    from django.conf import settings

    from campaigns import rules
    from campaigns.core import leases
    from campaigns.dialing import dispatcher, reservation
    from campaigns.tracking import due_reads, polling
    from providers.client.limits import ClientLimits

    scale = float(settings.TIME_SCALE)
    defaults = ClientLimits.__init__.__kwdefaults__
    defaults["total_timeout"] /= scale
    # Below these a busy machine would be late, and lose leases, where nobody meant it to.
    rules.PRESEND = defaults["presend"] = max(0.5, rules.PRESEND / scale)
    second = datetime.timedelta(seconds=1)
    leases.LEASE = max(second, leases.LEASE / scale)
    leases.RENEW_SECONDS = leases.LEASE.total_seconds() / 3  # type: ignore[assignment]
    reservation.RESERVED = max(second, reservation.RESERVED / scale)
    dispatcher.SWEEP_SECONDS = polling.SWEEP_SECONDS = max(0.2, dispatcher.SWEEP_SECONDS / scale)
    dispatcher.AHEAD_SECONDS = polling.AHEAD_SECONDS = 2.0
    in_five_seconds = due_reads.batch_of
    due_reads.batch_of = lambda provider: max(1, round(in_five_seconds(provider) / scale))


def dispatch() -> None:
    """Dial, slice after slice, as the queue would have it."""
    from campaigns.core.clock import DatabaseClock
    from campaigns.dialing import dispatcher
    from campaigns.tracking import start_comparison

    def act() -> None:
        # As the minute job and the queue would have it.
        for provider_id in start_comparison.due(DatabaseClock().now()):
            start_comparison.compare(provider_id)
        dispatcher.run_slice(on_placed=lambda: None, on_remaining=lambda: None, seconds=random.uniform(2.0, 6.0))

    forever(act)


def poll() -> None:
    """Read states and settle, slice after slice."""
    from campaigns.tracking import polling

    forever(lambda: polling.run_slice(5.0))


def send_webhooks() -> None:
    """Send webhooks to an address of this machine, slice after slice; what a dead worker held is free soon."""
    from django.conf import settings

    from callcenter.webhooks_out import sending

    settings.DEBUG, settings.OUTBOUND_HOSTS = True, ["127.0.0.1"]
    sending.LEASE, sending.RENEW_SECONDS = datetime.timedelta(seconds=2), 0.6
    forever(lambda: sending.run_slice(seconds=5.0, patience=1.0))


def plain() -> None:
    """Dial as the plain design does."""
    from tests.faults.plain import run_slice

    forever(lambda: run_slice(5.0))


def forever(act: Callable[[], object]) -> None:
    """Run slices until killed; a database that is away is waited for, any other failure is for the log."""
    from django.db import InterfaceError, OperationalError, connection

    while True:
        try:
            act()
        except (OperationalError, InterfaceError) as error:
            print("away:", type(error).__name__, file=sys.stderr)
            connection.close()
            time.sleep(0.3)
        # The queue is not nudged all the time either: slices with nothing to do would fill the machine.
        time.sleep(0.3)


ROLES: dict[str, Callable[[], None]] = {"dispatch": dispatch, "poll": poll, "plain": plain, "webhooks": send_webhooks}


# The nursery


def nurse() -> None:
    """Fork what the harness asks for, one JSON line an order, until its end of the pipe closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write(json.dumps({"ready": os.getpid()}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        answer = run_once(order) if order["do"] == "call" else {"pid": fork(order)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def fork(order: dict[str, Any]) -> int:
    """Start one worker; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        begin_child()
        arm(order.get("point", ""))
        ROLES[order["role"]]()
    except BaseException:
        print("FELL OVER", traceback.format_exc(), file=sys.stderr, flush=True)
    os._exit(1)


def run_once(order: dict[str, Any]) -> dict[str, Any]:
    """Run one function of `inside` in a child of its own, so that this process never opens a connection."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        try:
            begin_child()
            from tests.faults import inside

            answer = {"result": getattr(inside, order["name"])(**order["with"])}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as out:
            json.dump(answer, out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as source:
        return dict(json.loads(source.read() or '{"error": "the child said nothing"}'))


def begin_child() -> None:
    """Give a forked child its own signals, its own chance, and no way to talk on the harness's pipe.

    It ends with the nursery, however that ends: an orphan would dial on, and slow down whatever is measured next.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(2, 1)


def main() -> None:
    """Load the product once, without touching its database, then serve the harness."""
    import django
    from django.conf import settings

    django.setup()
    # As the worker command does: a debugging connection writes every statement out once more.
    settings.DEBUG = False
    logging.disable(logging.ERROR)
    from campaigns import time_zones
    from campaigns.tracking import polling  # noqa: F401
    from providers import registry

    for vendor in registry.BACKENDS:
        registry.backend_class(vendor)
    time_zones.zones_of_number("+989120000000")
    scale_timers()
    nurse()


if __name__ == "__main__":
    main()
