"""Before the first order after a start the vendor's list is compared: what it shows must be known here."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns import minute_job, rules, worker_life
from campaigns.models import Call, DialingSwitch, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation_sweep, start_comparison
from providers.exceptions import CredentialsRejected
from providers.models import Provider, ProviderState
from tests.campaigns.tracking.swept_provider import MINUTE, SweptProvider
from tests.conftest import make_call, make_contact, make_provider


@pytest.fixture
def started(swept: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> SweptProvider:
    """A provider whose worker just started; its newest call is in the list."""
    DialingSwitch.objects.get_or_create(pk=1)
    monkeypatch.setattr(start_comparison, "LAG_PAUSE", 0)
    Provider.objects.filter(pk=swept.provider.pk).update(uncompared_since=swept.now)
    return swept


def state(started: SweptProvider) -> ProviderState:
    return Provider.objects.get(pk=started.provider.pk).state


def compare(started: SweptProvider) -> bool:
    Provider.objects.update(compare_next_at=None)
    return start_comparison.compare(started.provider.pk)


# All is well


def test_a_list_in_which_all_is_known_lets_calls_leave(started: SweptProvider) -> None:
    assert state(started) is ProviderState.COMPARING
    assert compare(started)
    provider = Provider.objects.get()
    assert (provider.uncompared_since, provider.compared_calls, provider.frozen_at) == (None, 1, None)
    assert provider.compared_at is not None
    (asked,) = started.vendor.asked
    assert started.known.placing_at is not None
    assert asked.since < started.known.placing_at
    assert asked.until > started.now


def test_a_provider_without_any_call_and_an_empty_list_calls_at_once(started: SweptProvider) -> None:
    started.known.delete()
    started.vendor.rows.clear()
    assert compare(started)


@pytest.mark.parametrize("status", ["placing", "unknown"])
def test_a_row_may_be_an_order_whose_answer_was_lost(started: SweptProvider, status: str) -> None:
    call = started.call(status, minutes_ago=20)
    started.list(call, "lost-1")
    assert compare(started)


def test_a_call_that_a_poller_finds_meanwhile_freezes_nothing(
    started: SweptProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = started.call("unknown", minutes_ago=20)
    started.list(call, "lost-1")
    read = start_comparison.nameless_calls

    def read_late(*arguments: Any) -> Any:
        Call.objects.filter(pk=call.pk).update(remote_id="lost-1", status="completed")
        return read(*arguments)

    monkeypatch.setattr(start_comparison, "nameless_calls", read_late)
    assert compare(started)


def test_a_row_with_the_reference_of_a_lost_order_is_ours_whatever_its_number_says(started: SweptProvider) -> None:
    call = started.call("unknown", minutes_ago=20)
    started.list(None, "lost-1", reference=call.reference, created_at=started.now - 19 * MINUTE)
    assert compare(started)


def test_a_row_whose_reference_only_the_whole_call_tells_is_ours(started: SweptProvider) -> None:
    call = started.call("unknown", minutes_ago=20)
    started.list(None, "lost-1", to_number="", created_at=started.now - 19 * MINUTE)
    started.vendor.details["lost-1"] = call.reference
    assert compare(started)


def test_a_held_call_that_was_taken_late_after_all_is_ours(started: SweptProvider) -> None:
    call = started.call("failed", minutes_ago=49, failure_reason="not_placed")
    started.list(call, "late-1", created_at=started.now - 30 * MINUTE)
    assert compare(started)


def test_what_was_recorded_before_the_start_is_known(started: SweptProvider) -> None:
    started.list(None, "theirs-1")
    UnknownVendorCall.objects.create(provider=started.provider, remote_id="theirs-1", seen_at=started.now - 30 * MINUTE)
    assert compare(started)


def test_agents_that_another_tool_calls_with_are_known_once_named(started: SweptProvider) -> None:
    UnknownVendorCall.objects.create(
        provider=started.provider, remote_id="theirs-1", agent_id="other-agent", state="not_ours",
        seen_at=started.now - 30 * MINUTE,
    )  # fmt: skip
    started.list(None, "theirs-2", agent_id="other-agent")
    assert compare(started)
    # Named calls of an agent that we call with ourselves prove nothing of its other calls.
    Provider.objects.update(uncompared_since=started.now)
    UnknownVendorCall.objects.update(agent_id=started.agent.remote_id)
    started.vendor.rows.pop()
    started.list(None, "theirs-3", agent_id=started.agent.remote_id)
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


def test_rows_from_before_our_newest_call_are_not_looked_at(started: SweptProvider) -> None:
    started.list(None, "old-1", created_at=started.now - 300 * MINUTE)
    assert compare(started)


def test_before_our_first_call_rows_without_a_time_may_be_the_accounts_own_past(started: SweptProvider) -> None:
    started.known.delete()
    started.vendor.rows.clear()
    started.list(None, "undated-1", created_at=None)
    assert compare(started)
    Provider.objects.update(uncompared_since=started.now)
    started.list(None, "undated-2", created_at=None, reference=uuid.uuid4())
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


# The database went back


def test_a_row_that_nothing_here_explains_freezes(started: SweptProvider) -> None:
    started.list(None, "gap-1")
    assert not compare(started)
    provider = Provider.objects.get()
    assert provider.state is ProviderState.FROZEN
    assert "1 call that is not in Callcenter" in provider.frozen_reason


def test_a_waiting_call_that_was_dialled_freezes_also_by_its_reference(started: SweptProvider) -> None:
    call = started.call("pending")
    started.list(call, "gap-1", reference=call.reference, created_at=started.now - 40 * MINUTE)
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


def test_a_database_from_before_its_first_call_is_noticed(started: SweptProvider) -> None:
    started.known.delete()
    started.vendor.rows.clear()
    started.list(None, "gap-1")
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


def test_more_rows_than_lost_orders_freeze(started: SweptProvider) -> None:
    call = started.call("unknown", minutes_ago=20)
    started.list(call, "lost-1")
    started.list(None, "gap-1")
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


def test_a_call_recorded_only_after_the_start_is_not_known(started: SweptProvider) -> None:
    """The hourly comparison must not make known what the start has to notice."""
    started.list(None, "gap-1")
    assert reconciliation_sweep.sweep_provider(started.provider.pk) == {"bound": 0, "recorded": 0, "unfrozen": 0}
    UnknownVendorCall.objects.create(provider=started.provider, remote_id="gap-1", seen_at=timezone.now())
    assert not compare(started)
    assert state(started) is ProviderState.FROZEN


def test_a_list_that_lacks_our_newest_call_for_long_freezes(started: SweptProvider) -> None:
    started.vendor.rows.clear()
    assert not compare(started)
    assert "lacks our newest call" in Provider.objects.get().frozen_reason


def test_a_list_that_lags_behind_is_waited_for(started: SweptProvider) -> None:
    newest = started.call("completed", minutes_ago=1, remote_id="new-1")
    assert not compare(started)
    assert state(started) is ProviderState.COMPARING
    assert "newest call yet" in Provider.objects.get().compare_problem
    assert len(started.vendor.asked) == start_comparison.LAG_LOOKS
    started.list(newest, "new-1")
    assert compare(started)


def test_where_the_vendor_forgot_our_newest_call_nothing_is_expected_of_it(started: SweptProvider) -> None:
    long_ago = started.now - datetime.timedelta(days=200)
    Call.objects.update(placing_at=long_ago)
    started.vendor.rows.clear()
    assert compare(started)
    started.list(None, "gap-1")
    Provider.objects.update(uncompared_since=started.now)
    assert not compare(started)


def test_the_freeze_is_ended_by_the_comparison_after_a_restore(
    started: SweptProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = started.call("pending")
    Call.objects.filter(pk=waiting.pk).update(created_at=started.now - 300 * MINUTE)
    VendorSweep.objects.create(provider=started.provider, complete_until=started.now - 110 * MINUTE)
    started.list(waiting, "gap-1")
    compare(started)
    monkeypatch.setattr(rules, "SETTLE", 0)
    for _time in range(2):
        started.sweep()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.remote_id) == ("completed", "gap-1")
    assert state(started) not in {ProviderState.FROZEN, ProviderState.COMPARING}


def test_what_one_list_shows_freezes_those_without_a_list_through_which_calls_wait(started: SweptProvider) -> None:
    desk, idle = make_provider(vendor="bitel"), make_provider(vendor="bitel")
    make_call(provider=desk)
    started.list(None, "gap-1")
    compare(started)
    frozen = set(Provider.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True))
    assert frozen == {started.provider.pk, desk.pk}
    assert idle.pk not in frozen


# Nothing can be concluded


def test_a_list_that_cannot_be_read_is_waited_for_and_asked_again(started: SweptProvider) -> None:
    started.vendor.fails = True
    assert not compare(started)
    provider = Provider.objects.get()
    assert provider.state is ProviderState.COMPARING
    assert "could not be read" in str(provider.standing.sentence)
    # Not at once, but soon.
    assert start_comparison.due(timezone.now()) == []
    later = timezone.now() + datetime.timedelta(seconds=start_comparison.AGAIN_AFTER + 1)
    assert start_comparison.due(later) == [provider.pk]
    started.vendor.fails = False
    assert compare(started)


def test_a_clock_that_was_set_back_delays_no_comparison(started: SweptProvider) -> None:
    Provider.objects.update(compare_next_at=timezone.now() + datetime.timedelta(hours=2))
    assert start_comparison.due(timezone.now()) == [started.provider.pk]


def test_a_failing_backend_is_no_pass(started: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(started.vendor, "list_calls", lambda _query: [][1])
    monkeypatch.setattr(started.vendor, "list_calls", lambda _query: {}["rows"])
    assert not compare(started)
    assert "KeyError" in Provider.objects.get().compare_problem


def test_a_key_that_is_refused_halts(started: SweptProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_query: Any) -> list[Any]:
        raise CredentialsRejected("no")

    monkeypatch.setattr(started.vendor, "list_calls", refuse)
    assert not compare(started)
    assert state(started) is ProviderState.HALTED
    assert start_comparison.due(timezone.now() + datetime.timedelta(hours=1)) == []


def test_two_hosts_read_it_once(started: SweptProvider) -> None:
    Provider.objects.update(compare_next_at=timezone.now() + datetime.timedelta(seconds=30))
    assert not start_comparison.compare(started.provider.pk)
    assert started.vendor.asked == []


def test_a_window_that_is_too_long_is_halved_at_the_next_try(started: SweptProvider) -> None:
    started.vendor.fails = True
    compare(started)
    compare(started)
    assert VendorSweep.objects.get().span_seconds == 86_400 // 4


def test_an_admin_ends_the_wait_with_a_reason(admin_person: User, caller: User, client: Client) -> None:
    provider = make_provider(uncompared_since=timezone.now(), compare_problem="The list could not be read.")
    address = f"/providers/{provider.pk}/skip-comparison/"
    client.force_login(caller)
    assert client.post(address, {"reason": "x"}).status_code == 403
    client.force_login(admin_person)
    assert "Skip the comparison" in client.get(f"/providers/{provider.pk}/").content.decode()
    client.post(address, {"reason": " "})
    assert Provider.objects.get().uncompared_since
    client.post(address, {"reason": "the vendor's list is broken; nothing was restored"})
    assert Provider.objects.get().uncompared_since is None
    event = AuditEvent.objects.get(action="provider.comparison_skipped")
    assert (event.actor, event.detail["reason"]) == (admin_person, "the vendor's list is broken; nothing was restored")


def test_today_says_what_waits_and_what_was_compared(admin_person: User, client: Client) -> None:
    client.force_login(admin_person)
    since = timezone.now()
    provider = make_provider(uncompared_since=since, compare_problem="The list could not be read.")
    make_call(provider=provider, contact=make_contact())
    page = client.get("/today/").content.decode()
    assert "Not started yet: The list could not be read." in page
    assert "Needs attention" in page
    Provider.objects.end_comparison(provider.pk, since, timezone.now(), 12)
    page = " ".join(client.get("/today/").content.decode().split())
    assert "all its 12 calls are in Callcenter" in page


def test_managers_are_told_of_a_wait_that_does_not_end(admin_person: User, mailoutbox: list[Any]) -> None:
    User.objects.update(email="admin@example.org")
    DialingSwitch.objects.get_or_create(pk=1)
    make_provider(name="Main", uncompared_since=timezone.now() - 9 * MINUTE, halted_at=None)
    minute_job.sweep()
    assert mailoutbox == []
    Provider.objects.update(uncompared_since=timezone.now() - 11 * MINUTE)
    minute_job.sweep()
    (letter,) = mailoutbox
    assert "“Main” has not started yet" in letter.body


def test_a_comparison_from_before_a_later_start_counts_no_more(
    started: SweptProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = started.vendor.list_calls

    def read_late(query: Any) -> Any:
        listed = read(query)
        worker_life.starts(is_alone=True)
        return listed

    monkeypatch.setattr(started.vendor, "list_calls", read_late)
    monkeypatch.setattr("campaigns.queue.nudge_comparison", lambda _pk: None)
    assert not compare(started)
    assert state(started) is ProviderState.COMPARING
