"""Shares of lines, lines kept for single calls, and turns by priority: the rules as arithmetic."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.lines import CALLS_BEFORE, ORDER, Priority, Turns, most_lines, open_to_campaigns

HIGH, NORMAL, LOW = ORDER
PRIORITIES = st.sampled_from(ORDER)


@pytest.mark.parametrize(
    ("lines", "kept", "own", "percent", "most"),
    [
        (10, 0, None, None, 10),
        (10, 3, None, None, 7),
        (10, 3, 8, None, 7),
        (10, 0, None, 20, 2),
        (10, 0, 1, 20, 1),
        (10, 0, 5, 20, 2),
        (3, 0, None, 20, 1),
        (1, 5, None, None, 1),
    ],
)
def test_a_campaign_may_use_so_many_lines(
    lines: int, kept: int, own: int | None, percent: int | None, most: int
) -> None:
    assert most_lines(lines, kept, own, percent) == most


@given(st.integers(1, 100), st.integers(0, 120), st.none() | st.integers(1, 120), st.none() | st.integers(1, 100))
def test_a_limit_leaves_one_line_at_least_and_never_the_kept_ones(
    lines: int, kept: int, own: int | None, percent: int | None
) -> None:
    assert 1 <= most_lines(lines, kept, own, percent) <= open_to_campaigns(lines, kept) <= max(1, lines - kept)


def test_each_lower_priority_gets_a_turn_after_nine_calls_of_those_above() -> None:
    found = Turns().ahead(set(ORDER), 1000)
    assert found[LOW] >= 1000 // 10 - 1, "every tenth, for all others are above it"
    assert found[NORMAL] >= 1000 // 11 - 1, "after nine of the high ones, and one of the low ones comes between"
    assert found[HIGH] >= 790


@pytest.mark.parametrize(("above", "below"), [(HIGH, NORMAL), (HIGH, LOW), (NORMAL, LOW)])
def test_of_two_priorities_the_higher_goes_first_and_the_lower_gets_every_tenth_call(
    above: Priority, below: Priority
) -> None:
    ids = Turns().in_order({above: range(1, 28), below: range(101, 104)})
    assert [at for at, one in enumerate(ids) if one > 100] == [9, 19, 29]


@given(st.lists(st.sets(PRIORITIES, min_size=1), min_size=1, max_size=200))
def test_whoever_waits_is_never_passed_over_for_long(waiting_at: list[set[Priority]]) -> None:
    """Whatever comes and goes, nobody who keeps waiting is passed over more often than this."""
    turns, passed = Turns(), Counter[Priority]()
    for waiting in waiting_at:
        made = turns.next_of(waiting)
        turns = Turns.read(turns.stored())
        turns.count(made)
        for one in ORDER:
            passed[one] = passed[one] + 1 if one in waiting and one != made else 0
            assert passed[one] <= CALLS_BEFORE + 2


@given(st.recursive(st.none() | st.integers() | st.text(), lambda one: st.dictionaries(st.text(), one)))
def test_turns_that_cannot_be_read_count_as_none(stored: object) -> None:
    assert Turns.read(stored).next_of({HIGH, LOW}) in ORDER


def test_no_id_is_lost_or_twice() -> None:
    queues = {HIGH: [1, 2, 3], LOW: [4, 5], NORMAL: [6]}
    assert sorted(Turns({LOW: CALLS_BEFORE}).in_order(queues)) == [1, 2, 3, 4, 5, 6]
    assert Turns({LOW: CALLS_BEFORE}).in_order(queues)[0] == 4
