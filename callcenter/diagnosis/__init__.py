"""Checks of an installation: each gives findings in words, with the next step where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from callcenter.diagnosis.audit_log import audit_log
from callcenter.diagnosis.calling import (
    calls,
    people,
    readers,
    secrets,
    settings_now,
    stops,
    system_checks,
    vendor_clocks,
    webhooks,
    worker,
    worker_here,
)
from callcenter.diagnosis.findings import Finding, problem
from callcenter.diagnosis.machine import (
    addresses,
    disk,
    environment_file,
    keys,
    mail,
    private,
    shared_memory,
    storage,
    version,
    zones,
)
from callcenter.diagnosis.sizes import table_sizes
from callcenter.diagnosis.tables import clock, database

__all__ = [
    "Finding", "addresses", "audit_log", "calls", "clock", "database", "disk", "environment_file", "examine", "keys",
    "mail", "people", "readers", "secrets", "settings_now", "shared_memory", "stops", "storage", "system_checks",
    "table_sizes", "vendor_clocks", "version", "webhooks", "worker", "worker_here", "zones",
]  # fmt: skip


def examine() -> list[Finding]:
    """Return every finding; checks that need the database are left out where it does not answer."""
    findings = [
        *(
            *version(),
            *keys(),
            *environment_file(),
            *private(),
            *disk(),
            *zones(),
            *addresses(),
            *shared_memory(),
            *mail(),
        ),
    ]
    database_findings = list(database())
    findings += database_findings
    if any(finding.level == "problem" for finding in database_findings):
        return findings
    looks = (
        clock, vendor_clocks, storage, worker, people, readers, secrets, settings_now, stops, calls, webhooks,
        audit_log, table_sizes, system_checks,
    )  # fmt: skip
    for look in looks:
        findings += _guarded(look)
    return findings


def _guarded(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except Exception as error:
        return [
            problem(look.__name__.replace("_", " "), f"could not be examined ({type(error).__name__}).", str(error))
        ]
