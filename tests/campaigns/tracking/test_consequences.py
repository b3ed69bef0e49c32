"""What follows from a wish that the vendor heard: the list, the waiting calls, and a step as evidence."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.utils import timezone

from campaigns.models import Call, CallEvent, DoNotCall
from campaigns.tracking import call_updates
from providers.services.wishes import heard_wishes
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact

Run = Callable[..., None]
NOW = timezone.now()

OLD_SHAPES = {"bolna": {"bolna_nested_answers": False}, "voicy": {"voicy_value_objects": False},
              "unleashx": {"unleashx_wish_words": "DNC"}}  # fmt: skip


def control(sandbox: Sandbox, **switches: Any) -> None:
    requests.post(f"{sandbox.server.origin}/_control/switches", json=switches, timeout=60).raise_for_status()


@pytest.mark.parametrize("is_today", [True, False])
@pytest.mark.parametrize("vendor", ["bolna", "voicy", "unleashx", "vocode"])
def test_no_second_call_leaves_to_who_said_no(
    sandbox: Sandbox, dial: Run, read_back: Run, vendor: str, is_today: bool
) -> None:
    control(sandbox, list_lag_seconds=0, **({} if is_today else OLD_SHAPES.get(vendor, {})))
    provider = sandbox.provider(vendor)
    campaign = make_campaign(
        provider=provider, agent=provider.agent_set.first(), status="running", caller_id=provider.callerid_set.first(),
        quiet_hours=0, is_filled=True, **ALL_DAY,
    )  # fmt: skip
    person = make_contact(phone="+989121239917")
    ours: dict[str, Any] = {"campaign": campaign, "contact": person, "agent": campaign.agent,
                            "caller_id": campaign.caller_id}  # fmt: skip
    call = make_call(**ours)
    dial(2)
    later = make_call(**ours, attempt=2, due_at=timezone.now() + datetime.timedelta(hours=1))
    for _round in range(6):
        read_back(3)
        call.refresh_from_db()
        if call.status in {CallStatus.COMPLETED, CallStatus.FAILED}:
            break
    assert call.status == "completed"
    later.refresh_from_db()
    assert (later.status, later.skip_reason) == ("skipped", "do_not_call")
    Call.objects.filter(pk=later.pk).update(due_at=timezone.now())
    dial(1)
    assert sandbox.dials_of(person.phone) == 1
    assert DoNotCall.objects.get(phone=person.phone).source == DoNotCall.Source.VENDOR
    assert heard_wishes(provider).calls == 1


def news(call: Call, source: str = "poll", now: datetime.datetime | None = None, **told: Any) -> None:
    snapshot = CallSnapshot(remote_id=call.remote_id, raw_status="completed", status=CallStatus.COMPLETED, **told)
    call_updates.merge_news({call.pk: snapshot}, source=source, now=now or NOW)


def test_the_first_hearing_of_a_call_is_its_step(db: None) -> None:
    call = make_call(status="in_progress", rank=60, remote_id="a", placing_at=NOW)
    news(call, talk_seconds=5)
    assert heard_wishes(call.provider).calls == 0
    for source in ("poll", "list", "poll"):
        news(call, source, talk_seconds=5, do_not_call=True)
    events = CallEvent.objects.filter(call=call, code="do_not_call_heard")
    assert [(event.source, event.at) for event in events] == [("poll", NOW)]
    other = make_call(provider=call.provider, status="in_progress", rank=60, remote_id="b", placing_at=NOW)
    later = NOW + datetime.timedelta(hours=1)
    news(other, now=later, talk_seconds=5, do_not_call=True)
    found = heard_wishes(call.provider)
    assert (found.calls, found.last_at) == (2, later)


def test_what_a_person_heard_is_no_evidence_of_the_vendor(db: None) -> None:
    call = make_call(status="completed")
    CallEvent.objects.create(call=call, source="person", code="do_not_call_heard")
    assert heard_wishes(call.provider).calls == 0
    assert heard_wishes(call.provider).last_at is None


def test_the_reason_of_an_end_is_kept_whatever_the_order(db: None) -> None:
    for told in (["agent_hangup", ""], ["", "agent_hangup"]):
        call = make_call(status="in_progress", rank=60, remote_id="a", placing_at=NOW)
        for reason in told:
            news(call, end_reason=reason)
        call.refresh_from_db()
        assert (call.end_reason, call.failure_detail) == ("agent_hangup", "")
