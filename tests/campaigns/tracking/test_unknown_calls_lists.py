"""Searching lists that are long, broken or empty: what was read counts, and absence alone needs the whole list."""

from __future__ import annotations

import datetime
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

import pytest
import requests
from django.utils import timezone
from pytest_django import Settings

from campaigns import rules
from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.models import Call
from campaigns.tracking import polling, stuck_calls, unknown_calls
from campaigns.tracking.unknown_calls import Listing
from providers import opening
from providers.backends import _unleashx_pages, bolna, unleashx, vocode
from providers.base import ProviderBackend
from providers.exceptions import UnexpectedResponse
from providers.lists import IncompleteList
from providers.models import Provider
from providers.types import CallHandle, CallOrder, CallQuery, CallSnapshot
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact
from tests.situations import MINUTE, LostCall

VENDORS = ("unleashx", "bolna", "voicy", "vocode")


@pytest.fixture
def case(db: None) -> LostCall:
    return LostCall()


def dead_workers_orders(provider: Provider, many: int, *, arrived: int) -> list[Call]:
    """Return calls whose worker died at their commit point; the vendor has the first `arrived` of them."""
    now = timezone.now()
    calls = [
        make_call(
            provider=provider, to_number=f"+9891255{number:05d}", status="placing", rank=10, placing_at=now,
            deadline_at=now + datetime.timedelta(seconds=1), agent=provider.agent_set.first(),
            caller_id=provider.callerid_set.first() if provider.backend_class.accepts_caller_id else None,
        )
        for number in range(many)
    ]  # fmt: skip
    backend = opening.open_backend(provider)
    for call in calls[:arrived]:
        order = CallOrder(
            reference=call.reference, to_number=call.to_number, agent_id=call.agent.remote_id if call.agent else "",
            caller_id=call.caller_id.number if call.caller_id else "",
        )  # fmt: skip
        backend.place_call(order)
    return calls


# No known call yet


@pytest.mark.parametrize("vendor", VENDORS)
def test_orders_that_died_with_the_first_worker_hold_up_nobody_for_ever(
    sandbox: Sandbox, dial: Callable[..., None], read_back: Callable[..., None], vendor: str, settings: Settings
) -> None:
    """All lines are out and the vendor has had no call of ours: its empty list alone proves nothing."""
    settings.TIME_SCALE = 400
    requests.post(f"{sandbox.server.origin}/_control/switches", json={"magic": False}, timeout=60).raise_for_status()
    provider = sandbox.provider(vendor, max_lines=4)
    lost = dead_workers_orders(provider, 4, arrived=0)
    campaign = make_campaign(
        provider=provider, agent=provider.agent_set.first(), status="running", is_filled=True, quiet_hours=0,
        max_attempts=1, caller_id=lost[0].caller_id, **ALL_DAY,
    )  # fmt: skip
    waiting = [
        make_call(campaign=campaign, contact=make_contact(), agent=campaign.agent, caller_id=campaign.caller_id)
        for _person in range(6)
    ]
    time.sleep(1.1)
    stuck_calls.free_the_stuck(timezone.now())
    until = time.monotonic() + 40
    while time.monotonic() < until and Call.objects.filter(status__in=["unknown", "pending"]).exists():
        read_back(1)
        dial(1)
    states = Counter(Call.objects.filter(pk__in=[call.pk for call in lost]).values_list("status", "failure_reason"))
    assert states == {("failed", "not_placed"): 4}
    assert not Call.objects.filter(pk__in=[call.pk for call in waiting], placing_at=None).exists()
    assert max(Counter(entry["to_number"] for entry in sandbox.dialed).values()) == 1
    assert not {call.to_number for call in lost} & {entry["to_number"] for entry in sandbox.dialed}


def committed_beside_unknown(
    case: LostCall, *, polls: int = 2, has_known: bool = False, vendor: str = "bolna", lines: int = 2
) -> int:
    """Return how many of three waiting calls pass while both lines are held by unknown calls."""
    Call.objects.all().delete()
    provider = case.provider
    Provider.objects.filter(pk=provider.pk).update(vendor=vendor, max_lines=lines)
    for _line in range(lines):
        case.call("unknown", minutes_ago=4, polls=polls)
    if has_known:
        case.call("completed", minutes_ago=3000, remote_id="known-2")
    token, now = uuid.uuid4(), timezone.now()
    leases.take("dispatch", provider.pk, token, now)
    campaign = make_campaign(provider=provider, agent=case.agent, status="running", is_filled=True, **ALL_DAY)
    for _person in range(3):
        make_call(campaign=campaign, contact=make_contact(), agent=case.agent)
    ids = reservation.reserve(provider.pk, token, 10, timezone.now())
    assert len(ids) == 3
    return len(commit_calls(provider.pk, token, ids, 3, DatabaseClock()).committed)


def test_one_order_passes_where_nothing_could_ever_be_concluded(case: LostCall) -> None:
    assert committed_beside_unknown(case) == 1


def test_no_order_passes_before_the_list_was_looked_at_twice(case: LostCall) -> None:
    assert committed_beside_unknown(case, polls=1) == 0


def test_no_order_passes_beside_unknown_calls_that_a_known_one_will_settle(case: LostCall) -> None:
    assert committed_beside_unknown(case, has_known=True) == 0


def test_no_order_passes_where_the_vendor_has_no_list(case: LostCall) -> None:
    assert committed_beside_unknown(case, vendor="bitel") == 0


def test_a_known_call_after_them_proves_the_list_as_well(case: LostCall) -> None:
    case.known.delete()
    later = case.call("completed", minutes_ago=2, remote_id="later-1")
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    assert [known.call_id for known in plan.known] == [later.pk]
    assert later.placing_at is not None
    assert plan.query.until > later.placing_at


# What is searched for first


def test_the_newest_are_searched_for_first_and_an_old_one_makes_no_long_list(case: LostCall) -> None:
    day_old = case.call("unknown", minutes_ago=23 * 60)
    case.call("completed", minutes_ago=23 * 60 - 1, remote_id="known-2")
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    assert [call.call_id for call in plan.unknown] == [case.lost.pk]
    assert plan.query.since > case.now - 60 * MINUTE
    Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now + MINUTE)
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    assert [call.call_id for call in plan.unknown] == [day_old.pk]
    assert day_old.placing_at is not None
    assert plan.query.until < day_old.placing_at + 30 * MINUTE


# Lists that are not whole


def test_a_row_of_a_broken_list_counts_and_its_gap_proves_nothing(case: LostCall) -> None:
    other = case.call("unknown", minutes_ago=40)
    for minutes in (0, 10, 20):
        Call.objects.filter(status="unknown").update(next_poll_at=case.now)
        plan = unknown_calls.plan_look(case.provider, case.now + minutes * MINUTE)
        assert plan is not None
        rows = [case.row(case.known, "known-1"), case.row(case.lost, "new-1")]
        unknown_calls.conclude(plan, rows, case.now + minutes * MINUTE, is_whole=False)
    case.lost.refresh_from_db()
    other.refresh_from_db()
    assert (case.lost.remote_id, other.status, other.absent_looks) == ("new-1", "unknown", 0)


class PageByPage:
    """A backend's list, of which some pages are bad."""

    def __init__(self, sandbox: Sandbox, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.provider = sandbox.provider(vendor)
        module = {"unleashx": _unleashx_pages, "bolna": bolna, "vocode": vocode}[vendor]
        monkeypatch.setattr(module, "PAGE_ROWS", 2)
        self.calls = dead_workers_orders(self.provider, 8, arrived=8)
        control(sandbox, "switches", list_lag_seconds=0)
        self.sandbox, self.backend = sandbox, opening.open_backend(self.provider)
        self.pages: list[int] = []
        self.bad: Sequence[int] = ()
        read = self.backend.client.read

        def reading(request: requests.Request) -> requests.Response:
            page = int(request.params.get("page") or request.params.get("page_number") or 0)
            self.pages.append(page)
            if page in self.bad:
                raise UnexpectedResponse("A read failed: the test says so.")
            return read(request)

        self.backend.client.read = reading  # type: ignore[method-assign]

    def listed(self) -> set[str]:
        """Return the numbers of the calls in the list."""
        now = timezone.now()
        query = CallQuery(since=now - MINUTE, until=now + MINUTE, agent_ids=[self.provider.agent_set.get().remote_id])
        return {row.to_number for row in self.backend.list_calls(query)}


def control(sandbox: Sandbox, name: str, **order: object) -> None:
    requests.post(f"{sandbox.server.origin}/_control/{name}", json=order, timeout=60).raise_for_status()


@pytest.mark.parametrize("vendor", ["unleashx", "bolna", "vocode"])
def test_pages_behind_a_bad_one_are_read_and_the_list_is_not_whole(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    case = PageByPage(sandbox, vendor, monkeypatch)
    assert case.listed() == {call.to_number for call in case.calls}
    case.bad = [2]
    case.pages.clear()
    with pytest.raises(IncompleteList) as caught:
        case.listed()
    assert len({row.to_number for row in caught.value.listed}) == 6
    assert case.pages.count(2) >= 3
    assert "+98" not in f"{vars(caught.value)}{caught.value!r}"


def test_two_in_a_hundred_bad_reads_leave_no_placed_call_unknown(
    sandbox: Sandbox, read_back: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_unleashx_pages, "PAGE_ROWS", 2)
    provider = sandbox.provider("unleashx")
    calls = dead_workers_orders(provider, 60, arrived=60)
    control(sandbox, "faults", mode="500", on="read", share=0.05, seed=7)
    time.sleep(1.1)
    stuck_calls.free_the_stuck(timezone.now())
    read_back(4)
    assert not Call.objects.filter(status="unknown").exists()
    assert Call.objects.exclude(remote_id="").count() == len(calls)


def test_a_list_too_long_to_be_read_hides_neither_states_nor_unknown_calls(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UnleashX: the oldest calls are beyond the last page that is read."""
    for module, name in ((_unleashx_pages, "MOST_PAGES"), (unleashx, "FETCHED_PAGES")):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(_unleashx_pages.Pages.calls, "__defaults__", (None, 2, lambda _page: False))
    monkeypatch.setattr(_unleashx_pages.Pages.payments, "__defaults__", (2,))
    case = PageByPage(sandbox, "unleashx", monkeypatch)
    oldest, agent = case.calls[0], case.provider.agent_set.get().remote_id
    Call.objects.exclude(pk=oldest.pk).delete()
    now = timezone.now()
    Call.objects.filter(pk=oldest.pk).update(status="unknown", rank=20, next_poll_at=now)
    plan = unknown_calls.plan_look(case.provider, now)
    assert plan is not None
    found = unknown_calls.look(case.backend, plan)
    assert isinstance(found, Listing)
    assert not found.is_whole
    unknown_calls.conclude(plan, found.rows, now, is_whole=found.is_whole)
    oldest.refresh_from_db()
    assert oldest.remote_id
    handle = CallHandle(
        reference=oldest.reference, remote_id=oldest.remote_id, to_number=oldest.to_number, agent_id=agent,
        placed_at=oldest.placing_at,
    )  # fmt: skip
    other = CallHandle(
        reference=uuid.uuid4(), remote_id=str(uuid.uuid4()), to_number="+12025550111", agent_id=agent,
        placed_at=oldest.placing_at,
    )  # fmt: skip
    assert [state.remote_id for state in case.backend.fetch_calls([handle, other])] == [oldest.remote_id]


@pytest.mark.parametrize("vendor", VENDORS)
def test_bad_pages_of_lists_leave_no_placed_call_unknown(
    sandbox: Sandbox, read_back: Callable[..., None], vendor: str
) -> None:
    """The simulator spoils two pages of calls in a hundred, and each page ends with a row that has no id."""
    provider = sandbox.provider(vendor)
    calls = dead_workers_orders(provider, 60, arrived=57)
    control(sandbox, "switches", bad_pages_percent=2, row_without_id=True, list_lag_seconds=0)
    time.sleep(1.1)
    stuck_calls.free_the_stuck(timezone.now())
    for _round in range(3):
        read_back(4)
    assert Call.objects.exclude(remote_id="").count() == 57
    # Nothing is concluded of those that never arrived: the rows without an id may be theirs.
    lost = Call.objects.filter(pk__in=[call.pk for call in calls[57:]])
    assert set(lost.values_list("status", "absent_looks")) == {("unknown", 0)}


@pytest.mark.parametrize("are_old", [False, True])
def test_beyond_ten_thousand_later_rows_calls_are_bound_and_none_is_absent(sandbox: Sandbox, are_old: bool) -> None:
    provider = sandbox.provider("unleashx")
    calls = dead_workers_orders(provider, 4, arrived=2)
    control(sandbox, "switches", unleashx_later_rows=10_050, list_lag_seconds=0)
    Call.objects.update(status="unknown", rank=20, next_poll_at=timezone.now())
    wait = max(unknown_calls.OLD, rules.SETTLE) / 20 + 5 if are_old else 0
    now = timezone.now() + datetime.timedelta(seconds=wait)
    plan = unknown_calls.plan_look(provider, now)
    assert plan is not None
    assert (plan.are_old, plan.may_be_absent) == (are_old, are_old)
    found = unknown_calls.look(opening.open_backend(provider), plan)
    assert not found.is_whole
    unknown_calls.conclude(plan, found.rows, now, is_whole=found.is_whole)
    states = dict(Call.objects.values_list("pk", "remote_id"))
    assert [bool(states[call.pk]) for call in calls] == [True, True, False, False]
    rest = Call.objects.filter(pk__in=[calls[2].pk, calls[3].pk])
    assert set(rest.values_list("status", "absent_looks")) == {("unknown", 0)}


@pytest.mark.parametrize("minutes", [4, 40])
def test_where_no_row_of_a_long_list_is_reached_the_rows_of_their_numbers_count(case: LostCall, minutes: int) -> None:
    lost = case.call("unknown", minutes_ago=minutes)
    Call.objects.exclude(pk__in=[lost.pk, case.known.pk]).delete()
    row = case.row(lost, "new-1")

    class LongList:
        lists_by_number, reads_more_alone = True, False
        numbers: list[Sequence[str]] = []

        def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
            self.numbers.append(query.numbers)
            if not query.numbers:
                raise UnexpectedResponse("The list goes on after 400 pages.")
            return [row]

    backend = LongList()
    plan = unknown_calls.plan_look(case.provider, case.now + (5 if minutes == 4 else 30) * MINUTE)
    assert plan is not None
    # An old one is searched for by its number first; a fresh one only after the whole list could not be read.
    assert plan.are_old is (minutes == 40)
    found = unknown_calls.look(cast(ProviderBackend, backend), plan)
    assert (list(found.rows), found.is_whole) == ([row], False)
    assert backend.numbers[-1] == [lost.to_number] or backend.numbers[0] == [lost.to_number]


def test_a_burst_of_new_calls_does_not_cut_the_list_short(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    case = PageByPage(sandbox, "unleashx", monkeypatch)
    control(sandbox, "switches", unleashx_burst_rows=3)
    assert case.listed() >= {call.to_number for call in case.calls}


def test_an_old_unknown_call_is_searched_for_by_its_number(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    case = PageByPage(sandbox, "unleashx", monkeypatch)
    old = case.calls[0]
    Call.objects.exclude(pk=old.pk).delete()
    now = timezone.now()
    Call.objects.filter(pk=old.pk).update(status="unknown", rank=20, next_poll_at=now)
    plan = unknown_calls.plan_look(case.provider, now + datetime.timedelta(seconds=unknown_calls.OLD / 20 + 1))
    assert plan is not None
    assert plan.are_old
    case.pages.clear()
    found = unknown_calls.look(case.backend, plan)
    assert {row.to_number for row in found.rows} == {old.to_number}
    assert case.pages.count(1) == 2, "one page of calls, one of transactions"
    assert not found.is_whole


def test_a_failed_slice_settles_what_it_read(case: LostCall) -> None:
    plan = unknown_calls.plan_look(case.provider, case.now)
    current = polling.PollSlice(1)
    listing = Listing([case.row(case.lost, "new-1")], is_whole=False)
    current._write_one(polling.PollAnswer(case.provider.pk, [], plan, listing))
    case.lost.refresh_from_db()
    assert (case.lost.remote_id, case.lost.rank) == ("new-1", rules.RANK[Call.objects.get(pk=case.lost.pk).status])  # type: ignore[index]
