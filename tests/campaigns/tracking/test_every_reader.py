"""Every reader of a provider at once, at the vendors' simulator: together they keep one cap."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.calls import recordings
from campaigns.dialing import circuit_breaker
from campaigns.models import Call, CallHint, StopRequest
from campaigns.tracking import hang_up, polling, reconciliation_sweep, vendor_stops, webhooks
from providers.client import reads
from providers.client.client import HttpClient
from providers.models import Provider
from providers.services import checking, syncing
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_campaign, make_list
from tests.simulated_time import BEGIN, SimulatedTime, fullest

CAP = 60


class Readers:
    """All who ask a vendor for anything but an order, each with something to ask."""

    def __init__(self, provider: Provider, person: User) -> None:
        self.provider, self.person = provider, person
        self.open = [self._call(status="in_progress") for _ in range(3)]
        self.ended = self._call(status="completed", ended_at=timezone.now(), changed_at=timezone.now())
        self.queued = self._call(status="queued")
        campaign = make_campaign([make_list(1)], provider=provider, status="stopped", finished_at=timezone.now())
        self.left = self._call(campaign=campaign, status="queued")

    def _call(self, **fields: Any) -> Call:
        now = timezone.now()
        return make_call(
            **{"provider": self.provider, "placing_at": now, "placed_at": now, "remote_id": f"there-{next(COUNT)}"}
            | fields
        )

    def poll(self) -> None:
        Call.objects.filter(pk__in=[call.pk for call in self.open]).update(
            next_poll_at=timezone.now(), status="in_progress"
        )
        polling.run_slice(0.2)

    def sweep(self) -> None:
        reconciliation_sweep.sweep_provider(self.provider.pk)

    def follow(self) -> None:
        CallHint.objects.all().delete()
        CallHint.objects.create(
            provider=self.provider, digest=str(next(COUNT)), remote_id=self.ended.remote_id, state="to_read",
            received_at=timezone.now(),
        )  # fmt: skip
        webhooks.follow_hints()

    def take_back(self) -> None:
        Call.objects.filter(pk=self.left.pk).update(status="queued", rank=30, stop_asked_at=None)
        StopRequest.objects.update_or_create(
            pk=self.left.pk, defaults={"cause": "campaign", "next_try_at": timezone.now(), "closed_at": None}
        )
        vendor_stops.take_back(0.2)

    def hang_up(self) -> None:
        Call.objects.filter(pk=self.queued.pk).update(status="queued", rank=30, ended_at=None)
        hang_up.stop_at_vendor(self.queued.pk, "cancel", self.person)

    def listen(self) -> None:
        with pytest.raises(recordings.RecordingRefusal):
            recordings.open_recording(self.ended, self.person)

    def check(self) -> None:
        checking.check_provider(self.provider.pk)

    def sync(self) -> None:
        syncing.sync_provider(self.provider.pk)

    def probe(self) -> None:
        now = timezone.now()
        Provider.objects.filter(pk=self.provider.pk).update(breaker_opened_at=now, breaker_probe_at=now)
        backend = circuit_breaker.claim_probe(self.provider.pk, now)
        assert backend is not None
        circuit_breaker.ask(backend)


COUNT = itertools.count(1)


def test_all_readers_together_keep_the_cap_and_use_it(
    sandbox: Sandbox, simulated: SimulatedTime, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = Readers(sandbox.provider(reads_per_minute=CAP), manager)
    asked: list[tuple[float, str]] = []
    who = ""

    def noted(method: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any, **named: Any) -> Any:
            asked.append((simulated.at, who))
            return method(*arguments, **named)

        return note

    # Where one request leaves, every try of a read among them.
    monkeypatch.setattr(reads, "carry", noted(reads.carry))
    monkeypatch.setattr(HttpClient, "send_once", noted(HttpClient.send_once))
    monkeypatch.setattr(reads, "_PAUSES_S", (0.01, 0.01, None))
    # Two of the rounds meet a vendor whose every answer is an error: what is tried again counts as well.
    acts = ["poll", "sweep", "follow", "take_back", "hang_up", "listen", "check", "sync", "probe"]
    rounds = 0
    while simulated.at < BEGIN + 180 and rounds < 40:
        if rounds in (2, 4):
            sandbox.server.world.faults.add({"mode": "503", "on": "read", "count": 20})
        for who in acts:
            getattr(readers, who)()
        rounds += 1
    assert {name for _at, name in asked} == set(acts), "one of them asked nothing"
    instants = [at for at, _name in asked]
    assert fullest(instants) <= CAP
    assert sum(at < BEGIN + 180 for at in instants) >= 0.95 * CAP * 3
