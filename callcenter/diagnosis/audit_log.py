"""A check of the audit log: is it whole as far as it was verified, is it sealed, does the database refuse changes."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from callcenter.audit import sealing, triggers, verifying
from callcenter.audit.models import AuditLink, AuditWatch
from callcenter.diagnosis.findings import Finding, note, ok, problem

SUBJECT = "Audit log"


def audit_log() -> Iterator[Finding]:
    """Tell what the minute job found, verify the newest piece, and look at the end of the chain and the triggers."""
    watch = AuditWatch.objects.filter(pk=sealing.WATCH_ID).first()
    if watch is not None and watch.problem:
        yield problem(SUBJECT, watch.problem, "Run: manage.py verify_audit")
        return
    report = verifying.Report()
    newest = AuditLink.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    begin = AuditLink.objects.filter(seq=newest - verifying.PIECE).first()
    start = (begin.seq, begin.digest) if begin else verifying.base(report)
    verifying.verify_piece(report, *start)
    verifying.look_around(report)
    if report.faults:
        yield problem(SUBJECT, report.faults[0], "Run: manage.py verify_audit")
    elif gone := triggers.missing(connection):
        yield problem(SUBJECT, f"{len(gone)} triggers are missing.", "Run: manage.py migrate")
    elif report.notes:
        yield note(SUBJECT, " ".join(report.notes))
    else:
        ended = (
            f" All were verified last on {watch.round_ended_at:%Y-%m-%d %H:%M} UTC."
            if watch and watch.round_ended_at
            else ""
        )
        yield ok(SUBJECT, f"{newest} rows are chained, the newest {report.rows} are whole.{ended}")
