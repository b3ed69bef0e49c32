"""The merge is a join: any order, any repeats, the same end, never backwards."""

from __future__ import annotations

import datetime
import os
from decimal import Decimal
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import rules
from campaigns.evidence import Evidence, evidence_of, join
from providers.types import AT_VENDOR, FINAL, CallSnapshot, CallStatus

SOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
HISTORIES = int(os.environ.get("MERGE_HISTORIES", "2000"))
INSTANTS = st.none() | st.datetimes(
    min_value=datetime.datetime(2026, 1, 1), max_value=datetime.datetime(2026, 1, 2), timezones=st.just(datetime.UTC)
)
SNAPSHOTS = st.builds(
    CallSnapshot,
    remote_id=st.just("c1"),
    raw_status=st.sampled_from(["x", "completed", "busy"]),
    status=st.none() | st.sampled_from(sorted((AT_VENDOR | FINAL | {CallStatus.UNKNOWN}) - {CallStatus.SKIPPED})),
    answered_at=INSTANTS,
    ended_at=INSTANTS,
    talk_seconds=st.none() | st.integers(-5, 4000),
    cost=st.none() | st.decimals(0, 100, places=2),
    currency=st.sampled_from(["", "USD", "IRT"]),
    answered_by=st.sampled_from(["unknown", "human", "machine"]),
    failure_reason=st.sampled_from(["", "expired", "vendor_error", "not-ours"]),
    failure_detail=st.sampled_from(["", "a", "b"]),
    recording_available=st.booleans(),
    do_not_call=st.booleans(),
    not_before=INSTANTS,
    redials=st.integers(-1, 4),
)
EVIDENCE = SNAPSHOTS.map(evidence_of)


@given(pieces=st.lists(EVIDENCE, min_size=1, max_size=8), data=st.data())
@settings(max_examples=HISTORIES, deadline=None)
def test_any_order_and_any_repeats_end_the_same(pieces: list[Evidence], data: st.DataObject) -> None:
    start = Evidence(status=CallStatus.PLACING, rank=rules.RANK[CallStatus.PLACING])
    straight = reduce(join, pieces, start)
    shuffled = data.draw(st.permutations(pieces))
    repeated = [*shuffled, *data.draw(st.lists(st.sampled_from(pieces), max_size=4))]
    assert reduce(join, repeated, start) == straight


@given(pieces=st.lists(EVIDENCE, min_size=1, max_size=8))
@settings(max_examples=max(HISTORIES // 4, 100), deadline=None)
def test_a_state_never_goes_backwards(pieces: list[Evidence]) -> None:
    now = Evidence(status=CallStatus.PLACING, rank=rules.RANK[CallStatus.PLACING])
    for piece in pieces:
        after = join(now, piece)
        assert after.standing >= now.standing
        # Only a vendor that dials again begins anew, and never after an end.
        assert after.rank >= now.rank or (after.redials > now.redials and now.rank < rules.RANK_OF_ENDS)
        now = after


@given(one=EVIDENCE, two=EVIDENCE, three=EVIDENCE)
@settings(max_examples=max(HISTORIES // 4, 100), deadline=None)
def test_joins_in_groups_are_the_same(one: Evidence, two: Evidence, three: Evidence) -> None:
    assert join(join(one, two), three) == join(one, join(two, three))


def test_a_strange_word_changes_nothing() -> None:
    now = Evidence(status=CallStatus.RINGING, rank=rules.RANK[CallStatus.RINGING])
    assert join(now, evidence_of(CallSnapshot(remote_id="c1", raw_status="gargling", status=None))) == now


def test_our_own_verdict_of_absence_gives_way_to_any_word_of_the_vendor() -> None:
    verdict = Evidence(
        status=CallStatus.FAILED, rank=rules.rank_of(CallStatus.FAILED, "not_placed"), failure_reason="not_placed"
    )
    news = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.QUEUED))
    assert join(verdict, news).status == CallStatus.QUEUED


def test_a_stronger_ending_replaces_a_weaker_one() -> None:
    no_answer = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.NO_ANSWER))
    completed = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.COMPLETED, cost=Decimal("1.5")))
    assert join(completed, no_answer).status == CallStatus.COMPLETED
    assert join(completed, no_answer).cost == Decimal("1.5")


def test_a_further_dialling_of_the_vendor_is_further_than_the_first() -> None:
    rang = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.RINGING))
    waits = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.QUEUED, redials=1, not_before=SOON))
    assert join(rang, waits).status == join(waits, rang).status == CallStatus.QUEUED
    assert join(rang, waits).not_before == SOON


def test_an_end_stays_one_in_whichever_dialling_it_came() -> None:
    stopped = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.CANCELED))
    rings = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.RINGING, redials=2))
    assert join(stopped, rings).status == join(rings, stopped).status == CallStatus.CANCELED


def test_a_time_counts_only_for_an_order_that_the_vendor_keeps() -> None:
    for status in AT_VENDOR | FINAL:
        known = evidence_of(CallSnapshot(remote_id="c1", status=status, not_before=SOON))
        assert known.not_before == (SOON if status == CallStatus.QUEUED else None)


def test_the_latest_time_that_the_vendor_named_counts() -> None:
    first = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.QUEUED, not_before=SOON))
    later = evidence_of(CallSnapshot(remote_id="c1", status=CallStatus.QUEUED, not_before=SOON + HOUR))
    assert join(first, later).not_before == join(later, first).not_before == SOON + HOUR
