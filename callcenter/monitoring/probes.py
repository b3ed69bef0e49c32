"""Probes for load balancers and supervisors: /livez (this process answers) and /readyz (it can serve pages).

/healthz is the former name of /livez.
"""

from __future__ import annotations

import datetime
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from callcenter.monitoring.access import has_token
from campaigns.core import hosts
from campaigns.core.clock import DatabaseClock
from campaigns.models import WorkerHost

DISK_FULL_MB = 50
"""With less free space uploads, and SQLite itself, are about to fail; `doctor` warns far earlier."""


class NotWell(Exception):
    """Raised by a check; the text says what is wrong, for those with the token."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of /readyz. `look` returns what there is to say and raises, `NotWell` or anything, where it fails.

    `is_needed`: without it this process cannot serve pages, so that others should be asked instead (503).
    """

    name: str
    look: Callable[[], str]
    is_needed: bool


def database() -> str:
    """Check that the database answers with a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return connection.display_name


def migrations() -> str:
    """Check that no migration of this version is missing."""
    executor = MigrationExecutor(connection)
    if waiting := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
        raise NotWell(f"{waiting} migrations are missing. Run: manage.py migrate")
    return "up to date"


def redis() -> str:
    """Check that Redis keeps what it is given, where it is used."""
    if not settings.REDIS_URL:
        return "not used"
    key = f"readyz:{uuid.uuid4()}"
    cache.set(key, 1, 10)
    if cache.get(key) != 1:
        raise NotWell("Redis answers, but does not keep what it is given.")
    cache.delete(key)
    return "reachable"


def disk() -> str:
    """Check that the data folder can be written and has some space."""
    with tempfile.TemporaryFile(dir=settings.VAR_DIR):
        free = shutil.disk_usage(settings.VAR_DIR).free // 2**20
    if free < DISK_FULL_MB:
        raise NotWell(f"Only {free} MB are free.")
    return f"{free} MB free"


def heartbeat() -> str:
    """Check that some host's worker lives."""
    now = DatabaseClock().now()
    alive = sorted(hosts.living(now).values_list("name", flat=True))
    if alive:
        return f"alive: {', '.join(alive)}"
    last = WorkerHost.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    raise NotWell(f"No worker lives; last heartbeat {_ago(now, last)}. Start one: manage.py worker")


def _ago(now: datetime.datetime, then: datetime.datetime | None) -> str:
    return "never" if then is None else f"{(now - then).total_seconds():.0f} s ago"


CHECKS = (
    Check("database", database, True),
    Check("migrations", migrations, True),
    Check("redis", redis, True),
    Check("disk", disk, True),
    # Told, but no reason for a 503: every web server would say it at once, a proxy would then show nobody anything,
    # and "Stop all calls" must stay within reach just when the background work misbehaves. Alerts tell of it instead.
    Check("heartbeat", heartbeat, False),
)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that this process answers; it asks nobody else, so that a broken database restarts no web server."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 where every needed check passes, else 503, with each check's result.

    The status is `ok`, `degraded` (only what is not needed fails) or `not ready`. The version and what each check says
    are for those with METRICS_TOKEN.
    """
    results = [(check, *_result(check)) for check in CHECKS]
    failed = [check for check, is_well, _said in results if not is_well]
    is_ready = not any(check.is_needed for check in failed)
    body: dict[str, object] = {
        "status": "not ready" if not is_ready else "degraded" if failed else "ok",
        "checks": {check.name: "ok" if is_well else "failed" for check, is_well, _said in results},
    }
    if has_token(request):
        body |= {"version": settings.VERSION, "details": {check.name: said for check, _well, said in results}}
    return JsonResponse(body, status=200 if is_ready else 503)


def _result(check: Check) -> tuple[bool, str]:
    try:
        return True, check.look()
    except NotWell as error:
        return False, str(error)
    except Exception as error:
        # The error's own text may carry an address with its password.
        return False, f"failed ({type(error).__name__})."
