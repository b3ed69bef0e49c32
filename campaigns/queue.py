"""Nudges: queue messages that wake a worker, and the only use of django-q's `async_task`.

The database row is the job, so a lost or duplicate message changes nothing: the minute job finds what was missed.
"""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

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
SYNC_PROVIDER = "providers.services.syncing.sync_by_itself"
BEAT = "campaigns.tasks.beat"


def _ring(path: str, *ids: int) -> None:
    try:
        async_task(path, *ids)
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


def length() -> int:
    """Return how many messages no worker took yet; raises the broker's error where it cannot be reached."""
    return int(get_broker().queue_size() or 0)


def nudge_beat() -> None:
    """Queue a message that does nothing: whichever worker handles it writes its host's heartbeat."""
    transaction.on_commit(partial(_ring, BEAT))
