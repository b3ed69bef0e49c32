"""The simulator's shared state: calls, journal, switches, faults and the sender of webhooks."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Protocol

from providers.sandbox.engine import Engine, SimulatedCall
from providers.sandbox.faults import Faults
from providers.sandbox.journal import Journal, read_journal
from providers.sandbox.messages import Request, Target
from providers.sandbox.recordings import tone
from providers.sandbox.switches import Switches


class TellsOfCalls(Protocol):
    """What the sender of webhooks needs of a vendor's wire."""

    def webhook_of(self, call: SimulatedCall) -> Target | None:
        """Return where the vendor's own settings send the events of a call."""

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return (time, event) of everything the vendor tells about a call."""

    def webhook_message(
        self, call: SimulatedCall, event: str, target: Target
    ) -> tuple[bytes, str, dict[str, str]] | None:
        """Return (body, content type, headers) of an event; None where it is not sent."""


class Announces(Protocol):
    """What a vendor's wire needs of the sender of webhooks."""

    has_agent_targets: bool

    def announce(self, call: SimulatedCall, *, only: str = "") -> None:
        """Schedule the events of a new call; with `only`, send that event of it now."""


class Silent:
    """Sends no webhooks, for a world that is used without a `Simulator`."""

    has_agent_targets = False

    def announce(self, call: SimulatedCall, *, only: str = "") -> None:
        """Do nothing."""


class World:
    """The state of one sandbox, which its five vendors share."""

    def __init__(
        self, *, speed: float = 1.0, delay_ms: int = 0, journal: str | Path | None = None, limits: bool = True
    ) -> None:
        self.speed = speed
        self.delay = delay_ms / 1000
        self.limits = limits
        self.engine = Engine(speed=speed, limits=limits)
        self.journal = Journal(journal)
        if journal:
            self.engine.remember(read_journal(journal))
        self.switches = Switches()
        self.faults = Faults()
        self.stopping = Event()
        self.refuse_for = 0.0
        """Seconds for which the server should close its port; the server resets it to 0."""
        self.recording = tone()
        self._signing_key = secrets.token_bytes(32)
        self.wires: Mapping[str, TellsOfCalls] = {}
        self.webhooks: Announces = Silent()

    def sleep(self, seconds: float) -> None:
        """Wait for real seconds, or until the server stops."""
        self.stopping.wait(seconds)

    # Signed addresses

    def sign(self, remote_id: str, expires: int) -> str:
        """Return the signature of a recording's address."""
        return hmac.new(self._signing_key, f"{remote_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def recording_url(self, request: Request, vendor: str, remote_id: str, lifetime: int) -> str:
        """Return an address of a recording that ends after `lifetime` seconds."""
        expires = int(time.time()) + lifetime
        path = f"{request.origin}/{vendor}/recordings/{remote_id}.wav"
        return f"{path}?expires={expires}&signature={self.sign(remote_id, expires)}"
