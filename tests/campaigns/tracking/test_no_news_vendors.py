"""What each vendor may do at the end of a call, over HTTP: nothing of it keeps a line and a campaign for ever."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign
from campaigns.reports import progress
from providers.models import Provider
from providers.sandbox import engine
from providers.sandbox.wire import bitel
from tests.campaigns.conftest import Sandbox
from tests.campaigns.tracking.time_passed import pass_time
from tests.conftest import ALL_DAY, make_campaign, make_contact

Run = Callable[..., None]
VENDORS = ("bitel", "unleashx", "bolna", "voicy", "vocode")
HOUR = datetime.timedelta(hours=1)


class Desk:
    """A provider with one line, and a campaign of two people whose first call never ends."""

    def __init__(self, provider: Provider, dial: Run, read_back: Run) -> None:
        self.provider, self._dial, self._read_back = provider, dial, read_back
        Provider.objects.filter(pk=provider.pk).update(max_lines=1, max_call_seconds=60)
        provider.refresh_from_db()
        self.campaign = make_campaign(
            provider=provider, agent=provider.agent_set.first(), voice=provider.voice_set.first(),
            caller_id=provider.callerid_set.first(), status="running", is_filled=True, budget=100,
            max_attempts=3, retries={"failed": [0], "no_answer": [60]}, **ALL_DAY,
        )  # fmt: skip
        self.key = provider.secrets.open()["api_key"]

    def call(self, last: str, seconds_due: int = 0) -> Call:
        backend = self.provider.backend_class
        number = f"+98912000{last}" if self.provider.vendor == "bitel" else f"+1202555{last}"
        return Call.objects.create(
            provider=self.provider, campaign=self.campaign, to_number=number, contact=make_contact(phone=number),
            agent=self.provider.agent_set.first(), due_at=timezone.now() + datetime.timedelta(seconds=seconds_due),
            voice=self.provider.voice_set.first() if "voice" in backend.message_kinds else None,
            caller_id=self.provider.callerid_set.first() if backend.accepts_caller_id else None,
        )  # fmt: skip

    def use_key(self, key: str) -> None:
        self.provider.secrets = {**self.provider.secrets.open(), "api_key": key}  # type: ignore[assignment]
        self.provider.save()

    def dial(self, call: Call) -> None:
        self._dial(1)
        call.refresh_from_db()

    def read(self, call: Call) -> None:
        Call.objects.filter(pk=call.pk).update(next_poll_at=timezone.now())
        self._read_back(1)
        call.refresh_from_db()

    @property
    def reserved(self) -> Decimal:
        return Campaign.objects.get(pk=self.campaign.pk).reserved_cost


CASES = [
    *((vendor, "lost") for vendor in VENDORS),
    *((vendor, "strange_word") for vendor in VENDORS),
    ("bitel", "own_unknown"),
    ("vocode", "never_ends"),
]
NUMBERS = {"lost": "9901", "strange_word": "9914", "own_unknown": "9914", "never_ends": "9915"}


@pytest.mark.parametrize(("vendor", "kind"), CASES)
def test_nothing_that_a_vendor_does_keeps_a_line_and_a_campaign_for_ever(
    vendor: str, kind: str, sandbox: Sandbox, dial: Run, read_back: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    switches = {"list_lag_seconds": 0, "echo_reference": True}
    requests.post(f"{sandbox.server.origin}/_control/switches", json=switches, timeout=60).raise_for_status()
    if kind == "own_unknown":
        # Its word for what it lost sight of itself, with the code of its pages.
        monkeypatch.setitem(bitel.WORDS, engine.STRANGE, ("UNKNOWN", 20))
    desk = Desk(sandbox.provider(vendor), dial, read_back)
    first = desk.call(NUMBERS[kind])
    desk.dial(first)
    assert first.status in {"queued", "dialing", "ringing", "in_progress"}
    assert desk.reserved > 0
    if kind == "lost":
        # The key of another account, which knows no such call: 404, or a list without it, for ever.
        desk.use_key(desk.key + "-of-another-account")
    else:
        for _round in range(3):
            desk.read(first)
    second = desk.call("9901" if kind != "lost" else "9902")
    desk.dial(second)
    assert second.status == "pending", "the one line is taken"
    status = first.status
    pass_time(first, 60 * datetime.timedelta(seconds=1) / 20)
    desk.read(first)
    assert first.status == status, "the longest call is not over yet"
    pass_time(first, 2 * HOUR)
    desk.read(first)
    assert (first.status, first.failure_reason) == ("failed", "no_news")
    assert first.events.filter(code="no_news", from_status=status).exists()
    assert desk.reserved == 0
    # Its line is free: another person is called, and this one never again by itself.
    Call.objects.filter(pk=second.pk).update(due_at=timezone.now())
    desk.dial(second)
    for _round in range(4):
        if not second.is_final:
            desk.read(second)
    assert second.status in {"completed", "busy"}
    assert sandbox.dials_of(first.to_number) == sandbox.dials_of(second.to_number) == 1
    assert not Call.objects.filter(contact=first.contact, attempt=2).exists()
    # The campaign ends beside it, and says what is open.
    lifecycle.finish_done_campaigns()
    desk.campaign.refresh_from_db()
    assert desk.campaign.status == "finished"
    assert progress.measure(desk.campaign).to_decide == 1
    if kind == "lost":
        # Later news joins: the right key is back.
        desk.use_key(desk.key)
        Call.objects.filter(pk=first.pk).update(placing_at=timezone.now() - HOUR / 30)
        desk.read(first)
        assert (first.status, first.failure_reason, first.no_news_at) == ("completed", "", None)
        assert progress.measure(desk.campaign).to_decide == 0
