"""A log that is not whole is told: by the minute job's alert, the banner, and doctor; a failure of it stops nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from callcenter import diagnosis
from callcenter.audit import sealing, triggers, verifying
from callcenter.audit.models import AuditLink, record
from callcenter.context import audit_log
from campaigns import minute_job
from campaigns.models import Alert

pytestmark = pytest.mark.django_db
BANNER = "The audit log was tampered with."


def look() -> diagnosis.Finding:
    (finding,) = [one for one in diagnosis.examine() if one.subject == "Audit log"]
    return finding


def tampered() -> None:
    record(None, "list.made")
    sealing.seal_new()
    with triggers.away(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET action = 'list.removed'")


def test_the_minute_job_seals_and_tells(client: Client, manager: User, caller: User) -> None:
    record(None, "list.made")
    assert minute_job.sweep()["audit_sealed"] == 1
    assert not Alert.objects.exists()
    assert look().level == "ok"
    tampered()
    minute_job.sweep()
    audit_log.forget()
    alert = Alert.objects.get(kind=Alert.Kind.AUDIT_NOT_WHOLE)
    assert alert.cleared_at is None
    assert (look().level, look().next_step) == ("problem", "Run: manage.py verify_audit")
    client.force_login(manager)
    assert BANNER in client.get("/today/").content.decode()
    client.force_login(caller)
    assert BANNER not in client.get("/today/").content.decode()


def test_the_alert_ends_with_a_whole_verification(manager: User) -> None:
    tampered()
    minute_job.sweep()
    with triggers.away(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET action = 'list.made' WHERE id = 1 OR action = 'list.removed'")
    report = verifying.verify_all()
    assert report.is_whole, report.faults
    verifying.note_verified(report)
    minute_job.sweep()
    assert Alert.objects.get(kind=Alert.Kind.AUDIT_NOT_WHOLE).cleared_at is not None


def test_doctor_finds_what_nobody_verified_yet() -> None:
    tampered()
    assert look().level == "problem"


def test_a_fault_in_the_log_stops_no_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> int:
        raise RuntimeError("no such table")

    monkeypatch.setattr(sealing, "seal_new", broken)
    assert "alerts" in minute_job.sweep()
    minute_job.ring_for_unserved()
    assert not AuditLink.objects.exists()
