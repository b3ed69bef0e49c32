"""The token bucket of a provider's reads: a row of its own, so that reads and orders never lock each other out."""

from __future__ import annotations

import logging
import os
from typing import Any

from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.utils.translation import gettext_lazy as _

from providers import pace
from providers.clock import DatabaseClock, boottime
from providers.pace import Taken
from providers.paced_reads import Reserve

logger = logging.getLogger(__name__)

AWAY_SECONDS = 0.5
"""Seconds until the bucket is asked again where the database does not answer; meanwhile no token is given."""

_clock = DatabaseClock()
_reserves: dict[tuple[int, Any], Reserve] = {}


class ReadPace(models.Model):
    """The token bucket of one provider's reads."""

    provider = models.OneToOneField(
        "providers.Provider", models.CASCADE, primary_key=True, related_name="read_pace", verbose_name=_("provider")
    )
    tat = models.FloatField(default=0)
    """Theoretical arrival time of the token bucket (see `providers/pace.py`), epoch seconds."""
    person_until = models.FloatField(default=0)
    """Time until which background reads get no tokens because a person waits, epoch seconds."""

    class Meta:
        verbose_name = _("pace of status checks")
        verbose_name_plural = _("pace of status checks")

    def __str__(self) -> str:
        return str(self.provider_id)


class KeptReads:
    """The bucket of a provider in the database, shared by all processes and hosts."""

    def __init__(self, provider_id: int) -> None:
        self._provider_id = provider_id

    def take(self, wanted: int, *, is_person: bool) -> tuple[Taken, float]:
        """Take up to `wanted` tokens in a transaction of its own; a connection opened for it is closed again."""
        is_borrowed = connection.connection is not None
        try:
            with transaction.atomic(durable=True):
                return self._take(wanted, is_person)
        except (OperationalError, InterfaceError):
            logger.warning("provider=%s: its pace cannot be read", self._provider_id, exc_info=True)
            is_borrowed = False
            return Taken(0, 0.0, AWAY_SECONDS), boottime()
        finally:
            if not is_borrowed and not connection.in_atomic_block:
                connection.close()

    def _take(self, wanted: int, is_person: bool) -> tuple[Taken, float]:
        row = self._locked()
        asked_at = boottime()
        now = _clock.now().timestamp()
        slow_until, cap = row.provider.slow_until, row.provider.reads_per_minute
        taken = pace.take_read(
            row.tat, row.person_until, slow_until.timestamp() if slow_until else None, now, cap, wanted,
            is_person=is_person,
        )  # fmt: skip
        person_until = row.person_until
        if is_person:
            person_until = 0.0 if taken.count else now + pace.PERSON_SECONDS
        if (taken.tat, person_until) != (row.tat, row.person_until):
            ReadPace.objects.filter(pk=row.pk).update(tat=taken.tat, person_until=person_until)
        return taken, asked_at

    def _locked(self) -> ReadPace:
        rows = ReadPace.objects.select_for_update(of=("self",), no_key=True).select_related("provider")
        rows = rows.only("tat", "person_until", "provider__slow_until", "provider__reads_per_minute")
        if row := rows.filter(pk=self._provider_id).first():
            return row
        ReadPace.objects.get_or_create(provider_id=self._provider_id)
        return rows.get(pk=self._provider_id)


class TrialReads:
    """A bucket in this process's memory, for accounts that are tested before they are stored."""

    CAP = 60

    def __init__(self) -> None:
        self._tat = 0.0

    def take(self, wanted: int, *, is_person: bool) -> tuple[Taken, float]:
        """Take up to `wanted` tokens."""
        asked_at = boottime()
        taken = pace.take(self._tat, asked_at, self.CAP, wanted, pace.LATE_SECONDS)
        self._tat = taken.tat
        return taken, asked_at


def reserve_of(provider_id: int | None, vendor: str) -> Reserve:
    """Return this process's reserve of a provider's tokens; one for the vendor where the account is not stored yet."""
    # Keyed by process: a fork must not use its parent's tokens.
    key = os.getpid(), vendor if provider_id is None else provider_id
    if key not in _reserves:
        _reserves[key] = Reserve(TrialReads() if provider_id is None else KeptReads(provider_id))
    return _reserves[key]
