"""Sends webhooks: one scheduling thread and a few senders; each vendor's module says what is sent and when."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Thread
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener
from urllib.request import Request as Outgoing

from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Target
from providers.sandbox.world import World

_TRIES = 3


class Webhooks:
    """Sends each event when it is due, never in the thread of a request."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._targets: dict[tuple[str, str], Target] = {}
        self._due: list[tuple[float, int, SimulatedCall, str, Target, int]] = []
        self._told: set[tuple[int, str]] = set()
        self._order = itertools.count()
        self._wake = Condition()
        self._clock: Thread | None = None
        self._senders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook")
        # No proxy from the environment: the receiver is on this machine.
        self._opener = build_opener(ProxyHandler({}))
        self._counts: Counter[str] = Counter()
        self.has_agent_targets = False

    def register(self, *, vendor: str, url: str, account: str = "", secret: str = "") -> None:
        """Set the address for a vendor's events, for one account or for all; an empty address removes it."""
        if vendor not in self.world.wires:
            raise ValueError(f"No such vendor: {vendor}")
        if not url:
            self._targets.pop((vendor, account), None)
        elif url.startswith(("http://", "https://")):
            self._targets[vendor, account] = Target(url, secret)
        else:
            raise ValueError("Not a web address")

    def target_of(self, call: SimulatedCall) -> Target | None:
        """Return where the events of a call go."""
        for key in ((call.vendor, call.account), (call.vendor, "")):
            if key in self._targets:
                return self._targets[key]
        return self.world.wires[call.vendor].webhook_of(call) if self.has_agent_targets else None

    def announce(self, call: SimulatedCall, *, only: str = "") -> None:
        """Schedule the events of a new call; with `only`, send that event of it now."""
        if not self._targets and not self.has_agent_targets:
            return
        target = self.target_of(call)
        if target is None:
            return
        moments = [(time.time(), only)] if only else self.world.wires[call.vendor].webhook_moments(call)
        if self.world.switches.webhook_reorder:
            moments = _overtaken(moments, 0.3 / self.world.speed)
        with self._wake:
            for at, event in moments:
                if at < float("inf"):
                    heapq.heappush(self._due, (at, next(self._order), call, event, target, 1))
            if self._clock is None:
                self._clock = Thread(target=self._run, name="webhook-clock", daemon=True)
                self._clock.start()
            self._wake.notify()

    def counts(self) -> dict[str, int]:
        """Return how many were sent, refused and not delivered."""
        return dict(self._counts)

    def clear(self) -> None:
        """Forget targets and what is due."""
        with self._wake:
            self._targets.clear()
            self._due.clear()
            self._told.clear()
            self._counts.clear()
            self.has_agent_targets = False

    def close(self) -> None:
        """End the clock and the senders."""
        with self._wake:
            self._due.clear()
            self._wake.notify()
        self._senders.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self.world.stopping.is_set():
            with self._wake:
                wait = self._due[0][0] - time.time() if self._due else 60.0
                if wait > 0:
                    self._wake.wait(min(wait, 60.0))
                    continue
                _at, _order, call, event, target, attempt = heapq.heappop(self._due)
                if attempt == 1 and (id(call), event) in self._told:
                    continue
                self._told.add((id(call), event))
            if not self.world.stopping.is_set():
                self._senders.submit(self._send, call, event, target, attempt)

    def _send(self, call: SimulatedCall, event: str, target: Target, attempt: int) -> None:
        message = self.world.wires[call.vendor].webhook_message(call, event, target)
        if message is None:
            return
        body, content_type, headers = message
        for _copy in range(self.world.switches.webhook_repeat):
            if not self._deliver(target, body, {**headers, "Content-Type": content_type}) and attempt < _TRIES:
                with self._wake:
                    again = time.time() + attempt / self.world.speed
                    heapq.heappush(self._due, (again, next(self._order), call, event, target, attempt + 1))
                    self._wake.notify()

    def _deliver(self, target: Target, body: bytes, headers: dict[str, str]) -> bool:
        url = target.url
        sent: bytes | None = body
        if target.method == "GET":
            url, sent = f"{url}{'&' if '?' in url else '?'}{urlencode({'event': body.decode()})}", None
        request = Outgoing(url, data=sent, headers=headers, method=target.method)  # noqa: S310 - http(s) only, checked
        try:
            with self._opener.open(request, timeout=5) as answer:
                answer.read(1024)
        except (URLError, OSError, ValueError):
            self._counts["failed"] += 1
            return False
        self._counts["sent"] += 1
        return True


def _overtaken(moments: list[tuple[float, str]], later: float) -> list[tuple[float, str]]:
    """Return the events with every second one delayed behind the next; none is sent before its time."""
    moved = list(moments)
    for index in range(0, len(moments) - 1, 2):
        moved[index] = (moments[index + 1][0] + later, moments[index][1])
    return moved
