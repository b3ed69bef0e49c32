"""Nudges: queue messages that wake a worker.

The database row is the job, so a lost or duplicate message changes nothing: the minute job finds what was missed.

A message is JSON signed with SECRET_KEY: the path of one of `DECLARED` and at most one id. django-q2's `async_task` is
not used: its messages are signed pickles with any function's path and options that run further ones (`hook`, `chain`,
`sync`), and it takes no other serializer. Its brokers carry our messages and its `worker` runs them; what lies in a
queue and is not of this form is dropped unread.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from functools import partial
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django_q.brokers import Broker, get_broker

logger = logging.getLogger(__name__)

DISPATCH = "campaigns.tasks.dispatch"
POLL = "campaigns.tasks.poll"
SWEEP = "campaigns.tasks.sweep"
FOLLOW_HINTS = "campaigns.tasks.follow_hints"
TAKE_BACK = "campaigns.tasks.take_back"
SWEEP_LISTS = "campaigns.tasks.sweep_lists"
SWEEP_LIST = "campaigns.tasks.sweep_list"
COMPARE_START = "campaigns.tasks.compare_start"
SAVE_IMPORT = "campaigns.tasks.save_import"
WRITE_EXPORT = "campaigns.tasks.write_export"
READ_ANSWERS = "campaigns.tasks.read_answers"
FOLLOW_DISPOSITIONS = "campaigns.tasks.follow_dispositions"
SYNC_PROVIDER = "providers.services.syncing.sync_by_itself"
BEAT = "campaigns.tasks.beat"
DECLARED = frozenset(
    {
        DISPATCH, POLL, SWEEP, FOLLOW_HINTS, TAKE_BACK, SWEEP_LISTS, SWEEP_LIST, COMPARE_START, SAVE_IMPORT,
        WRITE_EXPORT, READ_ANSWERS, FOLLOW_DISPOSITIONS, SYNC_PROVIDER, BEAT,
    }
)  # fmt: skip
"""The functions that a message or a schedule may name; nothing else is run, whatever lies in the queue."""
SALT = "callcenter.queue"


class NotOurs(Exception):
    """Raised for a message that is not run; the text says why, and holds nothing of it but a function's path."""


def send(path: str, *ids: int, broker: Broker | None = None) -> None:
    """Put a message into the queue; raises ValueError for what is not declared, and the broker's errors."""
    if path not in DECLARED or not all(_is_id(one) for one in ids):
        raise ValueError(f"{path} is not declared, or is called with something else than ids.")
    message = {"id": uuid.uuid4().hex, "func": path, "args": ids, "at": timezone.now().isoformat()}
    (broker or get_broker()).enqueue(signing.dumps(message, salt=SALT))


def opened(package: Any) -> dict[str, Any]:
    """Return a message as django-q2's `worker` takes it; raises NotOurs for whatever `send` did not make."""
    text = package.decode("ascii", "replace") if isinstance(package, bytes) else str(package)
    try:
        message = signing.loads(text, salt=SALT)
        key, path, ids = (message[name] for name in ("id", "func", "args"))
        at = datetime.datetime.fromisoformat(message["at"])
    except (signing.BadSignature, ValueError, TypeError, LookupError, RecursionError):
        raise NotOurs("a message that we did not sign") from None
    if not isinstance(path, str) or path not in DECLARED:
        raise NotOurs(f"a message for {path!r:.80}, which is not declared")
    if not isinstance(ids, list) or len(ids) > 1 or not all(_is_id(one) for one in ids):
        raise NotOurs(f"a message for {path} with something else than an id")
    # Only these parts: options such as `hook`, `chain`, `sync` and `cached` would run or store more.
    return {
        "id": str(key)[:32], "name": path.rpartition(".")[2], "func": path, "args": tuple(ids), "kwargs": {},
        "started": at, "ack_failure": True,
    }  # fmt: skip


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _ring(path: str, *ids: int) -> None:
    try:
        send(path, *ids)
    except Exception:
        # The broker cannot be reached: the rows wait until the minute schedule finds them.
        logger.exception("could not ring %s; the minute schedule will find the work", path)


def nudge_dispatch() -> None:
    """Queue a dispatch slice when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, DISPATCH))


def nudge_poll() -> None:
    """Queue a poll slice when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, POLL))


def nudge_hints() -> None:
    """Queue the handling of stored webhooks (hints) when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, FOLLOW_HINTS))


def nudge_take_back() -> None:
    """Queue the cancellation, at vendors, of stopped campaigns' calls when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, TAKE_BACK))


def nudge_list(provider_id: int) -> None:
    """Queue the comparison with a provider's list of calls when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, SWEEP_LIST, provider_id))


def nudge_comparison(provider_id: int) -> None:
    """Queue the comparison before a provider's first order when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, COMPARE_START, provider_id))


def nudge_sync(provider_id: int) -> None:
    """Queue the sync that a provider is due for when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, SYNC_PROVIDER, provider_id))


def nudge_import(import_id: int) -> None:
    """Queue the saving of a checked import when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, SAVE_IMPORT, import_id))


def nudge_export(export_id: int) -> None:
    """Queue the writing of an export when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, WRITE_EXPORT, export_id))


def nudge_answers() -> None:
    """Queue the reading of calls for new questions when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, READ_ANSWERS))


def nudge_consequences() -> None:
    """Queue what follows on dispositions when the caller's transaction commits."""
    transaction.on_commit(partial(_ring, FOLLOW_DISPOSITIONS))


def length() -> int:
    """Return how many messages no worker took yet; raises the broker's error where it cannot be reached."""
    return int(get_broker().queue_size() or 0)


def nudge_beat() -> None:
    """Queue a message that does nothing: whichever worker handles it writes its host's heartbeat."""
    transaction.on_commit(partial(_ring, BEAT))
