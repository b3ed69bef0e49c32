"""Opens the door of one account to the hosts that are allowed here, and tells who listens what passed through."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from providers import http
from providers.base import ProviderBackend, Request, Response
from providers.http import HttpDoor
from providers.paced_reads import PacedDoor, ReaderPace


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One request that went through a door, and what came of it."""

    method: str
    path: str
    http_status: int | None
    duration_ms: int
    error: Exception | None
    request: Request | None = None
    response: Response | None = None


Note = Callable[[Passed], None]
"""Is told of every exchange, in the thread that made it."""


def open_door(
    backend_class: type[ProviderBackend],
    secrets: Mapping[str, str],
    options: Mapping[str, Any],
    **limits: Any,
) -> HttpDoor:
    """Open the door to an account, with `HttpDoor`'s own times as `limits`.

    Raises ProviderMisconfigured for an address that this installation forbids.
    """
    return http.open_door(
        backend_class,
        secrets=secrets,
        options=options,
        allowed_hosts=settings.VENDOR_HOSTS,
        sandbox_origin=settings.SANDBOX_ORIGIN,
        **limits,
    )


def open_backend(
    backend_class: type[ProviderBackend],
    secrets: Mapping[str, str],
    options: Mapping[str, Any],
    pace: ReaderPace,
    note: Note | None = None,
    **limits: Any,
) -> ProviderBackend:
    """Return a backend whose every request takes a token of its provider first; the only way to one.

    Raises ProviderMisconfigured for an address that this installation forbids.
    """
    door = open_door(backend_class, secrets, options, may_repeat=pace.may_repeat, **limits)
    told = NotedDoor(door, note) if note else door
    return backend_class(PacedDoor(told, pace), secrets=secrets, options=options)


class NotedDoor:
    """A door that tells of every exchange."""

    def __init__(self, door: HttpDoor, note: Note) -> None:
        self._door = door
        self._note = note

    def read(self, request: Request) -> Response:
        """Read, and tell."""
        return self._told(self._door.read, request, request.method, request.path)

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording, and tell; the address of a foreign host is not told."""
        method, path = (source.method, source.path) if isinstance(source, Request) else ("GET", "/")
        return self._told(self._door.read_sound, source, method, path)

    def send_once(self, request: Request) -> Response:
        """Send once, and tell."""
        return self._told(self._door.send_once, request, request.method, request.path)

    def _told(self, act: Callable[[Any], Response], request: Any, method: str, path: str) -> Response:
        began, status, failure = time.monotonic(), None, None
        response: Response | None = None
        try:
            response = act(request)
            status = response.status
            return response
        except Exception as error:
            failure = error
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            asked = request if isinstance(request, Request) else None
            self._note(
                Passed(
                    method=method, path=path, http_status=status, duration_ms=took, error=failure, request=asked,
                    response=response,
                )
            )  # fmt: skip
