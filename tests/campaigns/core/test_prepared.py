"""Queries whose statement is built once give what the query itself gives, at every instant."""

from __future__ import annotations

import datetime

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.core.sql.prepared import IdsAt
from campaigns.models import Call
from tests.conftest import make_call

MINUTE = datetime.timedelta(minutes=1)


def _due(now: datetime.datetime) -> QuerySet[Call, int]:
    return Call.objects.due(now).order_by("pk").values_list("pk", flat=True)


@pytest.mark.django_db
def test_a_statement_that_was_built_once_is_asked_about_every_instant() -> None:
    now = timezone.now()
    first, second = make_call(due_at=now), make_call(due_at=now + MINUTE)
    built = []
    ids = IdsAt(lambda at: built.append(at) or _due(at))  # type: ignore[func-returns-value]
    for instant in (now - MINUTE, now, now + 2 * MINUTE, now):
        assert ids(instant) == list(_due(instant))
    assert ids(now + 2 * MINUTE) == [first.pk, second.pk]
    assert len(built) == 1


@pytest.mark.django_db
def test_a_query_that_forgets_the_instant_is_refused() -> None:
    ids = IdsAt(lambda _at: Call.objects.order_by("pk").values_list("pk", flat=True))
    with pytest.raises(ValueError, match="does not ask about its instant"):
        ids(timezone.now())
