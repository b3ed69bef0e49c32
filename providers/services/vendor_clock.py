"""Compares this machine's clock with a vendor's, by the `Date` of its answer to a harmless read."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.utils import timezone
from requests import Request, Response

from providers import opening
from providers.base import Client
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Provider


class _Listener:
    """A client that remembers how far the dates of its answers are from this machine's clock."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.apart: float | None = None

    def read(self, request: Request) -> Response:
        """Read, and compare the clocks."""
        response = self._client.read(request)
        try:
            theirs = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return response
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        self.apart = _seconds(timezone.now(), theirs)
        return response

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording."""
        return self._client.read_sound(source)

    def send_once(self, request: Request) -> Response:
        """Send a request that has an effect."""
        return self._client.send_once(request)


def _seconds(ours: datetime, theirs: datetime) -> float:
    return (ours - theirs).total_seconds()


def seconds_ahead(provider: Provider) -> float | None:
    """Return how many seconds this machine's clock is ahead of the vendor's, negative where it is behind.

    Makes one harmless read, the one that tests a key. None where the vendor does not answer or names no date. HTTP
    dates have whole seconds.
    """
    try:
        backend = opening.open_backend(provider)
        listener = _Listener(backend.client)
        backend.client = listener
        backend.check_credentials()
    except ProviderMisconfigured:
        return None
    except ProviderError:
        # A refusal has a date too.
        return listener.apart
    return listener.apart
