"""Many writers and many sealers at once: every row is chained once, whatever was rolled back or committed late."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from callcenter.audit import sealing, verifying
from callcenter.audit.models import AuditEvent, AuditLink, record

WRITERS, SEALERS, ROWS = 3, 2, 12


class RolledBack(Exception):
    """Ends a transaction without a commit, which leaves a gap in the ids on PostgreSQL."""


def test_writers_and_sealers_do_not_disturb_each_other(for_threads: None) -> None:
    failures: list[BaseException] = []
    writing = threading.Event()

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def write() -> None:
        for number in range(ROWS):
            try:
                with transaction.atomic():
                    record(None, "import.saved", None, rows=number)
                    if number % 4 == 3:
                        raise RolledBack
            except RolledBack:
                pass

    def seal() -> None:
        while not writing.is_set():
            sealing.seal_new()

    writers = [threading.Thread(target=guarded, args=(write,)) for _ in range(WRITERS)]
    sealers = [threading.Thread(target=guarded, args=(seal,)) for _ in range(SEALERS)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    report = verifying.verify_all()
    assert report.faults == []
    assert report.rows == WRITERS * ROWS * 3 // 4
    assert AuditLink.objects.count() == AuditEvent.objects.count()


@pytest.mark.django_db
def test_a_row_that_commits_late_is_chained_later(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(None, "import.saved", None, rows=number) for number in range(3)]
    held = rows[1]
    unchained = sealing._unchained
    with monkeypatch.context() as patch:
        # As another transaction's row looks before its commit.
        patch.setattr(
            sealing, "_unchained", lambda after, most: [pk for pk in unchained(after, most + 1) if pk != held.pk]
        )
        assert sealing.seal_new() == 2
    assert sealing.seal_new() == 1
    order = list(AuditLink.objects.order_by("seq").values_list("event_id", flat=True))
    assert order == [rows[0].pk, rows[2].pk, held.pk]
    assert verifying.verify_all().is_whole


@pytest.mark.django_db
def test_a_row_that_commits_very_late_is_chained_by_the_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LATE", 0)
    late = record(None, "import.saved", None, rows=0)
    newer = record(None, "import.saved", None, rows=1)
    unchained = sealing._unchained
    with monkeypatch.context() as patch:
        patch.setattr(
            sealing, "_unchained", lambda after, most: [pk for pk in unchained(after, most + 1) if pk == newer.pk]
        )
        sealing.seal_new()
    assert sealing.seal_new() == 0
    report = verifying.verify_all()
    assert report.is_whole
    assert any("committed very late" in note for note in report.notes)
    assert AuditLink.objects.filter(event_id=late.pk).exists()


@pytest.mark.django_db
def test_nothing_new_costs_one_look(django_assert_max_num_queries: object) -> None:
    record(None, "import.saved", None, rows=0)
    sealing.seal_new()
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        assert sealing.seal_new() == 0
