"""The migration after which sums count each call under one result: kept ones are counted again, nothing else goes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from campaigns.models import Call, CallTally, TallyMark
from campaigns.reports import rollups
from tests.conftest import make_call

BEFORE = [("campaigns", "0001_squashed_0019_fewer_indexes_of_calls")]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migrate_on() -> Iterator[Callable[[], object]]:
    """Migrates to the newest tables, also after a test that failed on its way."""

    def migrate() -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    yield migrate
    migrate()


@pytest.mark.one_engine
def test_kept_sums_are_counted_again(migrate_on: Callable[[], object]) -> None:
    left = timezone.now() - datetime.timedelta(hours=5)
    made = make_call(status="failed", talk_seconds=40, placing_at=left)
    quarter = rollups.quarter_of(left)
    MigrationExecutor(connection).migrate(BEFORE)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_calltally (quarter, provider_id, attempt, sent, completed, no_answer, busy, failed,"
            " canceled, talked, machine) VALUES (%s, %s, 1, 1, 0, 0, 0, 1, 0, 0, 0)",
            [quarter, made.provider_id],
        )
        cursor.execute(
            "INSERT INTO campaigns_tallymark (id, through, looked_at) VALUES (1, %s, %s)", [quarter + 1, timezone.now()]
        )
    migrate_on()
    assert not CallTally.objects.exists()
    assert not TallyMark.objects.exists()
    assert Call.objects.get().pk == made.pk
    # The minute job counts them anew, after the meaning that holds now.
    assert rollups.keep_sums() > 0
    tally = CallTally.objects.get()
    assert (tally.sent, tally.talked, tally.failed, tally.silent) == (1, 1, 0, 0)
