"""Limits on guessing: growing delays by name and address together, and none that a stranger can close for a person.

A browser that a person logged in from before is counted by itself (OWASP, "Slow down online guessing attacks with
device cookies"). From anywhere else the pair of name and address is counted, and the address over all names. A name
that many guess at from many addresses is never closed: it only leaves each address one free try instead of five.
All counts are rows of the database, so that all processes count together.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from callcenter.sign_in.models import Attempts

FORGOTTEN_AFTER = datetime.timedelta(hours=1)
"""Without a further failure, earlier ones are forgotten."""
FIRST_DELAY = 2.0
"""Seconds after the first failure that is not free; each further one doubles them."""
LONGEST_DELAY = 900.0
FREE = 5
"""Failures of one name from one address, of one browser, and of codes of a second factor, that cost no delay."""
FREE_OF_AN_ADDRESS = 50
"""The same of one address over all names; a whole desk may share one."""
GUESSED_AT = 20
"""Failures of one name, from everywhere, from which on each address has `FREE_WHILE_GUESSED_AT`."""
FREE_WHILE_GUESSED_AT = 1
DELAY_WHILE_GUESSED_AT = 60.0


class Throttled(Exception):
    """Raised instead of looking at a password or code; `seconds` is when to try again."""

    def __init__(self, seconds: float, has_just_closed: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = max(1, round(seconds))


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that is counted; `free` None counts without ever closing."""

    key: str
    free: int | None = FREE
    first_delay: float = FIRST_DELAY
    is_forgiven: bool = True
    """Whether a success clears it; else the success only takes its own attempt back."""


def key_of(kind: str, *parts: str) -> str:
    """Return the keyed hash under which something is counted; letters of one name in any form count as the same."""
    text = "\0".join([kind, *(unicodedata.normalize("NFKC", part).casefold() for part in parts)])
    return salted_hmac("callcenter.sign_in.throttle", text, algorithm="sha256").hexdigest()


def gate_of_address(network: str) -> Gate:
    """Return what all attempts from one address are counted by, over all names and passkeys."""
    return Gate(key_of("address", network), FREE_OF_AN_ADDRESS, is_forgiven=False)


def gates_of(name: str, network: str, browser: str) -> list[Gate]:
    """Return what a password's attempt is counted by; `browser` is the mark of one that the name is known from."""
    if browser:
        return [Gate(key_of("browser", browser, name))]
    all_of_name = key_of("name", name)
    is_guessed_at = Attempts.objects.filter(
        key=all_of_name, failures__gte=GUESSED_AT, last_at__gt=timezone.now() - FORGOTTEN_AFTER
    ).exists()
    pair = key_of("pair", name, network)
    return [
        Gate(pair, FREE_WHILE_GUESSED_AT, DELAY_WHILE_GUESSED_AT) if is_guessed_at else Gate(pair),
        gate_of_address(network),
        Gate(all_of_name, None, is_forgiven=False),
    ]


def begin(gates: Sequence[Gate]) -> bool:
    """Count an attempt before it is looked at, so that parallel ones cannot slip through; raises Throttled.

    Returns whether a gate closes with it, for the audit.
    """
    now, keys = timezone.now(), [gate.key for gate in gates]
    with transaction.atomic():
        fresh = [Attempts(key=key, last_at=now, open_at=now) for key in sorted(keys)]
        Attempts.objects.bulk_create(fresh, ignore_conflicts=True)
        rows = {row.key: row for row in Attempts.objects.select_for_update().filter(key__in=keys).order_by("key")}
        for row in rows.values():
            if row.last_at < now - FORGOTTEN_AFTER:
                row.failures = 0
        waits = [(rows[gate.key].open_at - now).total_seconds() for gate in gates if gate.free is not None]
        if (longest := max(waits, default=0.0)) > 0:
            raise Throttled(longest)
        closes = False
        for gate in gates:
            row = rows[gate.key]
            row.failures, row.last_at = row.failures + 1, now
            if gate.free is not None and row.failures > gate.free:
                doublings = min(row.failures - gate.free - 1, 20)
                row.open_at = now + datetime.timedelta(seconds=min(gate.first_delay * 2**doublings, LONGEST_DELAY))
                closes = closes or doublings == 0
        Attempts.objects.bulk_update(rows.values(), ["failures", "last_at", "open_at"])
        Attempts.objects.filter(last_at__lt=now - datetime.timedelta(days=1)).delete()
    return closes


def succeed(gates: Sequence[Gate]) -> None:
    """Take back the count of an attempt that was right."""
    Attempts.objects.filter(key__in=[gate.key for gate in gates if gate.is_forgiven]).delete()
    with transaction.atomic():
        rest = [gate.key for gate in gates if not gate.is_forgiven]
        rows = list(Attempts.objects.select_for_update().filter(key__in=rest, failures__gt=0).order_by("key"))
        for row in rows:
            row.failures, row.open_at = row.failures - 1, min(row.open_at, timezone.now())
        Attempts.objects.bulk_update(rows, ["failures", "open_at"])
