"""A lane: one provider within a dispatch slice, with its order loop, its reserved calls and counts of its orders."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from campaigns.dialing.commit_point import CommittedCall
from providers import opening
from providers.models import Provider
from providers.order_loop import DoneOrder

MOST_LINES = 64
"""Most lines of a provider that one slice uses."""
QUICK_SECONDS = 0.5
"""Calls are committed before a line is free only at vendors that answer within this time, so that no order gets old."""
LINES_AHEAD = 3
"""At most this many orders a line are committed ahead."""
MOST_AHEAD = 16
"""At most this many calls a line are reserved."""


class Lane:
    """One provider's order loop, its reserved calls, and counts of its orders."""

    def __init__(self, provider: Provider, tell: Callable[[int, Sequence[DoneOrder[CommittedCall]]], None]) -> None:
        self.provider_id = provider.pk
        self.lines = min(provider.max_lines, MOST_LINES)
        self.loop = opening.open_order_loop(provider, self.lines, partial(tell, provider.pk))
        self.reserved: deque[int] = deque()
        self.in_flight = 0
        self.ahead = 0
        self.came_back = 0
        self.slowest = 0.0
        self.looked_at = 0.0
        self.wanted = 0
        self.reserved_at = 0.0
        self.renewed_at = time.monotonic()
        self.sent = 0
        self.is_full = False
        """Whether the last commit point let nobody pass: most of what is reserved next will be given back again."""
        self.is_stopped = False
        """Whether no further call is committed in this lane; answers to those that left are still written."""
        self.is_ours = True
        """False once the lease is another slice's: only the answers to what was sent are waited for."""

    def next_wanted(self) -> int:
        """Return how many calls to reserve: about what a second needs, so that single calls need not wait long."""
        now = time.monotonic()
        if self.is_full:
            return self.lines
        grown = self.wanted * 2 if now - self.reserved_at < 1.0 else self.wanted // 2
        self.wanted, self.reserved_at = max(2 * self.lines, 32, min(grown, MOST_AHEAD * self.lines)), now
        return self.wanted

    @property
    def idle(self) -> int:
        """How many orders can be committed now: free lines, and those expected to become free in this round."""
        return max(self.lines + self.ahead - self.in_flight, 0)

    def take_back(self, took: float) -> None:
        """Count a finished order; `took` is the seconds since its commit point."""
        self.in_flight -= 1
        self.came_back += 1
        self.slowest = max(self.slowest, took)

    def look_ahead(self) -> None:
        """Set how many orders to commit before a line is free for them; none at a vendor that answers slowly.

        Large batches make the commit cheaper for each order, and a free line always has an order ready. At a slow
        vendor the orders would become too old to be sent. Commits ahead still count as lines in use, so a killed
        worker leaves no more unknown calls than the provider has lines.
        """
        expected = min(max(6 * self.came_back, self.ahead * 3 // 4), LINES_AHEAD * self.lines)
        self.ahead = expected if self.slowest < QUICK_SECONDS else 0
        self.came_back, self.slowest = 0, 0.0
