"""What an agent of the simulator found out in a talk, by its name: appointments, surveys, promises to pay.

Each vendor's wire format writes it in the vendor's own shape. The same number gives the same answers in every run.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from providers.sandbox.accounts import ACCOUNT_OF
from providers.sandbox.engine import SimulatedCall, hash_of

Scalar = str | bool | int
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Noted:
    """One answer: its category, its name, what was chosen, and what was said about it."""

    category: str
    name: str
    value: Scalar
    said: str | None = None


def noted_in(call: SimulatedCall, vendor: str) -> list[Noted]:
    """Return the answers of a call; none where no person talked with the agent, or they want no more calls."""
    script = call.script
    if script.answered_by != "human" or not script.talk_seconds or script.refuses_calls:
        return []
    names = {agent.id: agent.name for agent in ACCOUNT_OF[vendor].agents}
    day = datetime.datetime.fromtimestamp(call.created_at, datetime.UTC).date()
    return noted_by(names.get(call.agent_id, ""), hash_of(call.to_number), day)


def noted_by(agent: str, chance: int, day: datetime.date) -> list[Noted]:
    """Return what an agent of this name notes on a day; `chance` is a whole number that decides the answers."""
    if agent == "Appointment reminder":
        return _appointment(chance, day)
    if agent == "Customer survey":
        return _survey(chance)
    return _payment(chance, day) if agent == "Payment reminder" else []


def _appointment(chance: int, day: datetime.date) -> list[Noted]:
    comes = chance % 10 < 7
    said = "Will be there." if comes else "Cannot come then."
    kept = Noted("Appointment", "Confirmed", "Yes" if comes else "No", said)
    if comes:
        return [kept, Noted("Appointment", "Comes by", ("car", "bus", "on foot")[chance // 10 % 3])]
    wished = day + DAY * (2 + chance // 10 % 12)
    return [kept, Noted("Appointment", "Wished day", wished.isoformat(), "Asked for another day.")]


def _survey(chance: int) -> list[Noted]:
    score = (10, 9, 9, 8, 8, 7, 6, 5, 3, 2)[chance % 10]
    # Long waits are what the unhappy speak of.
    better = ("waiting time", "waiting time", "price", "friendliness")[chance // 10 % 4]
    if score > 6:
        better = ("nothing", "price", "nothing", "opening hours")[chance // 10 % 4]
    return [
        Noted("Survey", "Score", score),
        Noted("Survey", "Would recommend", "Yes" if score >= 8 else "No"),
        Noted("Survey", "To be better", better),
    ]


def _payment(chance: int, day: datetime.date) -> list[Noted]:
    pays = chance % 10 < 6
    promise = Noted("Payment", "Promised to pay", "Yes" if pays else "No")
    if not pays:
        reason = ("paid already", "no money now", "bill is wrong")[chance // 10 % 3]
        return [promise, Noted("Payment", "Why not", reason)]
    amount = 20 + chance // 10 % 23 * 10
    return [
        promise,
        Noted("Payment", "Promised amount", amount),
        Noted("Payment", "Promised day", (day + DAY * (1 + chance // 100 % 14)).isoformat()),
    ]
