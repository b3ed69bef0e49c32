"""A backend without a network: what it answers is set by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from requests import Request, Response

from providers.client.client import HttpClient
from tests.providers.clients import answer_of


@contextmanager
def answering(answers: dict[str, tuple[int, str]] | Exception) -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Let every client answer by path; yields the (path, headers) that were asked."""
    asked: list[tuple[str, dict[str, str]]] = []

    def read(self: HttpClient, request: Request) -> Response:
        asked.append((request.url, dict(self._headers)))
        if isinstance(answers, Exception):
            raise answers
        status, body = answers.get(request.url.partition("?")[0], (404, "{}"))
        return answer_of(status, body.encode())

    def never(self: HttpClient, request: Request) -> Any:
        raise AssertionError("an order left")

    with mock.patch.object(HttpClient, "read", read), mock.patch.object(HttpClient, "send_once", never):
        yield asked
