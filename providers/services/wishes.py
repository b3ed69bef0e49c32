"""Evidence that a provider's vendor reports wishes not to be called again: what was heard in its calls."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max

from providers.models import Provider


@dataclass(frozen=True, slots=True)
class HeardWishes:
    """In how many calls of a provider the vendor reported such a wish, and when the last time."""

    calls: int
    last_at: datetime.datetime | None


def heard_wishes(provider: Provider) -> HeardWishes:
    """Return what the steps of the provider's calls say; what people heard themselves does not count."""
    # By the reverse relations, because this package must not import calls.
    calls: Any = Provider._meta.get_field("calls").related_model
    events: Any = calls._meta.get_field("events").related_model
    table = events._meta.db_table
    heard = events._default_manager.filter(call__provider=provider).exclude(source="person")
    # Literal SQL, because SQLite uses the partial index of these events only if their code is not a parameter.
    heard = heard.extra(where=[f"{table}.code = 'do_not_call_heard'"]).order_by()  # noqa: S610
    found = heard.aggregate(calls=Count("call", distinct=True), last_at=Max("at"))
    return HeardWishes(found["calls"], found["last_at"])
