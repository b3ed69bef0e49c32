"""Reading back against small faults, in this process: odd answers, overtaken news, lists that lie."""

from __future__ import annotations

import datetime
import time
from collections import Counter
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from campaigns.core import leases
from campaigns.models import Call, CallTranscript
from campaigns.tracking import call_updates, polling, unknown_calls
from providers import opening
from providers.client.client import HttpClient
from providers.models import Provider
from providers.replies import retry_after
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call
from tests.providers.clients import answer_of
from tests.situations import MINUTE, LostCall, single


@pytest.fixture
def stage(db: None) -> LostCall:
    return LostCall()


def test_news_that_was_overtaken_between_the_look_and_the_write_moves_nothing_back(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = make_call(status="ringing", rank=50, remote_id="call-1", placing_at=timezone.now())
    row = call_updates._row

    def written_late(*arguments: Any) -> Any:
        Call.objects.filter(pk=call.pk).update(status="completed", rank=90)
        return row(*arguments)

    monkeypatch.setattr(call_updates, "_row", written_late)
    news = CallSnapshot(remote_id="call-1", status=CallStatus.IN_PROGRESS, raw_status="in-progress")
    call_updates.merge_news({call.pk: news}, source="poll", now=timezone.now())
    call.refresh_from_db()
    assert (call.status, call.rank) == ("completed", 90)


def test_a_bound_call_is_not_bound_again(stage: LostCall) -> None:
    assert call_updates.bind(stage.lost.pk, "new-1", code="bound", source="list", now=stage.now)
    Call.objects.filter(pk=stage.lost.pk).update(status="failed", rank=82)
    assert not call_updates.bind(stage.lost.pk, "new-2", code="bound", source="list", now=stage.now)
    stage.lost.refresh_from_db()
    assert stage.lost.remote_id == "new-1"


@pytest.mark.parametrize("word", ["COMPLETED ", "a-new-word", "x" * 500])
def test_a_strange_word_is_stored_and_changes_no_state(stage: LostCall, word: str) -> None:
    call = stage.call("ringing", 1, remote_id="call-1")
    news = CallSnapshot(remote_id="call-1", status=None, raw_status=word)
    call_updates.merge_news({call.pk: news}, source="poll", now=stage.now)
    call.refresh_from_db()
    assert (call.status, call.raw_status) == ("ringing", word[:80])
    assert [event.code for event in call.events.all()] == ["strange_word"]


def test_many_repeats_of_one_piece_of_news_are_one_step(stage: LostCall) -> None:
    call = stage.call("ringing", 1, remote_id="call-1")
    news = CallSnapshot(remote_id="call-1", status=CallStatus.COMPLETED, raw_status="completed", talk_seconds=30)
    for _time in range(30):
        call_updates.merge_news({call.pk: news}, source="webhook", now=stage.now)
    call.refresh_from_db()
    assert (call.status, call.talk_seconds) == ("completed", 30)
    assert call.events.count() == 1


def test_a_longer_transcript_replaces_a_shorter_one_and_never_the_other_way(stage: LostCall) -> None:
    call = stage.call("completed", 1, remote_id="call-1")
    for summary in ("Short.", "A much longer summary.", "Mid size."):
        news = CallSnapshot(remote_id="call-1", status=CallStatus.COMPLETED, raw_status="completed", summary=summary)
        call_updates.merge_news({call.pk: news}, source="poll", now=stage.now)
    assert CallTranscript.objects.get(call=call).summary == "A much longer summary."


def test_an_empty_list_proves_nothing_and_is_said_so(stage: LostCall) -> None:
    stage.settle()
    assert (stage.lost.status, stage.lost.absent_looks) == ("unknown", 0)
    assert "looked_not_trusted" in {event.code for event in stage.lost.events.all()}


def test_a_list_that_misses_one_known_call_proves_nothing(stage: LostCall) -> None:
    stage.call("completed", minutes_ago=38, remote_id="known-2")
    for at in (0, 10, 60):
        stage.settle(stage.row(stage.known, "known-1"), at=stage.now + at * MINUTE)
        Call.objects.filter(pk=stage.lost.pk).update(next_poll_at=stage.now)
        assert (stage.lost.status, stage.lost.absent_looks) == ("unknown", 0)


def test_a_read_that_fails_keeps_every_row(sandbox: Sandbox, dial: Callable[..., None]) -> None:
    call = single(sandbox.provider(), "+989121239901")
    dial(0.8)
    sandbox.server.world.faults.add({"mode": "accept_html", "on": "read"})
    call.refresh_from_db()
    before = (call.status, call.rank)
    polling.run_slice(0.8)
    call.refresh_from_db()
    assert (call.status, call.rank) == before
    assert call.next_poll_at
    provider = Provider.objects.get(pk=call.provider_id)
    assert provider.last_error_kind == "UnexpectedResponse"


def test_a_look_that_the_vendor_breaks_decides_nothing(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = single(sandbox.provider(), "+989121239907")
    dial(0.8)
    sandbox.server.world.faults.add({"mode": "500", "on": "read"})
    monkeypatch.setattr(unknown_calls, "conclude", lambda *_arguments: pytest.fail("concluded from a broken list"))
    polling.run_slice(2.5)
    lost.refresh_from_db()
    assert lost.status == "unknown"


@pytest.mark.parametrize(
    ("said", "waits"),
    [("1", 1), ("0.5", 0.5), ("-5", 30), ("1000000000", 3600), ("soon", 30), ("", 30), ("nan", 30), ("inf", 3600)],
)
def test_what_a_vendor_asks_us_to_wait_is_read_in_every_form(said: str, waits: float) -> None:
    assert retry_after(answer_of(429, b"", {"retry-after": said})) == waits


def test_a_date_in_retry_after_is_waited_for() -> None:
    said = format_datetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=90))
    assert 85 <= retry_after(answer_of(429, b"", {"retry-after": said})) <= 90


def test_a_list_that_takes_longer_than_the_slice_is_still_concluded(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every slice would read the long list anew and in vain, and no unknown call would ever be settled."""
    lost = single(sandbox.provider(), "+989121239907")
    dial(0.8)
    look = unknown_calls.look

    def slow_look(*arguments: Any) -> Any:
        time.sleep(2.0)
        return look(*arguments)

    monkeypatch.setattr(unknown_calls, "look", slow_look)
    monkeypatch.setattr(leases, "LEASE", datetime.timedelta(seconds=0.6))
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.2)
    Call.objects.filter(pk=lost.pk).update(next_poll_at=timezone.now())
    polling.run_slice(0.5)
    lost.refresh_from_db()
    assert lost.remote_id


def test_a_look_reads_a_list_once_where_a_call_alone_is_read_from_the_list_as_well(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else fifty unknown calls read all its pages fifty times more, which no slice has the time for."""
    provider = sandbox.provider("unleashx")
    lost = [single(provider, f"+98912{number}9907") for number in range(123, 128)]
    dial(0.8)
    Call.objects.update(next_poll_at=timezone.now())
    plan = unknown_calls.plan_look(provider, timezone.now())
    assert plan is not None
    assert len(plan.unknown) == len(lost)
    asked: list[str] = []
    read = HttpClient.read
    monkeypatch.setattr(HttpClient, "read", lambda client, request: asked.append(request.url) or read(client, request))  # type: ignore[func-returns-value]
    listed = unknown_calls.look(opening.open_backend(provider), plan)
    assert {row.to_number for row in listed.rows} == {call.to_number for call in lost}
    assert max(Counter(asked).values()) <= 2, asked


def test_a_long_list_keeps_no_open_call_from_being_read(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = sandbox.provider()
    single(provider, "+989121239907")
    call = single(provider, "+989121239901")
    dial(0.8)
    Call.objects.update(next_poll_at=timezone.now())
    read: list[str] = []

    def slow_look(*_arguments: Any) -> Any:
        time.sleep(1.5)
        read.append("list")
        return unknown_calls.Listing([])

    monkeypatch.setattr(unknown_calls, "look", slow_look)
    monkeypatch.setattr(call_updates, "merge_news", lambda *_arguments, **_named: read.append("calls"))
    polling.run_slice(0.4)
    assert read[0] == "calls"
    assert call.pk
