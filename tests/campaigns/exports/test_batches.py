"""Rows in batches of columns are what Django's own `values()` gives."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from campaigns.exports import batches
from campaigns.exports.batches import batches_of
from campaigns.models import Call
from tests.conftest import make_call, make_campaign, make_contact

NAMES = [
    "pk", "reference", "created_at", "placing_at", "cost", "currency", "extracted", "talk_seconds", "to_number",
    "contact__name", "campaign__name", "review__score", "owner__username",
]  # fmt: skip


@pytest.mark.django_db
def test_rows_are_those_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZE", 2)
    at = datetime.datetime(2026, 5, 5, 8, 30, 1, 250, tzinfo=datetime.UTC)
    make_call(contact=make_contact(name="x"), placing_at=at, cost=Decimal("0.035"), extracted={"a": [1, None]})
    make_call(campaign=make_campaign(name="Spring"), placing_at=at.replace(microsecond=0), talk_seconds=0)
    make_call()
    found = Call.objects.order_by("-pk")
    read = list(batches_of(found, NAMES))
    assert [batch.size for batch in read] == [2, 1]
    assert [row for batch in read for row in batch.rows] == list(found.values(*NAMES))
    assert read[0].row(1, ["placing_at", "extracted"]) == {"placing_at": at.replace(microsecond=0), "extracted": {}}
    assert list(batches_of(Call.objects.none(), NAMES)) == []
