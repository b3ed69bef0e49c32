"""Removes rows that are older than the setting says, by the one door that the triggers leave, and records it."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import transaction

from callcenter.audit import sealing, verifying
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal, record

ROWS_A_RUN = 2_000
"""Rows that one run removes at most."""


def remove_old(now: datetime.datetime) -> int:
    """Remove rows that were sealed before the setting's years; returns how many.

    A signed checkpoint takes their place, so that the rest of the chain can be verified. Nothing is removed while the
    log is not whole: it would be evidence.
    """
    before = now - datetime.timedelta(days=365 * settings.AUDIT_KEEP_YEARS)
    with transaction.atomic(durable=True):
        watch = sealing.watch_under_lock()
        first = AuditLink.objects.order_by("seq").values_list("seq", flat=True).first()
        if watch.problem or first is None:
            return 0
        # Always to a seal: what it says is what the checkpoint says.
        old = AuditSeal.objects.filter(kind=AuditSeal.Kind.SEAL, at__lt=before, seq__gte=first)
        near = old.filter(seq__lt=first + ROWS_A_RUN).order_by("-seq").first() or old.order_by("seq").first()
        if near is None or not _is_whole_until(near.seq):
            return 0
        return _remove(near, before)


def _is_whole_until(through: int) -> bool:
    report = verifying.Report()
    seq, digest = verifying.base(report)
    while seq < through and (done := verifying.verify_piece(report, seq, digest)) is not None:
        seq, digest = done
    return report.is_whole


def _remove(seal: AuditSeal, before: datetime.datetime) -> int:
    sealing.put_seal(seal.seq, seal.digest, kind=AuditSeal.Kind.CHECKPOINT)
    links = AuditLink.objects.filter(seq__lte=seal.seq)
    # By raw statements: nothing points at these rows, and the triggers look at each.
    removed = AuditEvent.objects.filter(pk__in=list(links.values_list("event_id", flat=True)))
    count = int(removed._raw_delete(removed.db))
    links._raw_delete(links.db)
    older = AuditSeal.objects.filter(seq__lt=seal.seq)
    older._raw_delete(older.db)
    record(None, "audit.rows_removed", None, rows=count, before=before.date().isoformat(), through=seal.seq)
    return count
