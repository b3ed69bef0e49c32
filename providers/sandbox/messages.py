"""Requests and replies of the simulator's HTTP server, kept small for speed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from providers.sandbox.engine import SimulatedCall

Transport = Literal["", "hang", "reset", "truncate", "drip"]


class Refused(Exception):
    """Raised with the reply that refuses a request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Request:
    """One request, read whole. Header names are in lower case."""

    __slots__ = ("_query", "body", "headers", "method", "origin", "path", "peer", "placed", "query_string")

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes, peer: str = "") -> None:
        self.method = method
        self.path, _, self.query_string = target.partition("?")
        self.headers = headers
        self.body = body
        self.peer = peer
        self.origin = ""
        self.placed: SimulatedCall | None = None
        self._query: dict[str, list[str]] | None = None

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        if self._query is None:
            self._query = parse_qs(self.query_string, keep_blank_values=True) if self.query_string else {}
        return self._query

    def param(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        """Return the parsed body, an empty object for an empty one; raises ValueError."""
        return json.loads(self.body) if self.body else {}


class Reply:
    """One answer; `transport` says how the connection misbehaves while it is sent."""

    __slots__ = ("body", "content_type", "headers", "seconds", "status", "transport")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "application/json",
        headers: tuple[tuple[str, str], ...] = (),
        *,
        transport: Transport = "",
        seconds: float = 0.0,
    ) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.transport = transport
        self.seconds = seconds


def json_reply(status: int, answer: Any, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return an answer as JSON."""
    return Reply(status, json.dumps(answer).encode(), headers=headers)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a vendor sends its events."""

    url: str
    secret: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ()
    """Event names that are wanted; empty for all."""
