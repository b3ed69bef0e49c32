"""Compares this machine's clock with a vendor's, by the `Date` of its answer to a harmless read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.utils import timezone

from providers import opening
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.types import Exchange


def seconds_ahead(provider: Provider) -> float | None:
    """Return how many seconds this machine's clock is ahead of the vendor's, negative where it is behind.

    Makes one harmless read, the one that tests a key; a refusal has a date too. None where the vendor does not answer
    or names no date. HTTP dates have whole seconds.
    """
    found: list[float] = []

    def note(passed: Exchange) -> None:
        theirs = _date_of(passed)
        if theirs is not None:
            found.append((timezone.now() - theirs).total_seconds())

    with suppress(ProviderError, ProviderMisconfigured):
        opening.open_backend(provider, note).check_credentials()
    return found[-1] if found else None


def _date_of(passed: Exchange) -> datetime | None:
    if passed.response is None:
        return None
    try:
        theirs = parsedate_to_datetime(passed.response.headers.get("Date", ""))
    except ValueError:
        return None
    return theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
