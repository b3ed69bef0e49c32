"""What is older than the settings say is cleared in small batches and counted; sums in reports stay true."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from campaigns.core.installation_changes import change_settings
from campaigns.models import Call, CallEvent, CallTally, CallTranscript, ClearedRows, TranscriptWords
from campaigns.privacy import retention
from campaigns.reports import rollups
from providers.models import ProviderExchange
from tests.conftest import make_call, make_campaign, make_provider

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def ago(days: float) -> datetime.datetime:
    return NOW - datetime.timedelta(days=days)


def talked(days: float, **fields: Any) -> Call:
    at = ago(days)
    call = make_call(provider=PROVIDERS[0], status="completed", talk_seconds=30, answered_by="human", **fields)
    Call.objects.filter(pk=call.pk).update(
        changed_at=at, created_at=at, placing_at=at, ended_at=at, recording_available=True, extracted={"city": "Rey"}
    )
    transcript = CallTranscript.objects.create(call=call, text="hello", turns=["hello"], summary="they said hello")
    TranscriptWords.objects.create(call=call, transcript=transcript, words="hello")
    CallEvent.objects.create(call=call, at=at, source="vendor", code="ended")
    return call


PROVIDERS: list[Any] = []


@pytest.fixture(autouse=True)
def provider(db: None) -> None:
    PROVIDERS[:] = [make_provider()]


def test_each_kind_goes_at_its_time_and_leaves_evidence() -> None:
    old, middle, new = talked(2_000), talked(100), talked(10)
    rollups.keep_sums(NOW)
    ProviderExchange.objects.create(provider=PROVIDERS[0], at=ago(400), what="poll")
    done = retention.clear_old(NOW)
    assert list(Call.objects.order_by("pk").values_list("pk", flat=True)) == [middle.pk, new.pk]
    assert list(CallTranscript.objects.values_list("call", flat=True)) == [new.pk]
    assert list(TranscriptWords.objects.values_list("call", flat=True)) == [new.pk]
    assert list(Call.objects.order_by("pk").values_list("recording_available", "extracted")) == [
        (False, {}), (True, {"city": "Rey"}),
    ]  # fmt: skip
    assert not ProviderExchange.objects.exists()
    assert not CallEvent.objects.filter(call=old.pk).exists()
    kept = {one.kind: one.rows for one in ClearedRows.objects.all()}
    assert kept == {"conversations": 2, "calls": 1, "logs": 1}
    assert done["calls"] == 1
    # Nothing is left to do, and nothing is counted twice.
    retention.clear_old(NOW)
    assert {one.kind: one.rows for one in ClearedRows.objects.all()} == kept


def test_sums_stay_true_when_calls_of_their_quarter_are_gone() -> None:
    talked(2_000)
    rollups.keep_sums(NOW)
    # News of another call of the same quarter, and a rebuild, both after the first is gone.
    late = talked(2_000)
    Call.objects.filter(pk=late.pk).update(changed_at=NOW)
    rollups.keep_sums(NOW)
    before = list(CallTally.objects.order_by("quarter").values_list("quarter", "sent", "talked"))
    assert before[0][1:] == (2, 2)
    retention.clear_old(NOW)
    assert Call.objects.count() == 1
    rollups.keep_sums(NOW)
    rollups.rebuild(NOW)
    assert list(CallTally.objects.order_by("quarter").values_list("quarter", "sent", "talked")) == before


def test_calls_that_are_not_summed_or_not_over_stay() -> None:
    talked(2_000)
    retention.clear_calls(ago(1_826))
    assert Call.objects.count() == 1, "its sum is not kept yet"
    rollups.keep_sums(NOW)
    Call.objects.update(status="unknown")
    retention.clear_calls(ago(1_826))
    assert Call.objects.count() == 1


def test_calls_stay_while_their_campaign_stays_open() -> None:
    call = talked(2_000)
    campaign = make_campaign(status="paused", is_living=True)
    Call.objects.filter(pk=call.pk).update(campaign=campaign, placing_at=None)
    retention.clear_calls(ago(1_826))
    assert Call.objects.exists(), "by it the campaign knows whom it has called"
    campaign.status = "finished"
    campaign.save()
    retention.clear_calls(ago(1_826))
    assert not Call.objects.exists()


def test_a_run_is_bounded_in_rows_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        talked(100)
    assert retention.clear_conversations(ago(90)) == 2
    assert CallTranscript.objects.count() == 3
    retention.clear_old(NOW, seconds=0)
    assert CallTranscript.objects.count() == 3
    retention.clear_old(NOW)
    assert not CallTranscript.objects.exists()


def test_a_conversation_of_a_call_that_waited_long_is_kept() -> None:
    waited = talked(100)
    retention.clear_old(NOW)
    assert not CallTranscript.objects.exists()
    # The next call was asked for before that one, and took place after it.
    CallTranscript.objects.create(call=waited, text="again")
    Call.objects.filter(pk=waited.pk).update(changed_at=ago(5))
    retention.clear_old(NOW)
    assert CallTranscript.objects.count() == 1


def test_sessions_and_failed_tasks_are_cleared_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number, days in enumerate((40, 40, 40, -1)):
        Session.objects.create(session_key=f"s{number}", session_data="x", expire_date=ago(days))
        apps.get_model("django_q.Task")._base_manager.create(
            id=f"{number:032d}", name="t", func="f", started=ago(days), stopped=ago(days), success=False
        )
    assert retention.clear_sessions(NOW) == 2
    retention.clear_old(NOW)
    assert Session.objects.count() == 1
    # The one that is left has not ended: it is not the oldest of those that have.
    assert next(one for one in retention.standings(NOW) if one.kind.key == "sessions").oldest is None
    assert apps.get_model("django_q.Task")._base_manager.count() == 1


def test_a_shorter_setting_says_first_what_would_go(admin_person: User) -> None:
    talked(50)
    talked(10)
    would = retention.would_go([("keep_conversation_days", 30), ("keep_call_days", 3_000)], NOW)
    assert [(kind.key, rows) for kind, rows in would] == [("conversations", 1)]
    change_settings({"keep_conversation_days": 30}, admin_person)
    retention.clear_old(NOW)
    assert CallTranscript.objects.count() == 1
    standing = {one.kind.key: one for one in retention.standings(NOW)}
    assert standing["conversations"].days == 30
    assert standing["conversations"].due == 0
    assert standing["conversations"].last is not None
    assert standing["conversations"].last.rows == 1
