"""How sure two shares of people differ: intervals, a test, and how many people it takes. Arithmetic, no database."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

SURE = 0.95
"""How often an interval holds what is true, and how often no difference is called none."""
POWER = 0.8
"""How often a difference as large as the one seen is to be found, where it is true."""

_NORMAL = NormalDist()


class Interval(NamedTuple):
    """Between which two shares the true one lies."""

    least: float
    most: float


def wilson(hits: int, of: int, sure: float = SURE) -> Interval:
    """Return the score interval of a share (E. B. Wilson, 1927); from 0 to 1 where nobody was asked."""
    if not of:
        return Interval(0.0, 1.0)
    z = _NORMAL.inv_cdf((1 + sure) / 2)
    share, square = hits / of, z * z / of
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    # At its ends the interval touches 0 or 1 exactly; the arithmetic misses them by a rounding.
    return Interval(0.0 if not hits else middle - half, 1.0 if hits == of else middle + half)


def chance(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """Return how often chance alone makes two shares differ by this much: the two-sided p of the pooled z-test."""
    if not of or not other_of:
        return 1.0
    pooled = (hits + other_hits) / (of + other_of)
    error = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
    return math.erfc(abs(hits / of - other_hits / other_of) / error / math.sqrt(2)) if error else 1.0


def is_large_enough(hits: int, of: int, other_hits: int, other_of: int) -> bool:
    """Return whether the test may be asked: of each side at least five people each way are expected."""
    whole = of + other_of
    met = hits + other_hits
    return bool(whole) and min(of, other_of) * min(met, whole - met) >= 5 * whole


def people_needed(
    share: float, other: float, part: float = 0.5, *, chance_at_most: float = 1 - SURE, power: float = POWER
) -> int | None:
    """Return how many people, both sides together, show a difference of these two shares; None where there is none.

    `part` is the first side's part of the people. J. L. Fleiss, Statistical Methods for Rates and Proportions, without
    the correction for continuity; of equal sides it is what `power.prop.test` of R says.
    """
    if share == other or not 0 < part < 1:
        return None
    alike = _NORMAL.inv_cdf(1 - chance_at_most / 2)
    found = _NORMAL.inv_cdf(power)
    mean = part * share + (1 - part) * other
    none = math.sqrt(mean * (1 - mean) * (1 / part + 1 / (1 - part)))
    some = math.sqrt(share * (1 - share) / part + other * (1 - other) / (1 - part))
    return math.ceil(((alike * none + found * some) / (share - other)) ** 2)
