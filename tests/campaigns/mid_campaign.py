"""A campaign in the middle of which something goes wrong at the vendor, over real HTTP to the simulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import requests
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Call
from providers.models import Dialer
from providers.types import FINAL
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_campaign, make_contact
from tests.waiting import wait_until

Run = Callable[..., None]
PEOPLE, LINES = 12, 4
KIND = {"voicy_call_cost": True, "list_lag_seconds": 0, "echo_reference": True}


class MidCampaign:
    """A campaign of twelve people, of whom four were called before something at the vendor went wrong."""

    def __init__(self, sandbox: Sandbox, vendor: str, dial: Run, read_back: Run, owner: User | None = None) -> None:
        self.sandbox, self.vendor, self.dial, self.read_back = sandbox, vendor, dial, read_back
        self.control("switches", **KIND)
        self.provider = sandbox.provider(vendor, max_lines=LINES)
        backend = self.provider.backend_class
        parts: dict[str, Any] = {
            "agent": self.provider.agent_set.first(),
            "voice": self.provider.voice_set.first() if "voice" in backend.message_kinds else None,
            "caller_id": self.provider.callerid_set.first() if backend.accepts_caller_id else None,
        }
        if vendor == "bitel":
            parts["dialer"] = Dialer.objects.create(provider=self.provider, remote_id="tehran-1", name="Tehran")
        self.campaign = make_campaign(
            provider=self.provider, status="running", is_filled=True, retries={}, max_attempts=1, owner=owner,
            launched_at=timezone.now(), **ALL_DAY, **parts
        )  # fmt: skip
        now = timezone.now()
        for _ in range(PEOPLE):
            person = make_contact()
            Call.objects.create(
                campaign=self.campaign, provider=self.provider, contact=person, to_number=person.phone, due_at=now,
                owner=owner, **parts,
            )  # fmt: skip
        self.later = self.campaign.calls.order_by("-pk")[: PEOPLE - LINES].values_list("pk", flat=True)
        later = list(self.later)
        Call.objects.filter(pk__in=later).update(due_at=now + timezone.timedelta(hours=1))
        self.go_on()
        assert Counter(self.campaign.calls.values_list("status", flat=True))["pending"] == PEOPLE - LINES
        assert len(self.sandbox.dialed) == LINES
        Call.objects.filter(pk__in=later).update(due_at=now)

    def control(self, name: str, **order: Any) -> None:
        requests.post(f"{self.sandbox.server.origin}/_control/{name}", json=order, timeout=60).raise_for_status()

    def spoil(self, **faults: Any) -> None:
        self.control("account", vendor=self.vendor, **faults)

    def go_on(self, rounds: int = 0) -> None:
        """Dial and read until nothing is open any more, for a minute at most, or for so many rounds where some are."""
        if rounds:
            for _ in range(rounds):
                if self._is_settled_after_a_round():
                    return
        else:
            wait_until(self._is_settled_after_a_round, self._open_ones)

    def _is_settled_after_a_round(self) -> bool:
        self.dial(1.0)
        self.read_back(1.5)
        waiting = self.campaign.calls.filter(status="pending", due_at__lte=timezone.now()).exists()
        is_open = self.campaign.calls.exclude(status__in=[*FINAL, "pending"]).exists()
        self.provider.refresh_from_db()
        self.campaign.refresh_from_db()
        can_call = self.campaign.status == "running" and not self.provider.halted_at
        return not is_open and not (waiting and can_call)

    def _open_ones(self) -> str:
        states = Counter(self.campaign.calls.values_list("status", "wait_reason", "failure_reason"))
        return f"calls are open still: {dict(states)}"

    def check_nobody_was_charged(self) -> None:
        """Assert that whoever was not called waits with the first attempt, and that no phone rang meanwhile."""
        rest = self.campaign.calls.filter(pk__in=list(self.later))
        assert {(call.status, call.counted_attempt) for call in rest} == {("pending", 1)}
        assert len(self.sandbox.dialed) == LINES

    def check_all_were_called_once(self) -> None:
        """Assert that each of the twelve was dialled once, in the first attempt, by the vendor's own journal."""
        self.check_all_were_called_once_but_for(0)

    def check_all_were_called_once_but_for(self, without_end: int) -> None:
        """Assert the same, where one call (its id; 0: none) was dialled too and did not end as a call does."""
        dials = Counter(entry["to_number"] for entry in self.sandbox.dialed)
        assert dials == Counter(self.campaign.calls.values_list("to_number", flat=True))
        assert (len(dials), set(dials.values())) == (PEOPLE, {1})
        ended = self.campaign.calls.exclude(pk=without_end)
        assert {(call.status in FINAL, call.attempt, call.failure_reason) for call in ended} == {(True, 1, "")}
