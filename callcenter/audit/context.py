"""On whose behalf this thread works now: a request, a command at the server, a background task; read by `record`."""

from __future__ import annotations

import functools
import getpass
import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.conf import settings

SESSION_LETTERS = 12
"""Letters of the keyed hash by which the events of one session are told from those of another."""
MAX_SOURCE = 80


@dataclass(slots=True)
class Acting:
    """Where an act comes from; what costs something is computed only if an event is recorded."""

    source: str = ""
    """`command backup (deploy)`, `task sweep`; empty for a request."""
    request_id: str = ""
    find_address: Callable[[], str] = str
    find_session_key: Callable[[], str] = str
    roles: dict[int, str] = field(default_factory=dict)
    """Names of the roles of users who acted, by user."""

    @property
    def address(self) -> str:
        """The client's address; empty outside of a request."""
        return self.find_address()[:45]

    @property
    def session(self) -> str:
        """A keyed hash of the session's key, short; empty without a session. The key cannot be found from it."""
        key = self.find_session_key()
        return session_mark(key) if key else ""


_current: ContextVar[Acting | None] = ContextVar("audit_acting", default=None)


def session_mark(session_key: str) -> str:
    """Return the mark under which a session's events stand in the audit log."""
    secret = hashlib.sha256(f"callcenter.audit.session:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(secret, session_key.encode(), hashlib.sha256).hexdigest()[:SESSION_LETTERS]


def current() -> Acting:
    """Return on whose behalf this thread works; an empty one where nobody said."""
    return _current.get() or Acting()


@contextmanager
def acting(found: Acting) -> Iterator[Acting]:
    """Let events be recorded as of this origin inside the block."""
    before = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(before)


@contextmanager
def at_the_server(command: str) -> Iterator[Acting]:
    """Let events be recorded as of a command of this name, with the operating system's user."""
    with acting(Acting(source=f"command {command} ({system_user()})"[:MAX_SOURCE])) as found:
        yield found


@contextmanager
def in_the_background(task: str) -> Iterator[Acting]:
    """Let events be recorded as of a background task of this name."""
    with acting(Acting(source=f"task {task}"[:MAX_SOURCE])) as found:
        yield found


@functools.cache
def system_user() -> str:
    """Return the name of the operating system's user that runs this; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
