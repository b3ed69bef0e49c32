"""Scripted faults of the simulator: which, how often, and before or after the order was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from threading import Lock
from typing import Any

from providers.sandbox.messages import Reply, Transport

BEFORE = frozenset({"hang", "reset", "redirect"})
"""Modes in which the order is not accepted; so is any three-digit HTTP status (500, 503, 429, 400, 401, ...)."""

AFTER = frozenset(
    {
        "accept_then_hang", "accept_500", "accept_reset", "accept_broken_json", "accept_html", "accept_truncated",
        "accept_late", "accept_empty", "accept_no_id", "accept_odd_id", "accept_slow_drip", "accept_huge",
    }
)  # fmt: skip
"""Modes in which the order is accepted but its answer is lost or broken; on reads only the answer is."""


@dataclass(slots=True)
class Fault:
    """One rule. `left` counts down; without it `share` (0 to 1) is drawn for every request."""

    mode: str
    vendor: str = ""
    on: str = "place"
    """ "place", "read" or "all"."""
    share: float = 1.0
    left: int | None = None
    seconds: float = 120.0
    """How long a hang lasts, or the delay after which accept_late accepts the order."""
    retry_after: str = "2"
    """The Retry-After of a 429, as it is sent; empty for none."""

    def fits(self, vendor: str, places: bool) -> bool:
        """Return whether this rule applies to a request to `vendor`; `places` tells whether it is an order."""
        return (not self.vendor or self.vendor == vendor) and self.on in {"all", "place" if places else "read"}

    @property
    def is_before(self) -> bool:
        """Whether the order is not accepted."""
        return self.mode in BEFORE or self.mode.isdigit()

    def spoil(self, reply: Reply) -> Reply:
        """Return the answer as the fault changes it."""
        transports: dict[str, Transport] = {
            "accept_then_hang": "hang",
            "accept_late": "hang",
            "accept_reset": "reset",
            "accept_truncated": "truncate",
            "accept_slow_drip": "drip",
        }
        if transport := transports.get(self.mode):
            reply.transport = transport
            reply.seconds = 0.1 if self.mode == "accept_late" else self.seconds
        elif self.mode == "accept_broken_json":
            reply.body = reply.body[: max(1, len(reply.body) * 2 // 3)]
        elif self.mode == "accept_html":
            reply.body, reply.content_type = b"<html><body><h1>Welcome</h1></body></html>", "text/html"
        elif self.mode == "accept_empty":
            reply.body = b""
        elif self.mode == "accept_no_id":
            reply.body = b'{"message": "done"}'
        elif self.mode == "accept_odd_id":
            odd = '"' + "../" * 4000 + '"'
            fields = ("id", "execution_id", "call_id", "result")
            reply.body = ("{" + ", ".join(f'"{field}": {odd}' for field in fields) + "}").encode()
        elif self.mode == "accept_huge":
            reply.body = b'{"message": "' + b"x" * 20_000_000 + b'"}'
        return reply


class Faults:
    """The rules in force; the first that fires wins."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._random = Random(1)
        self.rules: list[Fault] = []

    def add(self, order: Mapping[str, Any]) -> list[Fault]:
        """Add the rules of one control request; raises ValueError for an unknown mode."""
        mix = order.get("mix")
        modes: Mapping[str, Any] = (
            mix if isinstance(mix, dict) else {str(order.get("mode", "")): order.get("share", 1.0)}
        )
        added = []
        left_over = 1.0
        for mode, share in modes.items():
            if not (mode in BEFORE or mode in AFTER or (mode.isdigit() and len(mode) == 3)):
                raise ValueError(f"No such mode: {mode}")
            # The shares of a mix are of all requests; a later rule sees only what the earlier ones let pass.
            drawn = min(1.0, float(share) / left_over) if left_over > 0 else 0.0
            left_over -= float(share) if mix else 0.0
            added.append(
                Fault(
                    mode=mode,
                    vendor=str(order.get("vendor", "")),
                    on=str(order.get("on", "place")),
                    share=drawn,
                    left=int(order["count"]) if "count" in order else None,
                    seconds=float(order.get("seconds", 120.0)),
                    retry_after=str(order.get("retry_after", "2")),
                )
            )
        with self._lock:
            if "seed" in order:
                self._random.seed(int(order["seed"]))
            self.rules = [*self.rules, *added]
        return added

    def draw(self, vendor: str, places: bool) -> Fault | None:
        """Return the fault that this request meets, if any."""
        if not self.rules:
            return None
        with self._lock:
            for rule in self.rules:
                if not rule.fits(vendor, places) or rule.left == 0:
                    continue
                if rule.share < 1.0 and self._random.random() >= rule.share:
                    continue
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self.rules = []
