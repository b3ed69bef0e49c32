"""A provider whose vendor's list is compared with our calls, and that list."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from campaigns import rules
from campaigns.models import Call, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation_sweep
from providers.exceptions import UnexpectedResponse
from providers.lists import IncompleteList
from providers.models import Agent, Provider
from providers.types import CallHandle, CallQuery, CallSnapshot, CallStatus
from tests.conftest import make_agent, make_call, make_provider

MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE


class ListingVendor:
    """A vendor's list, and whether it can be read; rows without a reference tell it when asked one by one."""

    carries_reference = True
    reads_more_alone = True

    def __init__(self) -> None:
        self.rows: list[CallSnapshot] = []
        self.details: dict[str, uuid.UUID] = {}
        self.asked: list[CallQuery] = []
        self.fails = self.has_gap = False
        self.client: Any = None

    def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
        self.asked.append(query)
        if self.fails:
            raise UnexpectedResponse("The list does not come to an end.")
        rows = [row for row in self.rows if row.created_at is None or query.since <= row.created_at <= query.until]
        if self.has_gap:
            raise IncompleteList("1 rows of the list have no id.", rows)
        return rows

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        return [
            CallSnapshot(remote_id=handle.remote_id, reference=self.details[handle.remote_id])
            for handle in handles
            if handle.remote_id in self.details
        ]


class SweptProvider:
    """A provider with one known call, and its vendor's list with that call in it."""

    def __init__(self, vendor: ListingVendor) -> None:
        self.vendor = vendor
        self.now = timezone.now()
        self.provider: Provider = make_provider()
        Provider.objects.filter(pk=self.provider.pk).update(created_at=self.now - 48 * HOUR)
        self.agent: Agent = make_agent(self.provider)
        self.known = self.call("completed", minutes_ago=50, remote_id="known-1")
        self.list(self.known, "known-1")

    def call(self, status: str, minutes_ago: float | None = None, **fields: Any) -> Call:
        placing_at = None if minutes_ago is None else self.now - minutes_ago * MINUTE
        values = {
            "provider": self.provider, "agent": self.agent, "status": status, "rank": rules.RANK[CallStatus(status)],
            "placing_at": placing_at, "deadline_at": placing_at and placing_at + 1.5 * MINUTE,
        }  # fmt: skip
        return make_call(**(values | fields))

    def list(self, call: Call | None, remote_id: str, **fields: Any) -> None:
        values = {
            "remote_id": remote_id, "to_number": call.to_number if call else "+989350001122",
            "agent_id": self.agent.remote_id, "created_at": (call and call.placing_at) or self.now - 45 * MINUTE,
            "status": CallStatus.COMPLETED, "raw_status": "completed",
        }  # fmt: skip
        self.vendor.rows.append(CallSnapshot(**(values | fields)))

    def sweep(self, **when: Any) -> dict[str, int]:
        return reconciliation_sweep.sweep_provider(self.provider.pk, **when)

    @property
    def state(self) -> VendorSweep:
        return VendorSweep.objects.get(provider=self.provider)

    @property
    def strangers(self) -> list[UnknownVendorCall]:
        return list(UnknownVendorCall.objects.order_by("pk"))
