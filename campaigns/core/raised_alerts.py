"""Rows of alerts: raised again by a room that found something new, and ended together with their notices."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Alert, Notice


def key_of(alert_id: int) -> str:
    """Return the key of the notices of an alert."""
    return f"alert:{alert_id}"


def end(over: QuerySet[Alert], now: datetime.datetime) -> None:
    """Mark these alerts as ended, and their notices as read: what was not sent yet is not sent any more."""
    ids = list(over.values_list("pk", flat=True))
    if ids:
        with transaction.atomic():
            Alert.objects.filter(pk__in=ids).update(cleared_at=now)
            Notice.objects.filter(key__in=[key_of(pk) for pk in ids], read_at__isnull=True).update(read_at=now)


def raise_again(kind: Alert.Kind, object_type: str, object_id: int, now: datetime.datetime) -> None:
    """Raise an alert for what was just found, even if people were told of an earlier one; that one is over."""
    end(Alert.objects.filter(kind=kind, object_id=object_id, cleared_at__isnull=True), now)
    fresh = Alert(kind=kind, object_type=object_type, object_id=object_id, raised_at=now)
    Alert.objects.bulk_create([fresh], ignore_conflicts=True)
