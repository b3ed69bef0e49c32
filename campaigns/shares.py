"""Who gets which variant of a campaign: fixed shares that hold to within one person, whatever the list. No database.

People stand in an order that only their ids and the campaign decide, and take the places of a pattern in turn. Of any
first n places a variant with a share of p percent has n * p / 100, give or take less than one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache

WHOLE = 100
"""What the shares add up to; also the length of the pattern, after which it repeats."""


@lru_cache(maxsize=200)
def pattern(shares: tuple[int, ...]) -> tuple[int, ...]:
    """Return which variant each of `WHOLE` places in turn has, as positions in `shares`.

    Each place goes to the variant whose next place is due first, of those that have less than their share so far; a
    variant's k-th place is due before more than k - 1/2 places of its share have passed. For two or three variants no
    count is ever off by one whole place (R. Tijdeman, The chairman assignment problem, 1980).
    """
    if sum(shares) != WHOLE or min(shares) < 1:
        raise ValueError(f"Shares must be at least 1 and add up to {WHOLE}, not {shares}.")
    slack = Fraction(1, 2 * len(shares) - 2) if len(shares) > 1 else Fraction(0)
    given, places = [0] * len(shares), []
    for place in range(1, WHOLE + 1):
        open_to = [one for one, share in enumerate(shares) if Fraction(share * place, WHOLE) - given[one] >= slack]
        chosen = min(open_to, key=lambda one: ((given[one] + 1 - slack) * Fraction(WHOLE, shares[one]), one))
        given[chosen] += 1
        places.append(chosen)
    return tuple(places)


def mark_of(campaign: int, person: int) -> int:
    """Return a number that only the campaign and the person decide, spread evenly over eight bytes."""
    return int.from_bytes(hashlib.blake2b(f"{campaign}:{person}".encode(), digest_size=8).digest())


def share_out(people: Iterable[int], shares: Mapping[str, int], campaign: int, taken: int) -> dict[int, str]:
    """Return the variant of each of these people, after `taken` others of the campaign have theirs.

    Their order is that of `mark_of`, so that it follows nothing about them: neither their place in a file nor when they
    were entered.
    """
    names, places = tuple(shares), pattern(tuple(shares.values()))
    ordered = sorted(people, key=lambda person: (mark_of(campaign, person), person))
    return {person: names[places[(taken + at) % WHOLE]] for at, person in enumerate(ordered)}


def counts_of(shares: Mapping[str, int], people: int) -> dict[str, int]:
    """Return how many of so many people each variant gets."""
    places = pattern(tuple(shares.values()))
    rounds, rest = divmod(people, WHOLE)
    return {name: rounds * share + places[:rest].count(at) for at, (name, share) in enumerate(shares.items())}
