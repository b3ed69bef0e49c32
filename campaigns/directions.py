"""Directions: which calls of a vendor's list people made to us. Pure.

Bolna and Voicy say it of each call. UnleashX and Vocode do not (pages and contract read 2026-11): there a call from a
number that is none of ours to one that is, or a call of an agent that only answers, came in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from campaigns.matching import tail_of
from providers.types import CallSnapshot

SHORTEST = 7
"""Digits by which a number is recognised at least; shorter ones are codes or extensions."""


@dataclass(frozen=True, slots=True)
class OurLines:
    """By what one provider's inbound calls are told from ours."""

    tails: frozenset[str] = frozenset()
    """The ends of the provider's own numbers, as `matching.tail_of` returns them."""
    inbound_agents: frozenset[str] = frozenset()
    """Ids of agents that only answer calls."""

    def has(self, number: str) -> bool:
        """Tell whether a number is one of ours."""
        tail = tail_of(number)
        return len(tail) >= SHORTEST and tail in self.tails


@dataclass(slots=True)
class Divided:
    """The rows of a list by direction."""

    outbound: list[CallSnapshot] = field(default_factory=list)
    inbound: list[CallSnapshot] = field(default_factory=list)


def lines_of(numbers: Collection[str], inbound_agents: Collection[str]) -> OurLines:
    """Return what tells inbound calls, of a provider's own numbers and its agents that only answer."""
    tails = {tail for number in numbers if len(tail := tail_of(number)) >= SHORTEST}
    return OurLines(frozenset(tails), frozenset(inbound_agents))


def told(row: CallSnapshot, lines: OurLines) -> CallSnapshot:
    """Return the row with its direction, where that can be told; of an inbound one `to_number` is never our own line.

    A row with our reference is an order of ours, whatever its numbers look like.
    """
    if row.direction == "outbound" or row.reference is not None:
        return row
    if row.direction is None:
        is_to_us = lines.has(row.to_number) and bool(row.caller_id) and not lines.has(row.caller_id)
        if not is_to_us and row.agent_id not in lines.inbound_agents:
            return row
        row = row.as_inbound() if is_to_us else replace(row, direction="inbound")
    if lines.has(row.to_number):
        # The vendor names the two sides the other way round, or both are ours.
        row = row.as_inbound() if row.caller_id and not lines.has(row.caller_id) else replace(row, to_number="")
    return row


def divided(rows: Sequence[CallSnapshot], lines: OurLines) -> Divided:
    """Return the rows by direction; one of which nothing tells it is taken for outbound."""
    found = Divided()
    for row in rows:
        known = told(row, lines)
        (found.inbound if known.direction == "inbound" else found.outbound).append(known)
    return found
