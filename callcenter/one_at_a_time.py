"""Expensive pages: each person has one of them made at a time, and equal ones are made once.

Counting and searching keep a processor busy, and all threads of the web server share it: one person's eight launch
checks side by side would make everybody's pages slow. What a person asks meanwhile waits; of those that wait only the
newest is answered, for a browser that asked anew no longer listens to the others. A file that is made while it is sent
is being made until its last piece left, or its reader went away.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import translation

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
LONGEST_WAIT = 20.0
"""Seconds that a request waits for the same person's earlier one."""


@dataclass(eq=False, slots=True)
class Work:
    """What one person has made now; equal keys mean equal answers."""

    key: Hashable
    answer: HttpResponseBase | None = None
    is_over: bool = False


class Queue:
    """The works of this process, one for each person."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._made: dict[Hashable, Work] = {}
        self._newest: dict[Hashable, Work] = {}

    def answer(self, person: Hashable, key: Hashable, make: Callable[[], HttpResponseBase]) -> HttpResponseBase | None:
        """Return the answer, made or shared; None where a newer question of this person took its place."""
        mine = Work(key)
        with self._changed:
            before = self._made.get(person)
            if before is not None:
                self._newest[person] = mine
                self._changed.notify_all()
                until = time.monotonic() + LONGEST_WAIT
                while (
                    person in self._made
                    and self._newest.get(person) is mine
                    and self._changed.wait(max(0.0, until - time.monotonic()))
                ):
                    pass
                if before.is_over and before.key == key and isinstance(before.answer, HttpResponse):
                    self._forget(person, mine)
                    return _copy(before.answer)
                if person in self._made or self._newest.get(person) is not mine:
                    self._forget(person, mine)
                    return None
                self._forget(person, mine)
            self._made[person] = mine
        try:
            answer = make()
        except BaseException:
            self._end(person, mine)
            raise
        if isinstance(answer, StreamingHttpResponse):
            end = partial(self._end, person, mine)
            answer.streaming_content = _Pieces(answer.streaming_content, end)
            # One that nobody sends, as where a middleware fails behind it, is closed by nobody either.
            weakref.finalize(answer, end).atexit = False
        else:
            mine.answer = cast(HttpResponse, answer)
            self._end(person, mine)
        return answer

    def forget(self) -> None:
        """Forget all works, as a new process does."""
        with self._changed:
            self._made.clear()
            self._newest.clear()

    def _end(self, person: Hashable, mine: Work) -> None:
        with self._changed:
            mine.is_over = True
            if self._made.get(person) is mine:
                del self._made[person]
            self._changed.notify_all()

    def _forget(self, person: Hashable, mine: Work) -> None:
        if self._newest.get(person) is mine:
            del self._newest[person]


class _Pieces:
    """The pieces of a file that is made while it is sent; the server closes them behind the last, or before it."""

    def __init__(self, pieces: Any, close: Callable[[], None]) -> None:
        self._pieces, self.close = pieces, close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def _copy(answer: HttpResponse) -> HttpResponse:
    """Return the same answer for another request, whose middleware adds headers and cookies of its own."""
    return HttpResponse(answer.content, status=answer.status_code, headers=dict(answer.items()))


_queue = Queue()
forget = _queue.forget


def one_at_a_time(view: View[P]) -> View[P]:
    """Decorate a page that is expensive to make; answers 429 where a newer question of this person took its place."""

    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"} or request.user.pk is None:
            return view(request, *args, **kwargs)
        key = (
            *(request.method, request.get_full_path(), request.headers.get("HX-Request"), request.get_host()),
            *(request.COOKIES.get("timezone"), request.session.session_key, translation.get_language()),
        )
        made = _queue.answer(request.user.pk, key, lambda: view(request, *args, **kwargs))
        if made is None:
            refused = render(request, "429.html", status=429)
            refused["Retry-After"] = "5"
            return refused
        return made

    return cast(View[P], asked)
