"""Calls that people make to a vendor's account: somebody calls one of its numbers, and an agent answers or does not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from providers.sandbox.engine import COMPLETED, IN_PROGRESS, NO_ANSWER, RINGING, WRAPPING_UP, Script, SimulatedCall
from providers.sandbox.wire.base import Wire
from providers.sandbox.world import World


def call_in(world: World, wire: Wire, order: dict[str, Any]) -> SimulatedCall:
    """Begin a call from a person (`from`) to a number of an account (`to`, by default its first).

    `account` is the key of the account, which may be left out where only one has been used; `agent` answers, `talk` are
    the seconds talked (0: nobody answers), `refuses` that the person asks not to be called again. Raises ValueError.
    """
    accounts = [account for vendor, account in world.engine.accounts() if vendor == wire.slug]
    account = str(order.get("account") or (accounts[0] if len(accounts) == 1 else ""))
    if not account:
        raise ValueError("Say which account is called: none, or more than one, has been used.")
    person, ours = str(order["from"]), str(order.get("to") or wire.first_line)
    talk = int(order.get("talk", 5))
    script = script_in(talk, bool(order.get("refuses")))
    call = SimulatedCall(wire.slug, account, str(uuid4()), ours, script, world.speed)
    call.caller_id = person
    call.agent_id = str(order.get("agent") or wire.account.agents[0].id)
    call.extra = {"inbound": True}
    # No order of anybody's: it stands in no journal, and it waits for no line.
    world.engine.accept(call)
    world.webhooks.announce(call)
    return call


def script_in(talk: int, refuses: bool) -> Script:
    """Return the course of a call that came in."""
    if not talk:
        return Script(((2.0, RINGING),), NO_ANSWER)
    ends = 1.0 + talk
    return Script(
        ((1.0, RINGING), (ends, IN_PROGRESS), (ends + 0.8, WRAPPING_UP)), COMPLETED, talk_seconds=talk,
        answered_by="human", ended_by="person", refuses_calls=refuses,
    )  # fmt: skip
