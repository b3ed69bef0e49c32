"""The restore guard: detects a restored backup, and freezes calling until the vendors' lists have been compared.

A restored database lacks the calls placed since its backup, and would dial those people again. So the database holds a
counter that only rises, with a copy outside it: in a file below VAR_DIR, and in Redis if there is one. The copy is
written after the counter's commit, so it is ahead of the database only if the database went back in time. A missing
copy proves nothing and is written again: a new machine, a second host or a flushed Redis does not freeze calling.
"""

from __future__ import annotations

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
from django.db import transaction
from django.utils.translation import gettext as _

from callcenter.audit.models import record
from campaigns.core import stop_all
from campaigns.models import DatabaseMark
from providers.models import Provider

logger = logging.getLogger(__name__)

Actor = AbstractBaseUser | AnonymousUser | None
MARK_ID = 1
FILE_NAME = "database-mark.json"
KEPT = 20
"""Most databases whose counter one file keeps; a test run creates many databases."""


def watch() -> bool:
    """Raise the counter by one, and freeze all calling if a copy is ahead of it; returns whether one was."""
    mark = _mark()
    outside = _outside(mark.identity)
    is_restored = False
    with transaction.atomic():
        count = DatabaseMark.objects.select_for_update().get(pk=MARK_ID).count
        if count < outside:
            is_restored = True
        else:
            DatabaseMark.objects.filter(pk=MARK_ID).update(count=count + 1)
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


def _mark() -> DatabaseMark:
    return DatabaseMark.objects.get_or_create(pk=MARK_ID)[0]


# The copies outside the database


def _path() -> Path:
    return Path(settings.VAR_DIR) / FILE_NAME


def _outside(identity: UUID) -> int:
    """Return the highest counter value of all copies, 0 if there is none."""
    return max(_in_file().get(str(identity), 0), _in_redis(identity))


def _in_file() -> dict[str, int]:
    try:
        found = json.loads(_path().read_text())
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
    """Write both copies; a failure is logged and does not stop calling, because one copy is enough."""
    known = _in_file()
    known.pop(str(identity), None)
    kept = dict([*known.items(), (str(identity), count)][-KEPT:])
    try:
        descriptor, name = tempfile.mkstemp(dir=settings.VAR_DIR, prefix=".database-mark-")
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
        os.replace(name, _path())
    except OSError as error:
        logger.warning("the copy of the database's mark cannot be written: %s", error.strerror)
    if settings.REDIS_URL:
        try:
            cache.set(_key(identity), count, None)
        except Exception as error:
            logger.warning("the copy of the database's mark cannot be kept in Redis: %s", type(error).__name__)
