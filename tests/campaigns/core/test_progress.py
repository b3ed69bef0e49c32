"""Long tasks tell of each round, and leave off where the worker is asked to end; all goes on with the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from campaigns import queue
from campaigns.contacts.importing.saved import saving
from campaigns.core import progress
from campaigns.dialing import dispatcher
from campaigns.tracking import polling


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    yield
    progress.disconnect()


def test_without_a_worker_nobody_listens() -> None:
    assert not progress.tell()


@pytest.fixture
def asked_in_round() -> Callable[[int], list[int]]:
    """Hand out what lets the worker be asked to end at the n-th round; returns the rounds as they come."""

    def ask(last: int) -> list[int]:
        rounds: list[int] = []

        def listen() -> bool:
            rounds.append(len(rounds) + 1)
            return len(rounds) >= last

        progress.connect(listen)
        return rounds

    return ask


def test_a_dispatch_slice_leaves_off_and_the_rest_is_left_to_the_next(
    asked_in_round: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(dispatcher.DispatchSlice, "round", lambda _slice: True)
    rounds, nudges = asked_in_round(3), []
    took = dispatcher.run_slice(on_placed=lambda: None, on_remaining=lambda: nudges.append(1), seconds=20)
    assert (rounds, nudges) == ([1, 2, 3], [1])
    assert took.total_seconds() < 10


def test_a_poll_slice_leaves_off_and_the_rest_is_left_to_the_next(
    asked_in_round: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(polling.PollSlice, "round", lambda _slice: True)
    rounds = asked_in_round(3)
    assert polling.run_slice(20)
    assert rounds == [1, 2, 3]


def test_an_import_leaves_off_and_rings_for_the_rest(
    asked_in_round: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    from campaigns.models import ContactImport

    class People:
        def people(self) -> Iterator[int]:
            return iter(range(100))

    record = ContactImport.objects.create(status="saving", original_name="people.csv")
    saved, rung = [], []
    monkeypatch.setattr(saving.Reader, "of", lambda _record: People())
    monkeypatch.setattr(saving, "batches", lambda people: ([one] for one in people))
    monkeypatch.setattr(saving, "_save_batch", lambda _record, _reader, batch, _done: saved.extend(batch) or True)
    monkeypatch.setattr(queue, "nudge_import", rung.append)
    asked_in_round(3)
    assert not saving.save_import(record.pk)
    assert (saved, rung) == ([0, 1, 2], [record.pk])
