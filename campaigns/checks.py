"""System checks at start-up: the queue's timeouts and the database's settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from callcenter import sqlite_files
from campaigns.rules import HTTP_DEADLINE

QUEUE_SETTINGS = {
    "timeout": 90,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "catch_up": False,
    "save_limit": -1,
    "ALT_CLUSTERS": {},
}


@register()
def queue_times_hold(**_: Any) -> list[CheckMessage]:
    """Report queue settings under which a task could run twice, or be killed during a request to a vendor."""
    found = settings.Q_CLUSTER
    wrong = [name for name, value in QUEUE_SETTINGS.items() if found.get(name) != value]
    if found.get("queue_limit") != found.get("workers"):
        wrong.append("queue_limit")
    errors: list[CheckMessage] = []
    if wrong:
        errors.append(
            Error(
                f"Q_CLUSTER: {', '.join(wrong)} must be as the design gives them.",
                hint="Remove the override; other values let a task run twice.",
                id="campaigns.E001",
            )
        )
    if found.get("timeout", 0) <= HTTP_DEADLINE + 30:
        errors.append(Error("Q_CLUSTER: timeout must exceed the HTTP deadline by 30 s.", id="campaigns.E002"))
    return errors


@register(Tags.database)
def database_is_safe(**_: Any) -> list[CheckMessage]:
    """Report database settings that could lose a committed transaction or break forked workers."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3"):
        wanted = ("journal_mode=WAL", "synchronous=FULL")
        start = str(options.get("init_command", "")).replace(" ", "")
        if options.get("transaction_mode") != "IMMEDIATE" or not all(part in start for part in wanted):
            return [Error("SQLite must run with WAL, IMMEDIATE and synchronous=FULL.", id="campaigns.E003")]
    elif options.get("pool"):
        return [
            Error("PostgreSQL must run without psycopg's pool: forked workers share its sockets.", id="campaigns.E004")
        ]
    return []


@register()
def database_files_fit(**_: Any) -> list[CheckMessage]:
    """Report a write-ahead log that belongs to another state of the SQLite file: opening both would mix them."""
    path = sqlite_files.file_of(settings.DATABASES["default"])
    sentence = sqlite_files.misfit(path) if path else ""
    return [Error(sentence, id="campaigns.E005")] if sentence else []
