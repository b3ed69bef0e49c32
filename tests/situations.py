"""Situations that tests of several folders begin with: a call a person asked for, a leased provider, a lost call."""

from __future__ import annotations

import datetime
import uuid

from django.utils import timezone

from campaigns import rules
from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import CommitResult, commit_calls
from campaigns.models import Call, Campaign, DialingSwitch
from campaigns.tracking import unknown_calls
from providers.models import Agent, Provider
from providers.types import CallSnapshot, CallStatus
from tests.conftest import ALL_DAY, make_agent, make_call, make_campaign, make_contact, make_provider

MINUTE = datetime.timedelta(minutes=1)


def single(provider: Provider, number: str) -> Call:
    """Make a call that a person asked for."""
    return make_call(
        provider=provider,
        to_number=number,
        agent=Agent.objects.filter(provider=provider).first(),
        caller_id=provider.callerid_set.first(),
    )


def fresh(campaign: Campaign) -> Campaign:
    """Read a campaign anew."""
    return Campaign.objects.get(pk=campaign.pk)


class LeasedProvider:
    """A provider whose dispatch lease is ours, with a running campaign."""

    def __init__(self) -> None:
        DialingSwitch.objects.get_or_create(pk=1)
        self.token = uuid.uuid4()
        self.provider: Provider = make_provider(max_lines=10)
        self.campaign = make_campaign(
            provider=self.provider, agent=make_agent(self.provider), variables={"who": "Dear {name}"}, **ALL_DAY
        )
        Campaign.objects.update(status="running", is_filled=True)
        assert leases.take("dispatch", self.provider.pk, self.token, timezone.now())

    def call(self, **fields: object) -> Call:
        """Make a waiting call of the campaign to somebody new."""
        contact = fields.pop("contact", None) or make_contact()
        return make_call(**({"campaign": self.campaign, "contact": contact, "agent": self.campaign.agent} | fields))

    def commit(self, *calls: Call, idle: int = 10) -> CommitResult:
        """Reserve all that is due, pass the commit point with so many idle lines, and read these calls back."""
        ids = reservation.reserve(self.provider.pk, self.token, 100, timezone.now())
        result = commit_calls(self.provider.pk, self.token, ids, idle, DatabaseClock())
        for call in calls:
            call.refresh_from_db()
        return result


class LostCall:
    """One unknown call, one known one placed near it, and the vendor's list."""

    def __init__(self) -> None:
        self.provider: Provider = make_provider()
        self.agent = make_agent(self.provider)
        self.now = timezone.now()
        self.lost = self.call("unknown", minutes_ago=40)
        self.known = self.call("completed", minutes_ago=39, remote_id="known-1")

    def call(self, status: str, minutes_ago: float, **fields: object) -> Call:
        """Make a call that was placed so long ago."""
        placing_at = self.now - minutes_ago * MINUTE
        return make_call(
            **(
                {
                    "provider": self.provider, "agent": self.agent, "status": status,
                    "rank": rules.RANK[CallStatus(status)], "placing_at": placing_at,
                    "deadline_at": placing_at + 1.5 * MINUTE, "next_poll_at": self.now - MINUTE,
                }
                | fields
            )
        )  # fmt: skip

    def row(self, call: Call, remote_id: str, **fields: object) -> CallSnapshot:
        """Return what the vendor's list says of a call."""
        values = {
            "remote_id": remote_id, "to_number": call.to_number, "agent_id": self.agent.remote_id,
            "created_at": call.placing_at, "status": CallStatus.RINGING, "raw_status": "ringing",
        }  # fmt: skip
        return CallSnapshot(**(values | fields))  # type: ignore[arg-type]

    def settle(self, *rows: CallSnapshot, at: datetime.datetime | None = None) -> None:
        """Look once, with this list, and read the lost call back."""
        now = at or self.now
        plan = unknown_calls.plan_look(self.provider, now)
        assert plan is not None
        unknown_calls.conclude(plan, rows, now)
        self.lost.refresh_from_db()
