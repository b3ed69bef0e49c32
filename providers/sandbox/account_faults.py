"""Faults of a simulated account: an agent or number is gone, an agent is off, credit runs out, the key dies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.sandbox.accounts import DemoAccount


@dataclass(frozen=True, slots=True)
class AccountFaults:
    """What is wrong with one vendor's account; set whole over `POST /_control/account`, nothing by default."""

    agents_gone: frozenset[str] = frozenset()
    """Ids of agents that were deleted."""
    agents_off: frozenset[str] = frozenset()
    """Ids of agents that are there and not active."""
    caller_ids_gone: frozenset[str] = frozenset()
    voices_gone: frozenset[str] = frozenset()
    dialers_gone: frozenset[str] = frozenset()
    is_empty: bool = False
    """Whether the account has no credit left."""
    is_key_dead: bool = False

    @classmethod
    def read(cls, order: Mapping[str, Any]) -> AccountFaults:
        """Return the faults that a control request names; raises ValueError for a name or a value that does not fit."""
        values: dict[str, Any] = {}
        for name, value in order.items():
            kind = cls.__dataclass_fields__[name].type if name in cls.__dataclass_fields__ else None
            if kind == "bool" and isinstance(value, bool):
                values[name] = value
            elif kind == "frozenset[str]" and isinstance(value, list):
                values[name] = frozenset(map(str, value))
            else:
                raise ValueError(f"No such fault of an account, or the wrong kind of value: {name}")
        return cls(**values)

    def left_of(self, account: DemoAccount) -> DemoAccount:
        """Return what is left of an account."""
        return replace(
            account,
            agents=tuple(
                replace(agent, status_code=0) if agent.id in self.agents_off else agent
                for agent in account.agents
                if agent.id not in self.agents_gone
            ),
            caller_ids=_without(account.caller_ids, self.caller_ids_gone),
            voices=tuple(voice for voice in account.voices if voice.id not in self.voices_gone),
            dialers=_without(account.dialers, self.dialers_gone),
        )


def _without(names: Iterable[str], gone: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)
