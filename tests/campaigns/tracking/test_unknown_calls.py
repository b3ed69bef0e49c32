"""Unknown calls are settled by evidence: bound when found, held when absence is proved twice, else left alone."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import rules
from campaigns.core.refusals import Refusal
from campaigns.matching import look
from campaigns.models import Call, Campaign
from campaigns.tracking import call_updates, decisions, stuck_calls, unknown_calls
from providers.types import CallSnapshot, CallStatus
from tests.conftest import make_call, make_campaign, make_phone, make_provider
from tests.situations import MINUTE, LostCall


@pytest.fixture
def case(db: None) -> LostCall:
    return LostCall()


def test_our_reference_in_the_list_binds(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"), case.row(case.lost, "new-1", reference=case.lost.reference))
    assert (case.lost.status, case.lost.remote_id) == ("ringing", "new-1")
    assert "bound" in {event.code for event in case.lost.events.all()}


def test_a_held_call_that_turns_up_gives_its_reserve_back_once(case: LostCall) -> None:
    campaign = make_campaign(provider=case.provider, agent=case.agent)
    Campaign.objects.filter(pk=campaign.pk).update(reserved_cost="0.25")
    Call.objects.filter(pk=case.lost.pk).update(campaign=campaign, reserved_cost="0.25", needs_person_at=case.now)
    case.lost.refresh_from_db()
    kept = []
    assert unknown_calls.hold_as_not_placed(case.lost, case.now, code="absent", source="list")
    kept.append(Campaign.objects.get(pk=campaign.pk).reserved_cost)
    assert call_updates.bind(case.lost.pk, "new-1", code="bound", source="list", now=case.now)
    kept.append(Campaign.objects.get(pk=campaign.pk).reserved_cost)
    ended = case.row(case.lost, "new-1", status=CallStatus.COMPLETED, talk_seconds=60)
    call_updates.merge_news({case.lost.pk: ended}, source="poll", now=case.now)
    after = Campaign.objects.get(pk=campaign.pk)
    assert [*kept, after.reserved_cost] == [0, Decimal("0.25"), 0]
    assert after.spent_cost == Decimal("0.05")
    told = case.lost.events.values_list("from_status", "to_status", "code")
    assert list(told) == [
        ("unknown", "failed", "absent"), ("failed", "queued", "bound"), ("queued", "completed", "vendor_news"),
    ]  # fmt: skip


def test_news_of_a_held_call_ends_its_waiting_for_a_person(case: LostCall) -> None:
    held = case.call(
        "failed", 30, failure_reason="not_placed", held_at=case.now, needs_person_at=case.now, remote_id="late-1"
    )
    Call.objects.filter(pk=held.pk).update(rank=rules.RANK_NOT_PLACED)
    call_updates.merge_news({held.pk: case.row(held, "late-1")}, source="webhook", now=case.now)
    held.refresh_from_db()
    assert (held.status, held.held_at) == ("ringing", None)


def test_news_of_a_call_that_waits_here_changes_nothing(case: LostCall) -> None:
    waits = case.call("pending", 30, placing_at=None)
    news = [case.row(waits, "strange-1"), case.row(waits, "strange-1", status=None, raw_status="gargling")]
    for snapshot in news:
        assert call_updates.merge_news({waits.pk: snapshot}, source="webhook", now=case.now) == 0
    waits.refresh_from_db()
    assert (waits.status, waits.raw_status) == ("pending", "")


def test_the_only_call_to_the_number_in_time_binds_by_number(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"), case.row(case.lost, "new-1"))
    assert (case.lost.remote_id, case.lost.matched_by) == ("new-1", "number")


def test_two_candidates_are_never_guessed_between(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"), case.row(case.lost, "new-1"), case.row(case.lost, "new-2"))
    assert (case.lost.status, case.lost.remote_id) == ("unknown", "")
    assert case.lost.needs_person_at


def test_a_call_with_another_reference_of_ours_is_no_candidate(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"), case.row(case.lost, "new-1", reference=uuid.uuid4()))
    assert case.lost.status == "unknown"


def test_a_call_outside_the_window_is_no_candidate(case: LostCall) -> None:
    case.settle(
        case.row(case.known, "known-1"),
        case.row(case.lost, "new-1", created_at=case.lost.placing_at - 10 * MINUTE),
    )
    assert case.lost.status == "unknown"


def test_absence_counts_only_where_known_calls_are_seen(case: LostCall) -> None:
    for minutes in (0, 10, 20, 200):
        case.settle(at=case.now + minutes * MINUTE)
        Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now)
        assert case.lost.status == "unknown"
        assert case.lost.absent_looks == 0
    assert "looked_not_trusted" in {event.code for event in case.lost.events.all()}


def test_absence_without_any_known_call_proves_nothing(case: LostCall) -> None:
    case.known.delete()
    case.settle()
    assert (case.lost.status, case.lost.absent_looks) == ("unknown", 0)


def test_absence_is_proved_by_two_trusted_looks_five_minutes_apart_and_held(case: LostCall) -> None:
    seen = case.row(case.known, "known-1")
    case.settle(seen)
    assert (case.lost.status, case.lost.absent_looks) == ("unknown", 1)
    Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now)
    case.settle(seen, at=case.now + MINUTE)
    assert case.lost.status == "unknown"
    case.settle(seen, at=case.now + 6 * MINUTE)
    assert (case.lost.status, case.lost.failure_reason) == ("failed", "not_placed")
    assert case.lost.held_at
    assert not Call.objects.filter(to_number=case.lost.to_number).exclude(pk=case.lost.pk).exists()


def test_absence_is_not_even_weighed_before_the_settling_time(case: LostCall) -> None:
    young = case.call("unknown", minutes_ago=5)
    Call.objects.filter(pk=case.lost.pk).delete()
    case.lost = young
    case.known.delete()
    case.known = case.call("completed", minutes_ago=4, remote_id="known-2")
    case.settle(case.row(case.known, "known-2"))
    assert (case.lost.status, case.lost.absent_looks) == ("unknown", 0)


def test_an_untrusted_look_between_two_good_ones_starts_again(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"))
    Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now)
    case.settle(at=case.now + 6 * MINUTE)
    assert case.lost.absent_looks == 0


def test_late_news_moves_a_held_call_on(case: LostCall) -> None:
    case.settle(case.row(case.known, "known-1"))
    case.settle(case.row(case.known, "known-1"), at=case.now + 7 * MINUTE)
    assert case.lost.held_at
    assert call_updates.bind(case.lost.pk, "late-1", code="bound", source="list", now=case.now)
    case.lost.refresh_from_db()
    assert (case.lost.status, case.lost.held_at) == ("queued", None)


def test_one_vendor_call_is_never_bound_to_two_rows(case: LostCall) -> None:
    assert not call_updates.bind(case.lost.pk, "known-1", code="bound", source="list", now=case.now)
    case.lost.refresh_from_db()
    assert case.lost.status == "unknown"


def test_the_list_reaches_further_back_than_the_oldest_call_that_it_must_show(case: LostCall) -> None:
    """Else a vendor that tells whole seconds leaves out the calls of the first one, and nothing is ever proved."""
    edge = case.call("completed", minutes_ago=42, remote_id="known-2")
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    assert edge.pk in {known.call_id for known in plan.known}
    assert plan.query.since <= min(known.placing_at for known in plan.known) - MINUTE


def test_sparse_traffic_stretches_the_window_back(case: LostCall) -> None:
    case.known.delete()
    old = case.call("completed", minutes_ago=600, remote_id="old-1")
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    assert [known.call_id for known in plan.known] == [old.pk]
    assert plan.query.since < old.placing_at


def test_a_list_without_our_ids_is_controlled_by_number(case: LostCall) -> None:
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    findings = look(plan.unknown, plan.known, [case.row(case.known, "row-77")])
    assert findings.is_trusted
    assert findings.absent == [case.lost.pk]


def test_a_row_without_a_number_spoils_every_proof_of_absence(case: LostCall) -> None:
    plan = unknown_calls.plan_look(case.provider, case.now)
    assert plan is not None
    findings = look(plan.unknown, plan.known, [case.row(case.known, "known-1"), case.row(case.lost, "x", to_number="")])
    assert not findings.is_trusted


def test_a_vendor_without_a_list_leaves_it_to_a_person(db: None) -> None:
    provider = make_provider(vendor="bitel")
    now = timezone.now()
    call = make_call(
        provider=provider, status="unknown", rank=20, placing_at=now - 25 * 60 * MINUTE,
        deadline_at=now - 25 * 60 * MINUTE, next_poll_at=now,
    )  # fmt: skip
    assert unknown_calls.plan_look(provider, now) is None
    call.refresh_from_db()
    assert call.status == "unknown"
    assert call.needs_person_at


def test_a_dead_workers_order_becomes_unknown_and_is_not_sent_again(db: None) -> None:
    now = timezone.now()
    call = make_call(status="placing", rank=10, placing_at=now - 5 * MINUTE, deadline_at=now - MINUTE)
    fresh = make_call(status="placing", rank=10, placing_at=now, deadline_at=now + MINUTE)
    assert stuck_calls.free_the_stuck(now) == 1
    call.refresh_from_db()
    fresh.refresh_from_db()
    assert (call.status, fresh.status) == ("unknown", "placing")


@pytest.mark.parametrize(("placed", "status", "is_held"), [(True, "completed", False), (False, "failed", True)])
def test_a_person_decides_with_a_reason(
    case: LostCall, manager: User, placed: bool, status: str, is_held: bool
) -> None:
    def say(is_placed: bool, reason: str) -> None:
        if is_placed:
            decisions.took_place(case.lost.pk, manager, reason, result="talked", seconds=30)
        else:
            decisions.did_not(case.lost.pk, manager, reason)

    say(placed, "I rang them")
    case.lost.refresh_from_db()
    assert (case.lost.status, bool(case.lost.held_at)) == (status, is_held)
    event = case.lost.events.last()
    assert event is not None
    assert (event.actor, event.detail) == (manager, "I rang them")
    with pytest.raises(Refusal):
        say(not placed, "again")


def test_news_about_another_number_is_refused(case: LostCall) -> None:
    call = case.call("queued", minutes_ago=1, remote_id="id-1", to_number=make_phone())
    news = CallSnapshot(remote_id="id-1", status=CallStatus.COMPLETED, to_number="+14155550123")
    call_updates.merge_news({call.pk: news}, source="webhook", now=case.now)
    call.refresh_from_db()
    assert call.status == "queued"
    assert "wrong_person" in {event.code for event in call.events.all()}


def test_a_known_call_too_fresh_for_a_lagging_list_spoils_no_older_proof(case: LostCall) -> None:
    case.call("completed", minutes_ago=1, remote_id="fresh-1")
    young = case.call("unknown", minutes_ago=2)
    seen = case.row(case.known, "known-1")
    case.settle(seen)
    young.refresh_from_db()
    assert (case.lost.absent_looks, young.absent_looks) == (1, 0)
    assert "looked_not_trusted" in {event.code for event in young.events.all()}


def test_a_known_call_that_should_be_listed_by_now_spoils_the_proof(case: LostCall) -> None:
    case.call("completed", minutes_ago=20, remote_id="old-enough-1")
    Call.objects.filter(pk=case.lost.pk).update(placing_at=case.now - 60 * MINUTE)
    case.call("unknown", minutes_ago=2)
    case.settle(case.row(case.known, "known-1"))
    assert (case.lost.status, case.lost.absent_looks) == ("unknown", 0)


def test_looks_are_counted_from_the_deadline_so_that_a_doubled_look_puts_nothing_off(case: LostCall) -> None:
    Call.objects.filter(pk=case.lost.pk).update(deadline_at=case.now - MINUTE / 2)
    for _twice in range(2):
        plan = unknown_calls.plan_look(case.provider, case.now)
        Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now - MINUTE)
        assert plan is not None
        unknown_calls.conclude(plan, [], case.now)
        case.lost.refresh_from_db()
        assert case.lost.next_poll_at == case.now + MINUTE / 2
        Call.objects.filter(pk=case.lost.pk).update(next_poll_at=case.now - MINUTE)
    assert [rules.next_look_delay(after) for after in (-77, 0, 15, 700, 10**6)] == [92, 15, 45, 1100, 86400]
