"""Lists of a vendor that come in pages: a bad page is asked for again, and pages and rows that were read count.

A list of which a page stays bad, or of which a row carries no id, is never taken for whole; `IncompleteList` then
carries what was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from providers.exceptions import AccountProblem, ProviderError, UnexpectedResponse
from providers.parsing import first_of
from providers.replies import is_usable_id
from providers.types import CallSnapshot

PAGE_TRIES = 3
"""How often a page is asked for until it can be read."""
AGAIN_WITHIN = 5.0
"""Seconds; a page that took longer to fail is not asked for again, as a read has only so much time."""
MOST_BAD_PAGES = 3
"""Pages of one list that may stay bad until the rest is not read any more."""


class IncompleteList(UnexpectedResponse):
    """Raised when a part of a vendor's list could not be read; `listed` are the calls that were.

    They are what they are; that a call is not among them means nothing.
    """

    # Not among the error's own attributes, which reports of errors show: the calls have people's numbers.
    __slots__ = ("listed",)

    def __init__(self, message: str, listed: Sequence[CallSnapshot], *, http_status: int | None = None) -> None:
        super().__init__(message, http_status=http_status)
        self.listed = listed


Page = TypeVar("Page")
Row = Mapping[str, Any]
Backend = TypeVar("Backend")
Given = ParamSpec("Given")


def asked_again(ask: Callable[[], Page]) -> Page:
    """Return a page, asked for up to `PAGE_TRIES` times; raises `UnexpectedResponse` where it stays bad."""
    until = time.monotonic() + AGAIN_WITHIN
    for _try in range(PAGE_TRIES - 1):
        try:
            return ask()
        except UnexpectedResponse:
            if time.monotonic() > until:
                raise
    return ask()


class BadPages:
    """The pages of one list that stayed bad, and its rows without an id.

    Where pages are numbered, those behind a bad one are read all the same; a row without an id is left out.
    """

    def __init__(self) -> None:
        self._errors: list[UnexpectedResponse] = []
        self.left_out = 0
        """Rows that carry no usable id: what is not in the list may be one of them."""

    def pass_over(self, error: UnexpectedResponse) -> None:
        """Note a bad page; raises its error where there are too many of them."""
        self._errors.append(error)
        if len(self._errors) >= MOST_BAD_PAGES:
            raise error

    def with_ids(self, rows: Iterable[Row], *names: str) -> list[Row]:
        """Return the rows that carry a usable id under one of these names, and count the others."""
        found = []
        for row in rows:
            value = first_of(row, *names)
            if is_usable_id(str(value) if isinstance(value, int) and not isinstance(value, bool) else value):
                found.append(row)
            else:
                self.left_out += 1
        return found

    def end(self) -> None:
        """End the list; raises the error of its first bad page, or that rows were left out."""
        if self._errors:
            raise self._errors[0]
        if self.left_out:
            raise UnexpectedResponse(f"{self.left_out} rows of the list have no id: the list may be incomplete.")


def listed(
    generate: Callable[Concatenate[Backend, Given], Iterator[CallSnapshot]],
) -> Callable[Concatenate[Backend, Given], list[CallSnapshot]]:
    """Let a generator of calls return a list, each call once; where it breaks, `IncompleteList` has what was read.

    An account problem, and an error before the first call, is raised as it is.
    """

    @wraps(generate)
    def listing(backend: Backend, /, *given: Given.args, **named: Given.kwargs) -> list[CallSnapshot]:
        found: dict[str, CallSnapshot] = {}
        try:
            for snapshot in generate(backend, *given, **named):
                found.setdefault(snapshot.remote_id, snapshot)
        except AccountProblem:
            raise
        except ProviderError as error:
            if not found:
                raise
            raise IncompleteList(error.message, list(found.values()), http_status=error.http_status) from error
        return list(found.values())

    return listing
