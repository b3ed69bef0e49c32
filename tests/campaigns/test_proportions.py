"""Intervals and tests of shares, against published values; none of them was computed by us.

- R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I,
  method 3 (score, without the correction for continuity).
- A. Agresti, An Introduction to Categorical Data Analysis, 2nd edition, 2.2: aspirin and heart attacks, 189 of 11,034
  against 104 of 11,037; its table's chi-squared is 25.0, so z is 5.00.
- The manual page of `power.prop.test` of R: `p1 = .50, p2 = .75, power = .90` takes 76.7 a group; at 0.80, 57.7.
"""

from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import proportions


@pytest.mark.parametrize(
    ("hits", "of", "least", "most"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_newcombe_prints_it(hits: int, of: int, least: float, most: float) -> None:
    found = proportions.wilson(hits, of)
    assert (round(found.least, 4), round(found.most, 4)) == (least, most)


def test_the_interval_touches_its_ends_exactly() -> None:
    assert proportions.wilson(0, 7).least == 0.0
    assert proportions.wilson(7, 7).most == 1.0
    assert proportions.wilson(0, 0) == (0.0, 1.0)


def test_the_test_finds_what_aspirin_does() -> None:
    found = proportions.chance(189, 11_034, 104, 11_037)
    z = -NormalDist().inv_cdf(found / 2)
    assert round(z, 2) == 5.00


def test_people_needed_are_those_of_r() -> None:
    # Whole people of both groups together: 2 * 76.65 and 2 * 57.67, rounded up.
    assert proportions.people_needed(0.50, 0.75, power=0.90) == 154
    assert proportions.people_needed(0.50, 0.75) == 116
    assert proportions.people_needed(0.5, 0.5) is None


def test_nothing_is_sure_of_nobody() -> None:
    assert proportions.chance(0, 0, 3, 10) == 1.0
    assert proportions.chance(0, 10, 0, 10) == 1.0
    assert not proportions.is_large_enough(0, 0, 0, 0)
    assert not proportions.is_large_enough(2, 10, 3, 10)
    assert proportions.is_large_enough(10, 40, 12, 40)


@given(st.integers(1, 5_000), st.data())
def test_an_interval_holds_its_share(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))
    least, most = proportions.wilson(hits, of)
    assert 0 <= least <= hits / of <= most <= 1


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_the_test_knows_no_sides(one: int, two: int, data: st.DataObject) -> None:
    hits, others = data.draw(st.integers(0, one)), data.draw(st.integers(0, two))
    found = proportions.chance(hits, one, others, two)
    assert 0 <= found <= 1
    assert found == pytest.approx(proportions.chance(others, two, hits, one))


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.05, 0.95))
def test_more_people_are_needed_for_less(share: float, other: float, part: float) -> None:
    found = proportions.people_needed(share, other, part)
    if found is not None:
        middle = (share + other) / 2
        less = proportions.people_needed(share, middle, part)
        assert less is None or less >= found or abs(share - other) < 1e-6
