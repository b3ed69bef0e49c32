"""Who gets which variant: the shares hold over any list, and the same person always gets the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.shares import WHOLE, counts_of, mark_of, pattern, share_out


@st.composite
def some_shares(draw: st.DrawFn) -> dict[str, int]:
    first = draw(st.integers(1, 98))
    if draw(st.booleans()):
        return {"A": first, "B": WHOLE - first}
    second = draw(st.integers(1, WHOLE - first - 1))
    return {"A": first, "B": second, "C": WHOLE - first - second}


@given(some_shares(), st.sets(st.integers(1, 10**9), max_size=250), st.integers(1, 10**6))
def test_any_list_is_shared_out_to_within_one_person(shares: dict[str, int], people: set[int], campaign: int) -> None:
    given_ones = list(share_out(people, shares, campaign, 0).values())
    for name, share in shares.items():
        assert abs(given_ones.count(name) - len(people) * share / WHOLE) < 1


@given(some_shares(), st.lists(st.integers(0, 70), min_size=1, max_size=6), st.integers(1, 10**6))
def test_the_shares_hold_whatever_the_chunks(shares: dict[str, int], chunks: list[int], campaign: int) -> None:
    given_ones: list[str] = []
    for size in chunks:
        people = range(len(given_ones) + 1, len(given_ones) + 1 + size)
        given_ones += share_out(people, shares, campaign, len(given_ones)).values()
        for name, share in shares.items():
            assert abs(given_ones.count(name) - len(given_ones) * share / WHOLE) < 1


@given(some_shares(), st.lists(st.integers(1, 10**6), max_size=60, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_the_list_changes_nothing(shares: dict[str, int], people: list[int], chance: object) -> None:
    again = list(people)
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert share_out(people, shares, 7, 3) == share_out(again, shares, 7, 3)


@given(some_shares(), st.integers(0, 500))
def test_counts_are_those_of_the_places(shares: dict[str, int], people: int) -> None:
    found = counts_of(shares, people)
    places = [list(shares)[one] for one in (pattern(tuple(shares.values())) * 6)[:people]]
    assert found == {name: places.count(name) for name in shares}
    assert sum(found.values()) == people


def test_another_campaign_shares_the_same_people_out_otherwise() -> None:
    people = range(1, 201)
    first, second = (share_out(people, {"A": 50, "B": 50}, campaign, 0) for campaign in (1, 2))
    assert 60 < sum(first[one] == second[one] for one in people) < 140


def test_it_follows_neither_even_numbers_nor_the_place_in_the_list() -> None:
    found = share_out(range(1, 1001), {"A": 50, "B": 50}, 1, 0)
    assert 200 < sum(found[one] == "A" for one in range(2, 1001, 2)) < 300
    assert 200 < sum(found[one] == "A" for one in range(1, 501)) < 300


def test_a_mark_never_changes() -> None:
    """A person's number of a pool hangs on it: another release must say the same."""
    assert mark_of(3, 14) == 10_622_983_173_767_169_750


@pytest.mark.parametrize("shares", [(50, 49), (101, -1), (100, 0)])
def test_shares_that_are_not_the_whole_are_refused(shares: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Shares must"):
        pattern(shares)
