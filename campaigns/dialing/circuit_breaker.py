"""The circuit breaker of a provider: opens on failures, and probes with a harmless read, never with a call."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from campaigns import rules
from campaigns.core.clock import has_passed, span
from campaigns.core.sql.bulk import set_rows
from campaigns.core.sql.locking import lock_rows
from campaigns.core.sql.prepared import IdsAt
from campaigns.models import Call
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import (
    AccountProblem,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    UnexpectedResponse,
)
from providers.models import Provider
from providers.paced_reads import Through, at_once
from providers.types import CallStatus, PlacedCall

logger = logging.getLogger(__name__)


LONGEST_PROBE = datetime.timedelta(seconds=max(rules.PROBE_AFTER, 2 * rules.HTTP_DEADLINE))
"""The furthest ahead that a probe is planned."""
_READ = (
    "vendor", "options", "is_active", "halted_at", "halted_reason", "halted_kind", "frozen_at", "frozen_reason",
    "breaker_opened_at", "breaker_reason", "uncompared_since", "compare_problem", "slow_until", "dispatch_lease",
    "dispatch_lease_until", "max_lines", "calls_per_minute", "max_call_seconds", "price_per_minute", "currency",
    "day_cap", "single_call_lines", "turns", "pace_tat", "outcomes", "unknowns_in_row", "unknown_until",
    "last_success_at", "last_error_at",
)  # fmt: skip
_SAVED = ("pace_tat", "turns", "outcomes", "unknowns_in_row", "unknown_until", "last_success_at")
ONE_INSTANT = datetime.timedelta(seconds=2)
"""Orders that left within this time hang together: one outage of a moment is one event, not three."""


def lock_provider(provider_id: int) -> Provider:
    """Return the provider's row with the columns of the commit point and the breaker, locked until the commit."""
    return lock_rows(Provider, [provider_id], _READ)[provider_id]


@contextmanager
def saving(provider: Provider) -> Iterator[None]:
    """Write the changed columns of a locked provider in one statement when the block ends."""
    before = [getattr(provider, name) for name in _SAVED]
    yield
    changed = {
        name: getattr(provider, name)
        for name, old in zip(_SAVED, before, strict=True)
        if getattr(provider, name) != old
    }
    if changed:
        set_rows(Provider, [provider.pk], changed)


Result = tuple[PlacedCall | ProviderError, float]
"""The result of an order, and the seconds since its commit point."""


def weigh_answers(provider: Provider, results: Sequence[Result], now: datetime.datetime) -> None:
    """Add results of orders to the two-minute window of a locked provider, and open its breaker if too many failed.

    Of the unknown ones in a row, those whose orders left at one instant are one event: what hung up one of them hung up
    all. In the window each order counts.
    """
    if not results:
        return
    in_row, well, badly = provider.unknowns_in_row, 0, 0
    for result, took in results:
        if isinstance(result, NotSent | OutcomeUnknown):
            badly += 1
        else:
            well += 1
        if not isinstance(result, OutcomeUnknown):
            in_row, provider.unknown_until = 0, None
            continue
        left_at, until = now - datetime.timedelta(seconds=took), provider.unknown_until
        if until is None or not datetime.timedelta(0) < until - left_at <= 2 * ONE_INSTANT:
            # An order that left after this answer is a try of its own, however soon.
            in_row, provider.unknown_until = in_row + 1, min(left_at + ONE_INSTANT, now)
        if in_row >= rules.BREAKER_UNKNOWNS:
            break
    outcomes = rules.weigh(provider.outcomes, now.timestamp(), well, badly)
    provider.outcomes, provider.unknowns_in_row = outcomes, min(in_row, 1000)
    if any(isinstance(result, PlacedCall) for result in results) and provider.is_success_news(now):
        provider.last_success_at = now
    if provider.breaker_opened_at is None and rules.should_break(outcomes, in_row):
        failed, total = sum(o[2] for o in outcomes), sum(o[1] + o[2] for o in outcomes)
        reason = _("%(failed)s of the last %(total)s requests to the provider failed.") % {
            "failed": failed,
            "total": total,
        }
        if Provider.objects.open_breaker(provider.pk, reason, now + span(rules.PROBE_AFTER)):
            provider.breaker_opened_at = now


def take_over(provider_id: int, tries: int, now: datetime.datetime) -> bool:
    """Open the breaker if an order could not be sent `tries` times in a row; returns whether the breaker is open.

    From then on the call waits until a probe closes the breaker, instead of retrying with its own back-off.
    """
    if tries < rules.MAX_NOT_SENT:
        return False
    provider = lock_provider(provider_id)
    if provider.breaker_opened_at is None and rules.is_unreachable(tries, provider.outcomes, now.timestamp()):
        reason = _("Sending a call to the provider failed %(times)s times in a row.") % {"times": tries}
        return Provider.objects.open_breaker(provider_id, reason, now + span(rules.PROBE_AFTER))
    return provider.breaker_opened_at is not None


def _with_probes(now: datetime.datetime) -> QuerySet[Provider, int]:
    waiting = Call.objects.filter(provider=OuterRef("pk"), status=CallStatus.PENDING)
    opened = Provider.objects.filter(
        has_passed("breaker_probe_at", now, LONGEST_PROBE), breaker_opened_at__isnull=False, is_active=True
    )
    return opened.filter(Exists(waiting)).values_list("pk", flat=True)


_due_probes = IdsAt(_with_probes)


def due_probes(now: datetime.datetime) -> list[int]:
    """Return the ids of providers whose open breaker is due for a probe and that have waiting calls."""
    return _due_probes(now)


def claim_probe(provider_id: int, now: datetime.datetime, through: Through = at_once) -> ProviderBackend | None:
    """Claim a provider's probe by compare-and-set; returns the backend to ask, None if another worker has claimed it.

    The backend is used in a thread without a database; `through` runs its database calls in the coordinator's thread.
    """
    claimed = Provider.objects.filter(
        has_passed("breaker_probe_at", now, LONGEST_PROBE), pk=provider_id, breaker_opened_at__isnull=False
    ).update(breaker_probe_at=now + span(2 * rules.HTTP_DEADLINE))
    if not claimed:
        return None
    try:
        return opening.open_backend(Provider.objects.get(pk=provider_id), through=through)
    except ProviderMisconfigured as error:
        Provider.objects.halt_for(provider_id, error)
        return None


def ask(backend: ProviderBackend) -> ProviderError | None:
    """Probe the vendor with a read that changes nothing; uses no database. Returns the error, None on success."""
    try:
        backend.check_credentials()
    except ProviderError as error:
        return error
    except ProviderMisconfigured as error:
        return UnexpectedResponse(str(error))
    return None


def conclude_probe(provider_id: int, error: ProviderError | None, now: datetime.datetime) -> None:
    """Write a probe's result: close the breaker on success, halt the provider on a dead key, else probe again later."""
    if error is None:
        Provider.objects.filter(pk=provider_id).update(outcomes=[], unknowns_in_row=0, unknown_until=None)
        Provider.objects.close_breaker(provider_id)
    elif isinstance(error, AccountProblem):
        Provider.objects.halt_for(provider_id, error)
    else:
        logger.info("provider=%s: the probe failed: %s", provider_id, type(error).__name__)
        Provider.objects.postpone_probe(provider_id, now + span(rules.PROBE_AFTER))
