"""Work that is equal for several people is made once, and only few such works at the same time.

Counting a campaign's audience keeps a processor busy for seconds. Whoever asks for what is being made already waits for
it; and of different works two are made at once, so that everybody else's pages keep their share of the processor.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
T = TypeVar("T")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
AT_ONCE = 2
LONGEST_WAIT = 20.0
"""Seconds that a work waits for its turn, or for an equal one; after them it is made all the same."""


@dataclass(eq=False, slots=True)
class _Work(Generic[T]):
    over: threading.Event = field(default_factory=threading.Event)
    made: list[T] = field(default_factory=list)
    """The one result; empty where making it failed."""


_lock = threading.Lock()
_now: dict[Hashable, _Work[Any]] = {}
_turns = threading.BoundedSemaphore(AT_ONCE)


def made_once(key: Hashable, make: Callable[[], T]) -> T:
    """Return what `make` returns, or what a call with an equal key returns that is being made now.

    Nobody may change the result: others have it, too.
    """
    with _lock:
        work: _Work[T] | None = _now.get(key)
        mine = work is None
        if work is None:
            work = _now[key] = _Work()
    if not mine:
        work.over.wait(LONGEST_WAIT)
        return work.made[0] if work.made else make()
    try:
        with _turn():
            work.made.append(make())
        return work.made[0]
    finally:
        with _lock:
            del _now[key]
        work.over.set()


def few_at_once(view: View[P]) -> View[P]:
    """Decorate a page that keeps a processor busy: few of them are made at the same time."""

    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with _turn():
            return view(request, *args, **kwargs)

    return cast(View[P], asked)


@contextmanager
def _turn() -> Iterator[None]:
    has_turn = _turns.acquire(timeout=LONGEST_WAIT)
    try:
        yield
    finally:
        if has_turn:
            _turns.release()
