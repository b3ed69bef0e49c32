"""The database refuses changes and removals of the audit log, and lets retention through its one door."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from callcenter.audit import retention, sealing, triggers, verifying
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal, record

pytestmark = pytest.mark.django_db

REFUSED = [
    "UPDATE audit_auditevent SET action = 'x'",
    "DELETE FROM audit_auditevent",
    "UPDATE audit_auditlink SET digest = 'x'",
    "DELETE FROM audit_auditlink",
    "UPDATE audit_auditseal SET kind = 'checkpoint'",
    "DELETE FROM audit_auditseal",
]
ON_SQLITE = [
    f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    for table in ("audit_auditevent", "audit_auditlink", "audit_auditseal")
]
ON_POSTGRESQL = [f"TRUNCATE {table}" for table in ("audit_auditevent", "audit_auditlink", "audit_auditseal")]


def test_changes_and_removals_are_refused() -> None:
    record(None, "list.made")
    sealing.seal_new()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # What a transaction still has to check keeps its tables from being truncated anyhow.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    statements = REFUSED + (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)
    for statement in statements:
        with pytest.raises(DatabaseError, match=triggers.REFUSAL), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEvent.objects.get().action == "list.made"


def test_they_are_created_again_after_a_table_was_rebuilt() -> None:
    triggers.remove(connection)
    assert len(triggers.missing(connection)) == 9
    triggers.install(connection)
    assert not triggers.missing(connection)


def aged(years: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal what follows as if it were so many years ago."""
    ago = timezone.now() - datetime.timedelta(days=366 * years)
    monkeypatch.setattr(sealing.timezone, "now", lambda: ago)


def test_retention_removes_what_is_old_and_leaves_a_whole_log(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for years in (7, 6, 1):
        with monkeypatch.context() as patch:
            aged(years, patch)
            for number in range(3):
                record(None, "import.saved", None, rows=number)
            sealing.seal_new()
    now = timezone.now()
    assert retention.remove_old(now) == 6
    assert retention.remove_old(now) == 0
    assert AuditLink.objects.order_by("seq").first().seq == 7  # type: ignore[union-attr]
    report = verifying.verify_all()
    assert report.is_whole, report.faults
    assert "removed by retention" in report.notes[0]
    event = AuditEvent.objects.get(action="audit.rows_removed")
    assert event.detail["rows"] == 6
    with pytest.raises(DatabaseError, match=triggers.REFUSAL), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk)._raw_delete("default")


def test_retention_can_remove_all_and_the_chain_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        aged(7, patch)
        record(None, "list.made")
        sealing.seal_new()
    assert retention.remove_old(timezone.now()) == 1
    report = verifying.verify_all()
    assert report.is_whole, report.faults
    assert [link.seq for link in AuditLink.objects.all()] == [2]


def test_retention_removes_nothing_of_a_log_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        aged(7, patch)
        record(None, "list.made")
        sealing.seal_new()
    with triggers.away(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET action = 'list.removed'")
    assert retention.remove_old(timezone.now()) == 0
    assert not AuditSeal.objects.filter(kind=AuditSeal.Kind.CHECKPOINT).exists()
