"""Backends whose every failure is a `ProviderError`, so that a fault in one module is that provider's trouble alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, wraps
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from django.utils.functional import Promise

from providers.base import ProviderBackend
from providers.exceptions import BackendFailed, OutcomeUnknown, ProviderError, ProviderMisconfigured
from providers.replies import is_usable_id
from providers.types import (
    AccountIdentity,
    AccountState,
    CallSnapshot,
    PlacedCall,
    Recording,
    RemoteAgent,
    RemoteCallerId,
    RemoteVoice,
)

logger = logging.getLogger(__name__)

LOGGED_EVERY = 600.0
"""Seconds for which a failure of one kind, at one place of one module, is not logged again by this process."""
_logged_at: dict[tuple[str, str, str], float] = {}


def log_failure(slug: str, where: str, error: Exception) -> None:
    """Log a module's failure once, with the class of the error only: its text may hold anything."""
    key, now = (slug, where, type(error).__name__), time.monotonic()
    if now - _logged_at.get(key, -LOGGED_EVERY) >= LOGGED_EVERY:
        _logged_at[key] = now
        logger.error("%s: the backend failed in %s: %s", *key)


LISTS: Mapping[str, type] = {
    "fetch_calls": CallSnapshot,
    "list_calls": CallSnapshot,
    "parse_webhook": CallSnapshot,
    "list_agents": RemoteAgent,
    "list_voices": RemoteVoice,
    "list_caller_ids": RemoteCallerId,
}
"""Methods that return a list, and of what."""
ANSWERS: Mapping[str, tuple[type, ...]] = {
    "check_credentials": (AccountState,),
    "fetch_balance": (AccountState,),
    "fetch_identity": (AccountIdentity,),
    "fetch_recording": (Recording,),
    "cancel_call": (CallSnapshot, type(None)),
    "hang_up_call": (CallSnapshot, type(None)),
    "place_call": (PlacedCall,),
}
"""Methods that return one thing, and what it may be."""
EFFECTS = frozenset({"place_call", "cancel_call", "hang_up_call"})
"""Methods after whose failure nobody knows whether the vendor acted."""


class GuardedBackend:
    """Wraps a backend: what its methods raise or return against the contract becomes a `ProviderError`.

    The failure is `OutcomeUnknown` after a request with an effect, `BackendFailed` after a read.
    """

    def __init__(self, backend: ProviderBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._backend, name)
        if name in LISTS or name in ANSWERS:
            return self._guarded(name, found)
        return found

    def _guarded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def act(*args: Any, **options: Any) -> Any:
            try:
                return _checked(name, method(*args, **options))
            except (ProviderError, ProviderMisconfigured):
                raise
            except Exception as error:
                kind = type(error).__name__
                log_failure(self._backend.slug, name, error)
                failed = OutcomeUnknown if name in EFFECTS else BackendFailed
            raise failed(f"The provider module failed: {kind}.")

        return act


def guarded(backend: ProviderBackend) -> ProviderBackend:
    """Return the backend with its failures turned into errors of the contract."""
    return cast(ProviderBackend, GuardedBackend(backend))


@cache
def _types_of(kind: Any) -> Mapping[str, tuple[type, ...]]:
    """Return the types that each field of a dataclass of the contract may have."""
    return {name: _types_in(hint) for name, hint in get_type_hints(kind).items()}


def _types_in(hint: Any) -> tuple[type, ...]:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return tuple(found for part in get_args(hint) for found in _types_in(part))
    if origin is Literal:
        return tuple({type(word) for word in get_args(hint)})
    return (origin or hint,)


def is_sound(answer: object, *kinds: type) -> bool:
    """Return whether an answer is one of these, with fields of their types, times with zones and a usable id."""
    if not isinstance(answer, kinds):
        return False
    if answer is None:
        return True
    kind: Any = type(answer)
    allowed = _types_of(kind)
    values = {name: getattr(answer, name) for name in allowed}
    times = [value for value in values.values() if isinstance(value, datetime)]
    return (
        all(isinstance(values[name], types) for name, types in allowed.items())
        and all(at.tzinfo is not None for at in times)
        and (not isinstance(answer, CallSnapshot | PlacedCall) or is_usable_id(answer.remote_id))
    )


def _checked(name: str, answer: Any) -> Any:
    """Return an answer of the contract's type; raises TypeError for any other."""
    if name in LISTS:
        rows = list(answer)
        if not all(is_sound(row, LISTS[name]) for row in rows):
            raise TypeError(name)
        return rows
    if not is_sound(answer, *ANSWERS[name]):
        raise TypeError(name)
    return answer


Refusals = Callable[[str], str | Promise | None]
"""Says why a vendor cannot take an E.164 number: empty where it can, None where its module failed."""


def number_refusals(backend_class: type[ProviderBackend], options: Mapping[str, Any]) -> Refusals | None:
    """Return a vendor's refusals of numbers under a provider's options; None where it refuses none."""
    if backend_class.refuses_number.__func__ is ProviderBackend.refuses_number.__func__:  # type: ignore[attr-defined]
        return None

    def refusal(number: str) -> str | Promise | None:
        try:
            return backend_class.refuses_number(number, options)
        except Exception as error:
            log_failure(backend_class.slug, "refuses_number", error)
            return None

    return refusal


def is_shaped(kind: str, value: object) -> bool:
    """Return whether a stored option has a shape that a field of this kind can have; an empty one has."""
    shapes: Mapping[str, tuple[type, ...]] = {
        "json": (Mapping,),
        "words": (list, tuple, str),
        "integer": (int,),
        "boolean": (bool,),
    }
    if value in (None, ""):
        return True
    if kind == "words" and isinstance(value, Sequence):
        return all(isinstance(word, str) for word in value)
    return isinstance(value, shapes.get(kind, (str,)))
