"""Tells how large the tables are that grow, since when their rows are, and what retention has still to clear."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Max, Min
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from callcenter.diagnosis.findings import Finding, note, ok, problem
from campaigns.core.installation import current
from campaigns.models import Call, CallEvent, CallTranscript, Contact, Erasure
from campaigns.privacy import retention
from providers.models import ProviderExchange

LATE = datetime.timedelta(days=7)
"""What should have been cleared so long ago is not cleared at all."""


def _growing() -> list[tuple[str, type[models.Model], str]]:
    """Return name, model and time of the tables that grow."""
    return [
        ("calls", Call, "created_at"), ("steps of calls", CallEvent, "at"), ("transcripts", CallTranscript, ""),
        ("contacts", Contact, "created_at"), ("audit log", AuditEvent, "at"), ("exchanges", ProviderExchange, "at"),
        ("sessions", Session, ""), ("queue results", apps.get_model("django_q.Task"), ""),
    ]  # fmt: skip


def table_sizes() -> Iterator[Finding]:
    """Tell rows and the oldest of each growing table; a problem where retention lags behind or an erasure waits."""
    parts = []
    for name, model, at in _growing():
        rows = _rows(model)
        oldest = model._base_manager.order_by("pk").values_list(at, flat=True).first() if at and rows else None
        parts.append(f"{rows:,} {name}" + (f" since {oldest:%Y-%m-%d}" if oldest else ""))
    yield note("Tables", "; ".join(parts) + ".")
    now = timezone.now()
    for one in retention.standings(now):
        limit = one.kind.limit(now, current()) - LATE
        if one.due and one.kind.old(limit).exists():
            yield problem(
                "Retention", f"{one.kind.label}: at least {one.due:,} rows are older than the settings keep them.",
                "Is a worker running? The minute job clears them.",
            )  # fmt: skip
    waiting = Erasure.objects.filter(done_at=None, asked_at__lt=now - LATE).count()
    if waiting:
        yield problem("Erasures", f"{waiting} wait for a call to end.", "Decide about it under Needs a decision.")
    else:
        yield ok("Erasures", "none waits.")


def _rows(model: type[models.Model]) -> int:
    """Return about how many rows a table has, without reading it whole: the span of its keys, or all of few."""
    if isinstance(model._meta.pk, models.AutoField):
        ends = model._base_manager.aggregate(first=Min("pk"), last=Max("pk"))
        span = (ends["last"] - ends["first"] + 1) if ends["last"] else 0
        if span > retention.COUNTED_UP_TO:
            return int(span)
    return int(model._base_manager.count())
