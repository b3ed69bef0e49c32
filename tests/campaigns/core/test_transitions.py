"""A call's status changes in one place, as its table says: the same by rows and by query, once, and told."""

from __future__ import annotations

import ast
import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from campaigns import rules
from campaigns.core import transitions
from campaigns.core.transitions import TRANSITIONS, Transition, Why
from campaigns.core.transitions.table import empty
from campaigns.evidence import Evidence, join
from campaigns.models import Call, CallEvent, Campaign
from campaigns.reasons import SENTENCES, SkipReason, WaitReason
from providers.types import AT_VENDOR, FINAL, LIVE, CallStatus, FailureReason
from tests.campaigns.core.status_writes import status_writes
from tests.conftest import make_call, make_campaign, make_contact
from tests.end_to_end.conftest import ROOT
from tests.sources import tree_of

Form = Callable[..., set[int]]
NOW = datetime.datetime(2026, 11, 3, 9, 30, tzinfo=datetime.UTC)
EARLIER = NOW - datetime.timedelta(hours=3)
LEASE = uuid.UUID(int=7)
RESERVED = Decimal("0.25")
FULL: dict[str, Any] = {
    "raw_status": "word", "failure_detail": "detail", "end_reason": "left",
    "lease": LEASE, "lease_until": EARLIER, "wait_reason": "retry",
    "not_sent_tries": 2, "placing_at": EARLIER, "deadline_at": EARLIER, "placed_at": EARLIER, "answered_at": EARLIER,
    "ended_at": EARLIER, "changed_at": EARLIER, "next_poll_at": EARLIER, "polls": 4, "absent_looks": 1,
    "absent_at": EARLIER, "held_at": EARLIER, "needs_person_at": EARLIER, "reserved_cost": RESERVED,
    "no_news_at": EARLIER, "decide_after": EARLIER,
    "matched_by": "number", "due_at": EARLIER, "text": "Hello", "variables": {"who": "Sara"}, "talk_seconds": 3,
}  # fmt: skip
"""A row in which every column that any change may clear holds something."""
GIVEN: dict[str, Any] = {
    "deadline_at": NOW, "reserved_cost": Decimal("0.75"), "skip_reason": SkipReason.STOPPED, "raw_status": "taken",
    "remote_id": "call-1", "variables": {"who": "Reza"}, "text": "Goodbye", "next_poll_at": NOW, "due_at": NOW,
    "wait_reason": WaitReason.NOT_SENT, "not_sent_tries": 3, "failure_reason": FailureReason.PLACE_REJECTED,
    "failure_detail": "no", "end_reason": "hangup",
    "matched_by": "id", "placing_at": NOW, "answered_at": NOW, "ended_at": NOW,
    "talk_seconds": 31, "answered_by": "human", "cost": Decimal("0.5"), "currency": "USD", "polls": 5,
    "recording_available": True, "changed_at": NOW, "redials": 0, "not_before": None,
}  # fmt: skip
"""A value for every column that a caller may have to give."""


def why_of(transition: Transition) -> Why:
    return Why(min(transition.codes), "system", "because")


def given_to(transition: Transition) -> dict[str, Any]:
    return {name: GIVEN[name] for name in transition.takes if name != "rank"}


def by_query(transition: Transition, ids: list[int], target: CallStatus) -> set[int]:
    """Make a change of rows found by a query."""
    to = None if len(transition.targets) == 1 else target
    lease = LEASE if transition.needs_lease else None
    calls = Call.objects.filter(pk__in=ids)
    return transitions.change(transition, calls, NOW, why_of(transition), to=to, lease=lease, **given_to(transition))


def by_rows(transition: Transition, ids: list[int], target: CallStatus) -> set[int]:
    """Make the same change as a batch, whose values stand half in the rows and half beside them."""
    given = given_to(transition)
    lease = LEASE if transition.needs_lease else None
    names = sorted(given)
    beside = {name: given[name] for name in names[1::2]}
    columns, row = names[::2], [given[name] for name in names[::2]]
    if len(transition.targets) > 1:
        columns, row = ["status", "rank", *columns], [target.value, rules.RANK[target], *row]
    rows = [(pk, *row) for pk in ids]
    changed = transitions.change_rows(transition, columns, rows, NOW, why_of(transition), lease=lease, **beside)
    changed.write()
    return changed.ids


def by_join(transition: Transition, ids: list[int], target: CallStatus) -> set[int]:
    """Write joined evidence, as the news of a batch of calls."""
    columns = ["status", "rank", *sorted(transition.takes - {"rank"})]
    given = GIVEN | {"failure_reason": FailureReason.VENDOR_ERROR if target == CallStatus.FAILED else ""}
    rows = [(pk, target.value, rules.RANK[target], *(given[name] for name in columns[2:])) for pk in ids]
    locked = {call.pk: call for call in Call.objects.filter(pk__in=ids)}
    whys = {pk: why_of(transition) for pk in ids if locked[pk].status != target}
    changed = transitions.join_rows(transition, columns, rows, NOW, whys, locked=locked)
    changed.write()
    return changed.ids


def forms_of(transition: Transition) -> list[Form]:
    if transition.is_ranked_apart:
        return [by_query]
    return [by_join] if transition.is_join else [by_query, by_rows]


def rank_after(transition: Transition, source: CallStatus, target: CallStatus, failure_reason: str) -> int:
    """Return the rank that a change leaves: that of the status, or one below every end that a vendor tells."""
    if transition.name == "give_up":
        return rules.RANK[source] + 1
    if transition.name in {"close", "settle"}:
        return 76
    return rules.rank_of(target, failure_reason)


CASES = [
    pytest.param(transition, form, id=f"{transition.name}-{form.__name__}")
    for transition in TRANSITIONS
    for form in forms_of(transition)
]


@pytest.fixture
def campaign(db: None) -> Campaign:
    made = make_campaign()
    Campaign.objects.filter(pk=made.pk).update(reserved_cost=RESERVED)
    return made


def stand(campaign: Campaign, status: CallStatus, **fields: Any) -> Call:
    """Put a call into a status, with something in every column."""
    reason = FailureReason.NOT_PLACED if status == CallStatus.FAILED else ""
    values = FULL | {"status": status, "rank": rules.rank_of(status, reason), "failure_reason": reason} | fields
    Campaign.objects.filter(pk=campaign.pk).update(reserved_cost=RESERVED if status in LIVE else 0)
    return make_call(campaign=campaign, contact=make_contact(), **values)


def stored(call: Call) -> dict[str, Any]:
    return Call.objects.filter(pk=call.pk).values().get()


def columns_of(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name, value in before.items() if after[name] != value}


def is_allowed(transition: Transition, source: CallStatus, target: CallStatus, rank: int) -> bool:
    if source not in transition.sources:
        return False
    return not transition.is_join or rank <= rules.RANK[target]


@pytest.mark.parametrize("source", list(CallStatus))
@pytest.mark.parametrize(("transition", "form"), CASES)
def test_a_change_is_made_as_the_table_says_or_not_at_all(
    campaign: Campaign, transition: Transition, form: Form, source: CallStatus
) -> None:
    for target in transition.targets:
        call = stand(campaign, source)
        before = stored(call)
        changed = form(transition, [call.pk], target)
        after, events = stored(call), CallEvent.objects.filter(call=call)
        reserved = Campaign.objects.get(pk=campaign.pk).reserved_cost
        if not is_allowed(transition, source, target, call.rank):
            assert (changed, after, events.count()) == (set(), before, 0)
            assert reserved == (RESERVED if source in LIVE else 0)
        else:
            assert changed == {call.pk}
            assert after["status"] == target
            # Exactly the columns of the table, with what it says.
            assert columns_of(before, after) <= transition.columns
            assert {name: after[name] for name in transition.clears} == {n: empty(n) for n in transition.clears}
            assert {after[name] for name in transition.stamps} <= {NOW}
            assert {name: after[name] for name in transition.sets} == dict(transition.sets)
            given = {name: GIVEN[name] for name in transition.takes - {"rank", "failure_reason"}}
            assert {name: after[name] for name in given} == given
            assert after["rank"] == rank_after(transition, source, target, after["failure_reason"])
            for name in transition.clears_risen:
                assert (after[name] is None) == (after["rank"] > call.rank)
            for name, above in transition.clears_above.items():
                assert (after[name] is None) == (after["rank"] > above)
            # One step, with both ends.
            told = list(events.values_list("from_status", "to_status", "code", "detail", "at"))
            stays = transition.is_join and source == target
            assert told == ([] if stays else [(source, target, min(transition.codes), "because", NOW)])
            # What the budget keeps is what live calls keep.
            assert reserved == (after["reserved_cost"] if target in LIVE else 0)
        call.delete()


@pytest.mark.parametrize(("transition", "form"), CASES)
def test_a_change_repeated_changes_nothing(campaign: Campaign, transition: Transition, form: Form) -> None:
    source, target = transition.sources[0], transition.targets[0]
    call = stand(campaign, source)
    if transition.is_join:
        target = CallStatus.COMPLETED
    assert form(transition, [call.pk], target) == {call.pk}
    once, reserved = stored(call), Campaign.objects.get(pk=campaign.pk).reserved_cost
    again = form(transition, [call.pk], target)
    # The same evidence may be written as often as it comes: it says the same.
    assert again == ({call.pk} if transition.is_join else set())
    assert stored(call) == once
    assert call.events.count() == 1
    assert Campaign.objects.get(pk=campaign.pk).reserved_cost == reserved


@pytest.mark.parametrize(
    "transition", [one for one in TRANSITIONS if by_rows in forms_of(one)], ids=lambda one: one.name
)
def test_by_query_and_by_rows_is_the_same(campaign: Campaign, transition: Transition) -> None:
    target = transition.targets[0]
    for source in transition.sources:
        results = []
        for form in (by_query, by_rows):
            call = stand(campaign, source, to_number="+989121110000")
            form(transition, [call.pk], target)
            row = {name: value for name, value in stored(call).items() if name not in OWN}
            steps = list(call.events.values_list("from_status", "to_status", "code", "source", "detail", "actor"))
            results.append((row, steps, Campaign.objects.get(pk=campaign.pk).reserved_cost))
            call.delete()
        assert results[0] == results[1]


OWN = {"id", "reference", "contact_id", "created_at"}
"""Columns in which two calls differ anyhow."""


@pytest.mark.parametrize(("transition", "form"), [case for case in CASES if case.values[0].is_unbound])  # type: ignore[union-attr]
def test_a_call_with_a_vendor_id_is_not_given_another(campaign: Campaign, transition: Transition, form: Form) -> None:
    for source in transition.sources:
        call = stand(campaign, source, remote_id=f"other-{source}")
        before = stored(call)
        assert form(transition, [call.pk], transition.targets[0]) == set()
        assert stored(call) == before


@pytest.mark.parametrize("form", [by_query, by_rows])
def test_somebody_elses_lease_lets_nothing_pass(campaign: Campaign, form: Form) -> None:
    call = stand(campaign, CallStatus.PENDING, lease=uuid.UUID(int=8))
    assert form(transitions.COMMIT, [call.pk], CallStatus.PLACING) == set()
    with pytest.raises(ValueError, match="lease"):
        transitions.change(
            transitions.COMMIT, Call.objects.all(), NOW, Why("commit_point"), **given_to(transitions.COMMIT)
        )


def test_of_a_batch_only_those_that_stand_there_change_and_each_step_names_its_own_source(campaign: Campaign) -> None:
    made = {status: stand(campaign, status) for status in CallStatus}
    changed = transitions.change_rows(
        transitions.ACCEPT,
        ("status", "rank", "remote_id"),
        [(call.pk, "queued", rules.RANK[CallStatus.QUEUED], f"id-{call.pk}") for call in made.values()],
        NOW,
        Why("order_taken"),
        **{name: GIVEN[name] for name in transitions.ACCEPT.takes - {"remote_id"}},
    )
    assert changed.ids == {made[CallStatus.PLACING].pk, made[CallStatus.UNKNOWN].pk}
    assert {(one.call, one.from_status) for one in changed.steps} == {
        (made[CallStatus.PLACING].pk, "placing"),
        (made[CallStatus.UNKNOWN].pk, "unknown"),
    }


def test_a_reserve_is_given_back_once_however_a_call_comes_back(campaign: Campaign) -> None:
    call = stand(campaign, CallStatus.UNKNOWN, needs_person_at=None)

    def kept() -> Decimal:
        return Campaign.objects.get(pk=campaign.pk).reserved_cost

    by_query(transitions.HOLD, [call.pk], CallStatus.FAILED)
    assert kept() == 0
    # The vendor has it after all: it may cost what it may cost.
    by_query(transitions.BIND, [call.pk], CallStatus.QUEUED)
    assert kept() == RESERVED
    by_join(transitions.LEARN, [call.pk], CallStatus.COMPLETED)
    assert kept() == 0
    by_join(transitions.LEARN, [call.pk], CallStatus.COMPLETED)
    assert kept() == 0


def test_columns_are_given_as_the_table_wants_them(campaign: Campaign) -> None:
    call = stand(campaign, CallStatus.PENDING)
    these = Call.objects.filter(pk=call.pk)
    with pytest.raises(ValueError, match=r"skip needs \['skip_reason'\]"):
        transitions.change(transitions.SKIP, these, NOW, Why("skipped"))
    with pytest.raises(ValueError, match=r"does not take \['status'\]"):
        transitions.change(transitions.SKIP, these, NOW, Why("skipped"), skip_reason="stopped", status="failed")
    with pytest.raises(ValueError, match="is not told as order_taken"):
        transitions.change(transitions.SKIP, these, NOW, Why("order_taken"), skip_reason="stopped")
    with pytest.raises(ValueError, match="does not lead to completed"):
        transitions.change(transitions.SKIP, these, NOW, Why("skipped"), to=CallStatus.COMPLETED, skip_reason="x")
    elsewhere = Call.objects.filter(campaign__name="x")
    with pytest.raises(ValueError, match="own rows only"):
        transitions.change(transitions.SKIP, elsewhere, NOW, Why("skipped"), skip_reason="stopped")
    with pytest.raises(ValueError, match="written by rows"):
        transitions.change(transitions.LEARN, these, NOW, Why("vendor_news"))


def test_only_a_call_without_news_is_settled(campaign: Campaign) -> None:
    told = stand(campaign, CallStatus.FAILED, no_news_at=None)
    why = why_of(transitions.SETTLE)
    these = Call.objects.filter(pk=told.pk)
    assert not transitions.change(transitions.SETTLE, these, NOW, why, to=CallStatus.BUSY, failure_reason="")
    Call.objects.filter(pk=told.pk).update(no_news_at=NOW)
    assert transitions.change(transitions.SETTLE, these, NOW, why, to=CallStatus.BUSY, failure_reason="")


# The order of states


def test_the_table_and_the_total_order_agree() -> None:
    backwards = set()
    for transition in TRANSITIONS:
        for source in transition.sources:
            for target in transition.targets:
                if transition.is_join:
                    continue
                before = Evidence(status=source, rank=rules.RANK[source])
                after = Evidence(status=target, rank=transition.rank_to(target, source))
                if join(before, after) != after:
                    backwards.add((transition.name, source, target))
    assert backwards == {
        # Nothing was dialled, and all that is known of the call is that it waits.
        ("return", CallStatus.PLACING, CallStatus.PENDING),
        # A failed call without a vendor id is our own verdict: the vendor's list refutes it.
        ("bind", CallStatus.FAILED, CallStatus.QUEUED),
        # Only a call without news, which ranks just above its last status, is told by a person.
        *(("settle", CallStatus.FAILED, target) for target in transitions.SETTLE.targets),
    }


def test_our_verdict_of_absence_is_written_with_its_own_rank() -> None:
    for transition in (transitions.HOLD, transitions.HOLD_WAITING):
        assert transition.rank_to(CallStatus.FAILED, transition.sources[0]) == rules.RANK_NOT_PLACED


def test_a_call_without_news_ranks_below_whatever_the_vendor_may_still_tell() -> None:
    for source in transitions.GIVE_UP.sources:
        given_up = transitions.GIVE_UP.rank_to(CallStatus.FAILED, source)
        further = {rules.RANK[status] for status in LIVE | FINAL if rules.RANK[status] > rules.RANK[source]}
        assert rules.RANK[source] < given_up < min(further)
    ends = {rules.RANK[status] for status in FINAL}
    assert rules.RANK[CallStatus.WRAPPING_UP] + 1 < rules.RANK_BY_PERSON < min(ends)


def test_every_status_is_reached_and_left_by_the_table_alone() -> None:
    reached = {target for transition in TRANSITIONS for target in transition.targets}
    assert reached == set(CallStatus), "a status that nothing leads to is a dead word"
    left = {source for transition in TRANSITIONS for source in transition.sources if not transition.is_join}
    assert left == {CallStatus.PENDING, CallStatus.PLACING, CallStatus.UNKNOWN, CallStatus.FAILED} | AT_VENDOR
    moved_by_news = set(transitions.LEARN.sources)
    assert moved_by_news == (LIVE | FINAL) - {CallStatus.SKIPPED}
    assert all(transition.codes <= SENTENCES.keys() for transition in TRANSITIONS)


# One place


EXEMPT = {
    "campaigns/core/transitions/": "the one place",
    "campaigns/core/sql/bulk.py": "the statements themselves: no table and no column is named there",
    "campaigns/core/sql/new_rows.py": "the statements themselves: no table and no column is named there",
    "callcenter/demo_history.py": "a made-up past, written as it ended",
    "campaigns/privacy/retention.py": "empties columns that name a call that is deleted",
    "campaigns/history/": "a made-up past, written as it ended",
    "callcenter/moving/": "every row of another database, as it stands there",
}


def product_modules() -> list[Path]:
    found = [path for root in ("campaigns", "providers", "callcenter") for path in (ROOT / root).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def knows_calls(source: str) -> bool:
    """Tell whether a module outside the campaigns imports anything of theirs."""
    names = [node for node in ast.walk(tree_of(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return any("campaigns" in ast.unparse(node) for node in names)


def writes_of(path: Path) -> list[str]:
    name, source = path.relative_to(ROOT).as_posix(), path.read_text()
    found = status_writes(source, knows_calls=name.startswith("campaigns/") or knows_calls(source))
    return [f"{name}:{write.line}: {write.form}: {write.code}" for write in found]


def test_no_other_module_changes_a_calls_status() -> None:
    modules = product_modules()
    assert len(modules) > 200
    found = [write for path in modules for write in writes_of(path)]
    exempt = {write: next((place for place in EXEMPT if write.startswith(place)), None) for write in found}
    assert [write for write, place in exempt.items() if place is None] == []
    # Nothing is exempt for nothing.
    assert set(exempt.values()) == set(EXEMPT)
