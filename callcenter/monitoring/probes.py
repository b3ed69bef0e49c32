"""Probes: /livez, for load balancers (this process answers), and /readyz, for monitoring (all of it works).

/healthz is the former name of /livez.
"""

from __future__ import annotations

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

DISK_FULL_MB = 50
"""With less free space uploads, and SQLite itself, are about to fail; `doctor` warns far earlier."""


class NotWell(Exception):
    """Raised by a check; the text says what is wrong, for those with the token."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of /readyz. `look` returns what there is to say and raises, `NotWell` or anything, where it fails."""

    name: str
    look: Callable[[], str]


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
    work = hosts.standing()
    if work.is_alive:
        return f"alive: {', '.join(sorted(host.name for host in work.hosts if host.is_alive))}"
    last = "never" if work.silent_for is None else f"{work.silent_for:.0f} s ago"
    raise NotWell(f"No worker lives; last heartbeat {last}. Start one: manage.py worker")


CHECKS = (
    Check("database", database),
    Check("migrations", migrations),
    Check("redis", redis),
    Check("disk", disk),
    # A sign that says "well" while nobody is called is worse than none. A load balancer asks /livez: the pages, and
    # "Stop all calls" among them, must stay within reach just when the background work misbehaves.
    Check("heartbeat", heartbeat),
)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that this process answers; it asks nobody else, so that a broken database restarts no web server."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 where every check passes, else 503, with each check's result.

    The status is `ok` or `not ready`. The version and what each check says are for those with METRICS_TOKEN.
    """
    results = [(check, *_result(check)) for check in CHECKS]
    is_ready = all(is_well for _check, is_well, _said in results)
    body: dict[str, object] = {
        "status": "ok" if is_ready else "not ready",
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
