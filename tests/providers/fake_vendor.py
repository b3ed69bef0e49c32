"""A backend without a network: what it answers is set by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from providers.base import Request, Response
from providers.http import HttpDoor


@contextmanager
def answering(answers: dict[str, tuple[int, str]] | Exception) -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Let every door answer by path; yields the (path, headers) that were asked."""
    asked: list[tuple[str, dict[str, str]]] = []

    def read(self: HttpDoor, request: Request) -> Response:
        asked.append((request.path, dict(self._headers)))
        if isinstance(answers, Exception):
            raise answers
        status, body = answers.get(request.path.partition("?")[0], (404, "{}"))
        return Response(status=status, headers={}, body=body.encode())

    def never(self: HttpDoor, request: Request) -> Any:
        raise AssertionError("an order left")

    with mock.patch.object(HttpDoor, "read", read), mock.patch.object(HttpDoor, "send_once", never):
        yield asked
