"""Notices a restored backup, and freezes calling until the vendors' lists were compared with what it still knows.

A restored database forgets the calls placed since its backup, and would dial those people again. So one count in it
only rises, and a copy of it is kept outside: in a file below VAR_DIR, and in Redis where there is one. The copy is
written after the count's commit, so it can be ahead of the database only where the database went back in time. A copy
that is missing proves nothing and is written anew: a fresh machine, a second host, a flushed Redis freeze nobody.
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
"""So many databases are remembered in one file; a test run makes many."""


def watch() -> bool:
    """Count up, and freeze all calling where the copies outside are ahead; returns whether they were."""
    mark = _mark()
    outside = _outside(mark.identity)
    is_restored = False
    with transaction.atomic():
        count = DatabaseMark.objects.select_for_update().get(pk=MARK_ID).count
        if count < outside:
            is_restored = True
        else:
            DatabaseMark.objects.filter(pk=MARK_ID).update(count=count + 1)
            # Never before the commit: a copy that is ahead of a count that was rolled back would freeze by mistake.
            transaction.on_commit(partial(_remember, mark.identity, count + 1))
    if not is_restored:
        return False
    logger.error("the database is older than its mark: a backup was restored, calling is frozen")
    return freeze_all(_("a backup of the database was restored."), None, beyond=outside)


def freeze_all(reason: str, person: Actor, *, beyond: int = 0) -> bool:
    """Freeze every provider at one instant, behind the gate of all commit points; returns whether anything changed."""
    with transaction.atomic():
        # The gate first, as every commit point takes it: whoever read the old state has committed by then.
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


# The copies outside


def _path() -> Path:
    return Path(settings.VAR_DIR) / FILE_NAME


def _outside(identity: UUID) -> int:
    """Return the highest count that any copy has; 0 where there is none."""
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
        # Without Redis the file alone tells.
        return 0


def _key(identity: UUID) -> str:
    return f"database-mark:{identity}"


def _remember(identity: UUID, count: int) -> None:
    """Write the copies. Whatever fails here is less than calling that stops: a restore is then found by the other."""
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
