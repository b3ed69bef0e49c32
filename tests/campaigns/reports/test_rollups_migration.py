"""The migration after which sums count each call under one result: kept ones are counted again, nothing else goes."""

from __future__ import annotations

import datetime
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from campaigns.models import Call, CallTally, TallyMark
from campaigns.reports import rollups
from tests.conftest import make_call

RESULTS = import_module("campaigns.migrations.0020_results_of_calls")

pytestmark = pytest.mark.django_db


@pytest.mark.one_engine
def test_kept_sums_are_counted_again() -> None:
    left = timezone.now() - datetime.timedelta(hours=5)
    made = make_call(status="failed", talk_seconds=40, placing_at=left)
    quarter = rollups.quarter_of(left)
    # As before: under no result, though somebody talked.
    none = dict.fromkeys(("no_answer", "busy", "failed", "canceled", "talked", "machine"), 0)
    CallTally.objects.create(quarter=quarter, provider_id=made.provider_id, attempt=1, sent=1, silent=1, **none)
    TallyMark.objects.create(pk=1, through=quarter + 1, looked_at=timezone.now())
    # Its tables are still those of the models: with them it is asked itself, without going back 60 files and on again.
    RESULTS.count_again(apps, SimpleNamespace(connection=connection))
    assert not CallTally.objects.exists()
    assert not TallyMark.objects.exists()
    assert Call.objects.get().pk == made.pk
    # The minute job counts them anew, after the meaning that holds now.
    assert rollups.keep_sums() > 0
    tally = CallTally.objects.get()
    assert (tally.sent, tally.talked, tally.failed, tally.silent) == (1, 1, 0, 0)
