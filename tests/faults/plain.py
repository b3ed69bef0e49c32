"""The plain design, for comparison: take a call by a lease, send the order, try again after any error or lost lease.

This is what a task queue with retries does. It knows the vendor's answers as well as ours does; it only believes that
an order without a good answer was not taken.
"""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction
from django.utils import timezone

from campaigns import rules
from campaigns.core import leases
from campaigns.core.clock import span
from campaigns.models import Call
from providers.base import ProviderBackend
from providers.exceptions import OrderRejected, ProviderError
from providers.models import Provider
from providers.opening import open_client
from providers.types import CallStatus, PlacedCall
from tests.orders import order_for

AT_ONCE = 16


def run_slice(seconds: float) -> None:
    """Place calls for a while."""
    until = time.monotonic() + seconds
    backends = {provider.pk: unpaced(provider) for provider in Provider.objects.all()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while time.monotonic() < until:
            calls = take(uuid.uuid4())
            if not calls:
                time.sleep(0.1)
                continue
            orders = [(call, backends[call.provider_id], order_for(call, call.campaign)) for call in calls]
            results = pool.map(lambda item: send(item[1], item[2]), orders)
            for (call, _backend, _order), result in zip(orders, results, strict=True):
                write(call, result)


def unpaced(provider: Provider) -> ProviderBackend:
    """Return a backend that sends as fast as it can, as the plain design does."""
    options = provider.options_with_defaults()
    client = open_client(provider.backend_class, provider.secrets.open(), options)
    return provider.backend_class(client, secrets=provider.secrets.open(), options=options)


def take(token: uuid.UUID) -> list[Call]:
    """Lease calls that nobody holds; a dead worker's lease lapses and its calls are taken again."""
    now = timezone.now()
    longest = span(rules.HTTP_DEADLINE) + leases.LEASE
    with transaction.atomic():
        ids = list(
            Call.objects.due(now)
            .unleased(now, longest)
            .order_by("due_at", "id")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:AT_ONCE]
        )
        Call.objects.filter(pk__in=ids).update(lease=token, lease_until=now + longest, placing_at=now)
    return list(Call.objects.filter(lease=token).select_related("campaign", "contact", "agent", "caller_id"))


def send(backend: object, order: object) -> PlacedCall | ProviderError:
    """Send one order."""
    try:
        return backend.place_call(order)  # type: ignore[attr-defined, no-any-return]
    except ProviderError as error:
        return error


def write(call: Call, result: PlacedCall | ProviderError) -> None:
    """Write a good answer or a refusal; anything else is tried again."""
    rows = Call.objects.filter(pk=call.pk)
    now = timezone.now()
    if isinstance(result, PlacedCall):
        rows.update(status=CallStatus.COMPLETED, remote_id=result.remote_id, ended_at=now)
    elif isinstance(result, OrderRejected):
        rows.update(status=CallStatus.FAILED, failure_reason="place_rejected", ended_at=now)
    else:
        rows.update(lease=None, lease_until=None, due_at=now + span(5))
