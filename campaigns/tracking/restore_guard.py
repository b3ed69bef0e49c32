"""The restore guard: detects a restored backup, and freezes calling until the vendors' lists have been compared.

A restored database lacks the calls placed since its backup, and would dial those people again. So the database holds a
counter that only rises, with a copy outside it: in a file below VAR_DIR, and in Redis if there is one. The copy is
written after the counter's commit, so it is ahead of the database only if the database went back in time. A missing
copy proves nothing and is written again: a new machine, a second host or a flushed Redis does not freeze calling.

Where the copies went back too, as in a copy of the whole data folder, only the vendor remembers. So after every start
each provider waits until its vendor's list was compared (`start_comparison`). A vendor without a list cannot be asked:
there a doubt freezes, and an admin decides.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import tempfile
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from callcenter import sqlite_files
from callcenter.audit.models import record
from campaigns.core import hosts, message_parts, stop_all
from campaigns.core.clock import DatabaseClock
from campaigns.models import Call, Campaign, DatabaseMark
from providers.models import Provider
from providers.registry import vendors_that
from providers.types import CallStatus

logger = logging.getLogger(__name__)

Actor = AbstractBaseUser | AnonymousUser | None
MARK_ID = 1
FILE_NAME = "database-mark.json"
KEPT = 20
"""Most databases whose counter one file keeps; a test run creates many databases."""
SILENCE = datetime.timedelta(seconds=150)
"""A worker raises the counter every minute at least: after this long, none ran, or its machine stood still."""
LONG_SILENCE = datetime.timedelta(minutes=10)
"""While a worker runs, a person is asked only after this long: a busy one may be late with the minute job."""


def worker_starts(*, is_alone: bool) -> None:
    """Have every vendor's list compared before the first order; called before a host's worker does anything else.

    `is_alone` is whether no other host is alive: beside a live one, this database cannot have gone back.
    """
    if is_alone:
        mark = _mark()
        _begin_again(_doubt_of_marks(mark) or _doubt_of_silence(mark, DatabaseClock().now()))
    watch()


def worker_ends() -> None:
    """Write down that the last worker ended in order; called after a host's worker has ended."""
    now = DatabaseClock().now()
    if not hosts.living(now).exclude(name=settings.HOST_NAME).exists():
        DatabaseMark.objects.filter(pk=MARK_ID).update(ended_at=now)


def _begin_again(doubt: str) -> None:
    """Place no call before the vendors' lists were compared; with a `doubt`, ask an admin where there is no list."""
    with transaction.atomic():
        # Lock the stop-all gate first, as every commit point does: those that read the old state have then committed.
        stop_all.close_gate()
        now = DatabaseClock().now()
        DatabaseMark.objects.filter(pk=MARK_ID).update(watched_at=now, ended_at=None)
        Provider.objects.ask_comparison(now)
        if doubt:
            ask_where_no_list_tells(doubt)


def ask_where_no_list_tells(doubt: str) -> list[int]:
    """Freeze the providers without a list through which calls wait, until an admin decides; returns their ids.

    `doubt` is why nothing shows whether the database went back.
    """
    calls = Call.objects.filter(provider=OuterRef("pk"), status=CallStatus.PENDING)
    campaigns = Campaign.objects.filter(provider=OuterRef("pk"), status=Campaign.Status.RUNNING, is_filled=False)
    seconds = Campaign.objects.filter(second__provider=OuterRef("pk"), status__in=message_parts.LIVING)
    listless = Provider.objects.exclude(vendor__in=vendors_that("supports_list_calls"))
    waiting = listless.filter(Exists(calls) | Exists(campaigns) | Exists(seconds), is_active=True)
    return [pk for pk in waiting.values_list("pk", flat=True) if Provider.objects.freeze(pk, doubt)]


def _doubt_of_silence(mark: DatabaseMark, now: datetime.datetime, longer_than: datetime.timedelta = SILENCE) -> str:
    """Return a sentence if the last worker neither ended in order nor was heard lately, else an empty text."""
    if mark.ended_at is not None or _silence(mark, now) <= longer_than:
        return ""
    return _(
        "the background worker was off for %(minutes)d minutes, and it is not known whether a backup was restored."
    ) % {"minutes": int(_silence(mark, now).total_seconds() // 60)}


def _silence(mark: DatabaseMark, now: datetime.datetime) -> datetime.timedelta:
    return now - (mark.watched_at or now)


def _is_silent(mark: DatabaseMark, now: datetime.datetime) -> bool:
    return _silence(mark, now) > SILENCE


def _doubt_of_marks(mark: DatabaseMark) -> str:
    """Return a sentence if the copies in files differ or one is missing, else an empty text."""
    if mark.count < 2:
        return ""  # a new database: no copy was written yet
    counts = [_in_file(path).get(str(mark.identity)) for path in _paths()]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return _("a copy of the database marker is missing, and it is not known whether a backup was restored.")
    # A death between two writes leaves them one apart.
    if max(known) - min(known) > 1:
        return _("the copies of the database marker differ, and it is not known whether a backup was restored.")
    return ""


def watch() -> bool:
    """Raise the counter by one, and freeze all calling if a copy is ahead of it; returns whether one was.

    After a silence, as of a machine that was suspended or set back to a snapshot, the lists are compared anew.
    """
    mark = _mark()
    now = DatabaseClock().now()
    if mark.ended_at is None and _is_silent(mark, now):
        logger.warning("nothing ran for %s: the vendors' lists are compared", _silence(mark, now))
        _begin_again(_doubt_of_silence(mark, now, LONG_SILENCE))
    outside = _outside(mark.identity)
    is_restored = False
    with transaction.atomic():
        count = DatabaseMark.objects.select_for_update().get(pk=MARK_ID).count
        if count < outside:
            is_restored = True
        else:
            DatabaseMark.objects.filter(pk=MARK_ID).update(count=count + 1, watched_at=now, ended_at=None)
            if connection.vendor == "sqlite":
                sqlite_files.count_up(connection)
            # Only after the commit: after a rollback the copy would be ahead and would freeze calling by mistake.
            transaction.on_commit(partial(_remember, mark.identity, count + 1))
    if not is_restored:
        return False
    logger.error("the database is older than its mark: a backup was restored, calling is frozen")
    return freeze_all(_("a backup of the database was restored."), None, beyond=outside)


def freeze_all(reason: str, person: Actor, *, beyond: int = 0) -> bool:
    """Freeze every provider in one transaction; returns whether anything changed.

    `person` is who asked, None for the product itself; `beyond` is how far the copy was ahead of the counter.
    """
    with transaction.atomic():
        # Lock the stop-all gate first, as every commit point does: those that read the old state have then committed.
        stop_all.close_gate()
        mark = DatabaseMark.objects.select_for_update().get(pk=_mark().pk)
        if beyond and mark.count >= beyond:
            return False
        frozen = [pk for pk in Provider.objects.values_list("pk", flat=True) if Provider.objects.freeze(pk, reason)]
        count = max(mark.count, beyond) + 1
        DatabaseMark.objects.filter(pk=mark.pk).update(count=count)
        record(person, "database.restored", mark, providers=len(frozen), reason=reason, found_by_itself=bool(beyond))
        transaction.on_commit(partial(_remember, mark.identity, count))
    return True


def after_restoring(reason: str) -> None:
    """Freeze every provider after a restore, and raise the counter beyond every copy, so that none finds it again."""
    freeze_all(reason, None)
    mark = _mark()
    if (outside := _outside(mark.identity)) >= mark.count:
        DatabaseMark.objects.filter(pk=MARK_ID).update(count=outside + 1)
        _remember(mark.identity, outside + 1)


def _mark() -> DatabaseMark:
    return DatabaseMark.objects.get_or_create(pk=MARK_ID)[0]


# The copies outside the database


def _paths() -> list[Path]:
    return [Path(settings.VAR_DIR) / FILE_NAME, *([Path(settings.MARK_FILE)] if settings.MARK_FILE else [])]


def _outside(identity: UUID) -> int:
    """Return the highest counter value of all copies, 0 if there is none."""
    return max(_in_redis(identity), *(_in_file(path).get(str(identity), 0) for path in _paths()))


def _in_file(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
        return {str(name): int(count) for name, count in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        logger.warning("the copy of the database's mark cannot be read; it is written anew")
        return {}


def _in_redis(identity: UUID) -> int:
    if not settings.REDIS_URL:
        return 0
    try:
        return int(cache.get(_key(identity)) or 0)
    except Exception:
        # Redis cannot be reached: the file alone decides.
        return 0


def _key(identity: UUID) -> str:
    return f"database-mark:{identity}"


def _remember(identity: UUID, count: int) -> None:
    """Write all copies; a failure is logged and does not stop calling, because one copy is enough."""
    for path in _paths():
        _write(path, identity, count)
    if settings.REDIS_URL:
        try:
            cache.set(_key(identity), count, None)
        except Exception as error:
            logger.warning("the copy of the database's mark cannot be kept in Redis: %s", type(error).__name__)


def _write(path: Path, identity: UUID, count: int) -> None:
    known = _in_file(path)
    known.pop(str(identity), None)
    kept = dict([*known.items(), (str(identity), count)][-KEPT:])
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".database-mark-")
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
        os.replace(name, path)
    except OSError as error:
        logger.warning("the copy of the database's mark cannot be written: %s", error.strerror)
