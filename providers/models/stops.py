"""Changes of a provider's state: each is a compare-and-set in one statement, with an audit event."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from callcenter.access.reach import sight_of
from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from providers.clock import DatabaseClock, has_passed, span
from providers.exceptions import MAX_MESSAGE, NoReadLeft, ProviderError, ProviderMisconfigured, RateLimited
from providers.models.found_offset import weighed
from providers.pace import LONGEST_SLOWING
from providers.registry import vendors_that
from providers.wording import KEY_PROBLEMS

if TYPE_CHECKING:
    from providers.models import Provider, ProviderExchange  # noqa: F401

Actor = AbstractBaseUser | AnonymousUser | None

MAX_REASON = 300
"""Characters of a stop's reason that are kept."""
SUCCESS_EVERY = timedelta(seconds=5)
"""Interval at which successes are written at most, to keep writes to this busy row few."""
SYNC_EVERY = timedelta(hours=1)
"""How often agents, voices, caller IDs and balance are read by themselves."""
KEPT_EXCHANGES = 200
provider_halted = Signal()
"""Sent with `provider_id` within the transaction in which a provider is halted."""


class ProviderQuerySet(models.QuerySet["Provider"]):
    """Queries and state changes of providers; the three stops (halt, breaker, freeze) are independent of each other."""

    def callable(self) -> ProviderQuerySet:
        """Return the providers through which calls may be placed now."""
        return self.filter(
            is_active=True,
            halted_at__isnull=True,
            frozen_at__isnull=True,
            uncompared_since__isnull=True,
            breaker_opened_at__isnull=True,
        )

    def seen_by(self, person: Person) -> ProviderQuerySet:
        """Return the providers that a person may see: everybody's, and those kept for one of their teams."""
        reach = sight_of(person)
        mine = None if may(person, "manage_providers") else reach.condition("created_by", "team", is_stock=True)
        return self if mine is None else self.filter(mine)

    # The three stops: each returns True only to the caller that made the change

    def halt(self, pk: int, reason: str, person: Actor = None, *, kind: str = "") -> bool:
        """Stop calls, for a key or credit problem or by hand, until a person resumes them.

        `kind` is the name of the class of the error for which they stop.
        """
        values: dict[str, Any] = {
            "halted_at": timezone.now(), "halted_reason": reason[:MAX_REASON], "halted_kind": kind
        }  # fmt: skip
        return self._stop(pk, "halted", reason, person, **values)

    def halt_for(self, pk: int, error: ProviderError | ProviderMisconfigured) -> bool:
        """Record an error about the whole account, which gives the sentence and the next step, and stop calls."""
        self.note_error(pk, error)
        return self.halt(pk, getattr(error, "message", str(error)), kind=type(error).__name__)

    def resume(self, pk: int, person: Actor) -> bool:
        """End a halt; the breaker and a freeze stay as they are."""
        ended: dict[str, Any] = {
            "halted_at": None, "halted_reason": "", "halted_kind": "", "resumed_at": timezone.now()
        }  # fmt: skip
        return self._release(pk, "halted", person, **ended)

    def open_breaker(self, pk: int, reason: str, probe_at: datetime) -> bool:
        """Pause calls after failures; from `probe_at` on a harmless read tests the vendor."""
        now = timezone.now()
        return self._stop(
            pk,
            "breaker",
            reason,
            None,
            breaker_opened_at=now,
            breaker_reason=reason[:MAX_REASON],
            breaker_probe_at=probe_at,
        )

    def postpone_probe(self, pk: int, probe_at: datetime) -> bool:
        """Move the next probe of an open breaker."""
        return bool(self.filter(pk=pk, breaker_opened_at__isnull=False).update(breaker_probe_at=probe_at))

    def close_breaker(self, pk: int, person: Actor = None) -> bool:
        """Allow calls again, after a successful probe or by a person."""
        now = timezone.now()
        return self._release(
            pk,
            "breaker",
            person,
            breaker_opened_at=None,
            breaker_reason="",
            breaker_probe_at=None,
            breaker_closed_at=now,
        )

    def freeze(self, pk: int, reason: str, person: Actor = None) -> bool:
        """Stop calls after a restored backup until the vendor's list has been compared with our calls."""
        return self._stop(pk, "frozen", reason, person, frozen_at=timezone.now(), frozen_reason=reason[:MAX_REASON])

    def unfreeze(self, pk: int, person: Actor = None, reason: str = "") -> bool:
        """Allow calls again, after the comparison or by an admin, who gives a reason.

        The comparison of a start that is still due is over as well: the one after a restore was the larger one.
        """
        return self._release(pk, "frozen", person, reason, frozen_at=None, frozen_reason="", **COMPARED)

    # The comparison before the first order after a start

    def ask_comparison(self, now: datetime) -> int:
        """Place no call through any provider that has a list until it was compared; returns how many those are.

        A comparison that is under way counts no more, and a claim on one is a dead worker's.
        """
        listing = self.filter(vendor__in=vendors_that("supports_list_calls"))
        return listing.update(uncompared_since=now, compare_next_at=None, compare_problem="")

    def end_comparison(self, pk: int, since: datetime, now: datetime, calls: int) -> bool:
        """Allow calls again, as every call in the vendor's list is known here; `calls` is how many there were.

        Only for the start at `since`: after a later one the list has to be read anew.
        """
        waiting = self.filter(pk=pk, uncompared_since=since)
        return bool(waiting.update(**COMPARED, compared_at=now, compared_calls=calls))

    def skip_comparison(self, pk: int, person: Actor, reason: str) -> bool:
        """Allow calls again without the comparison, by an admin, who gives a reason."""
        return self._release(pk, "comparison", person, reason, **COMPARED)

    # The sync that runs by itself

    def ask_sync(self, pk: int) -> None:
        """Have agents, voices, caller IDs and balance read again soon, as a refusal was about what all share."""
        self.filter(pk=pk).update(sync_next_at=timezone.now())

    def due_for_sync(self, now: datetime) -> list[int]:
        """Return the ids of providers whose sync is due; one that was never planned is planned in `SYNC_EVERY`.

        A provider whose key the vendor refuses is left out: asking again and again with it leads nowhere.
        """
        syncing = self.filter(is_active=True, vendor__in=_synced_vendors())
        syncing.filter(sync_next_at__isnull=True).update(sync_next_at=now + SYNC_EVERY)
        is_dead = Q(halted_at__isnull=False) & (Q(halted_kind__in=KEY_PROBLEMS) | Q(last_error_kind__in=KEY_PROBLEMS))
        due = syncing.filter(has_passed("sync_next_at", now, SYNC_EVERY)).exclude(is_dead)
        return list(due.order_by("pk").values_list("pk", flat=True))

    def claim_sync(self, pk: int, now: datetime) -> bool:
        """Claim a sync that is due; returns whether it is the caller's. Where the caller dies, the next comes later."""
        due = self.filter(has_passed("sync_next_at", now, SYNC_EVERY), pk=pk, is_active=True)
        return bool(due.update(sync_next_at=now + SYNC_EVERY))

    # Health

    def note_success(self, pk: int) -> None:
        """Record a successful answer; written at most once every `SUCCESS_EVERY`."""
        now = timezone.now()
        stale = Q(last_success_at__isnull=True) | Q(last_success_at__lt=now - SUCCESS_EVERY)
        news = Q(last_error_at__isnull=False, last_success_at__lte=models.F("last_error_at"))
        self.filter(stale | news, pk=pk).update(last_success_at=now)

    def note_error(self, pk: int, error: ProviderError | ProviderMisconfigured) -> None:
        """Record an error and its class, which gives the next step.

        A `RateLimited` also slows orders and reads down. A `NoReadLeft` is ignored: it comes from our own pace.
        """
        if isinstance(error, NoReadLeft):
            return
        if isinstance(error, RateLimited):
            self.slow_down(pk, error.retry_after)
        self.filter(pk=pk).update(
            last_error_at=timezone.now(),
            last_error=getattr(error, "message", str(error))[:MAX_MESSAGE],
            last_error_kind=type(error).__name__,
        )

    def slow_down(self, pk: int, wait: float) -> None:
        """Place no call and read nothing for `wait` seconds, as the vendor asks; a longer wait in force is kept."""
        now = DatabaseClock().now()
        until, longest = now + span(wait), now + timedelta(seconds=LONGEST_SLOWING)
        is_shorter = Q(slow_until__isnull=True) | Q(slow_until__lt=until) | Q(slow_until__gt=longest)
        self.filter(is_shorter, pk=pk).update(slow_until=until)

    def note_offset(self, pk: int, offset: str, now: datetime) -> None:
        """Record that one more call showed the zone of the vendor's times."""
        with transaction.atomic():
            row = self.select_for_update(no_key=True).only("found_offset").get(pk=pk)
            self.filter(pk=pk).update(found_offset=weighed(row.found_offset, offset, now))

    def note_recording_host(self, pk: int, host: str) -> None:
        """Record a host of recordings that is not allowed, so that an admin can allow it."""
        name = host.strip().lower()
        if HOST.fullmatch(name):
            self.filter(pk=pk).exclude(seen_recording_host=name).update(seen_recording_host=name)

    def note_exchange(
        self,
        pk: int,
        *,
        what: str,
        method: str,
        path: str,
        http_status: int | None = None,
        duration_ms: int = 0,
        error: BaseException | None = None,
        reference: UUID | None = None,
        sent: object = None,
        answered: object = None,
        secrets: Iterable[str] = (),
    ) -> None:
        """Add one masked row to the provider's exchange log; `reference` is that of the call it was about, if any."""
        from providers.models import ProviderExchange

        ProviderExchange.objects.add(
            pk, what, method, path, http_status, duration_ms, error, reference, sent, answered, secrets
        )

    def _stop(self, pk: int, stop: str, reason: str, person: Actor, **values: Any) -> bool:
        return self._change(
            pk, Q(**{f"{COLUMN[stop]}__isnull": True}), f"provider.{STOPPED[stop]}", person, values, reason
        )

    def _release(self, pk: int, stop: str, person: Actor, reason: str = "", **values: Any) -> bool:
        before = Q(**{f"{COLUMN[stop]}__isnull": False})
        return self._change(pk, before, f"provider.{RELEASED[stop]}", person, values, reason)

    def _change(self, pk: int, before: Q, action: str, person: Actor, values: dict[str, Any], reason: str = "") -> bool:
        with transaction.atomic():
            if not self.filter(before, pk=pk).update(**values):
                return False
            record(person, action, self.get(pk=pk), **({"reason": reason[:MAX_REASON]} if reason else {}))
            if action == "provider.halted":
                provider_halted.send(sender=self.model, provider_id=pk)
        return True


def _synced_vendors() -> set[str]:
    flags = ("supports_list_agents", "supports_list_voices", "supports_list_caller_ids", "supports_balance")
    return {slug for flag in flags for slug in vendors_that(flag)}


HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
COLUMN = {
    "halted": "halted_at", "breaker": "breaker_opened_at", "frozen": "frozen_at", "comparison": "uncompared_since",
}  # fmt: skip
STOPPED = {"halted": "halted", "breaker": "breaker_opened", "frozen": "frozen"}
RELEASED = {
    "halted": "resumed", "breaker": "breaker_closed", "frozen": "unfrozen", "comparison": "comparison_skipped",
}  # fmt: skip
COMPARED: dict[str, Any] = {"uncompared_since": None, "compare_next_at": None, "compare_problem": ""}
"""The columns of a provider for which no comparison is due."""
