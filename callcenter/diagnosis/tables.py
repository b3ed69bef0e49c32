"""Checks of the database: does it answer, is it up to date, does its clock agree."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from callcenter import sqlite_files
from callcenter.diagnosis.findings import Finding, ok, problem
from campaigns.models import Call, Campaign, Contact
from providers.models import Provider

CLOCK_APART = 2.0


def database() -> Iterator[Finding]:
    """Check that the database answers and has every migration."""
    subject = "Database"
    path = sqlite_files.file_of(settings.DATABASES["default"])
    if path and (sentence := sqlite_files.misfit(path) or sqlite_files.damage(path)):
        yield problem(subject, sentence, "Stop the worker and the web server first.")
        return
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not missing:
            read_rows()
    except DatabaseError as error:
        # The error's own text may carry the address with its password.
        yield problem(
            subject, f"cannot be used ({type(error).__name__}).", "Is it running, and is DATABASE_URL its address?"
        )
        return
    if missing:
        yield problem(subject, f"{len(missing)} changes of its tables are missing.", "Run: manage.py migrate")
    else:
        yield ok(subject, f"{connection.display_name}, up to date.")


def read_rows() -> None:
    """Read the first and the last row of the main tables: a connection alone proves nothing of them."""
    for model in (Provider, Campaign, Contact, Call):
        rows = model._default_manager.defer("secrets") if model is Provider else model._default_manager.all()
        for order in ("pk", "-pk"):
            rows.order_by(order).first()


def clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs((cursor.fetchone()[0] - timezone.now()).total_seconds())
    if apart > CLOCK_APART:
        yield problem(
            "Clock", f"this machine and the database are {apart:.0f} s apart.", "Let both follow a time server."
        )
    else:
        yield ok("Clock", "agrees with the database.")
