"""Rings the bell: the only way work reaches django-q. A lost or doubled ring changes nothing."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

DISPATCH = "campaigns.tasks.dispatch"
POLL = "campaigns.tasks.poll"
SWEEP = "campaigns.tasks.sweep"
FOLLOW_HINTS = "campaigns.tasks.follow_hints"
TAKE_BACK = "campaigns.tasks.take_back"
SWEEP_LISTS = "campaigns.tasks.sweep_lists"
SWEEP_LIST = "campaigns.tasks.sweep_list"
SAVE_IMPORT = "campaigns.tasks.save_import"
WRITE_EXPORT = "campaigns.tasks.write_export"


def _ring(path: str, *ids: int) -> None:
    try:
        async_task(path, *ids)
    except Exception:
        # The broker is away: the rows wait, and the minute schedule finds them.
        logger.exception("could not ring %s; the minute schedule will find the work", path)


def nudge_dispatch() -> None:
    """Ask for a dispatch slice once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, DISPATCH))


def nudge_poll() -> None:
    """Ask for a poll slice once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, POLL))


def nudge_hints() -> None:
    """Ask for parked hints to be followed once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, FOLLOW_HINTS))


def nudge_take_back() -> None:
    """Ask for calls of stopped campaigns to be taken back once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, TAKE_BACK))


def nudge_list(provider_id: int) -> None:
    """Ask for a vendor's list to be compared once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, SWEEP_LIST, provider_id))


def nudge_import(import_id: int) -> None:
    """Ask for the saving of a checked import once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, SAVE_IMPORT, import_id))


def nudge_export(export_id: int) -> None:
    """Ask for the writing of an export once the caller's transaction has committed."""
    transaction.on_commit(partial(_ring, WRITE_EXPORT, export_id))
