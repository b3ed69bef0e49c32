"""Opens a provider's client, backend or order loop, limited to allowed hosts, and reports every exchange.

The stored keys and options are opened here, where a request leaves, and nowhere else. Whatever keeps a provider from
being opened is a ProviderMisconfigured of that provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from requests import Request, Response

from providers.base import Client, ProviderBackend
from providers.client.client import HttpClient
from providers.exceptions import OptionsUnreadable, ProviderMisconfigured, ProviderUnusable
from providers.fields import UnreadableOptions
from providers.guarding import guarded, is_shaped, log_failure
from providers.models import Provider
from providers.models.pace import reserve_of
from providers.order_loop import Order, OrderLoop, Tell
from providers.paced_reads import PacedClient, ReaderPace, Through, at_once
from providers.parsing import parse_words
from providers.types import Exchange

Note = Callable[[Exchange], None]
"""Callback for every exchange, called in the thread that made it."""


@contextmanager
def _opening(backend_class: type[ProviderBackend]) -> Iterator[None]:
    """Turn whatever a vendor's module raises while it is opened into ProviderUnusable."""
    try:
        yield
    except ProviderMisconfigured:
        raise
    except Exception as error:
        log_failure(backend_class.slug, "its opening", error)
        raise ProviderUnusable(f"The provider cannot be opened: {type(error).__name__}.") from None


def open_client(
    backend_class: type[ProviderBackend], secrets: Mapping[str, str], options: Mapping[str, Any], **how: Any
) -> HttpClient:
    """Return the client of an account; `how` are further arguments of `HttpClient` (`limits`, `may_repeat`).

    Raises ProviderMisconfigured for an address that this installation forbids, and for options that cannot be used.
    """
    with _opening(backend_class):
        for field in backend_class.fields:
            if not field.is_secret and not is_shaped(field.kind, options.get(field.name)):
                raise OptionsUnreadable(f"The option {field.name} cannot be read.")
        return HttpClient(
            options.get("base_url") or backend_class.default_base_url,
            headers=backend_class.auth_headers(secrets, options),
            allowed_hosts=settings.VENDOR_HOSTS,
            sandbox_origin=settings.SANDBOX_ORIGIN,
            recording_hosts=parse_words(options.get("recording_hosts")),
            **how,
        )


def stored_options(provider: Provider) -> dict[str, Any]:
    """Return a provider's options with the backend's defaults; raises OptionsUnreadable."""
    if isinstance(provider.options, UnreadableOptions):
        raise OptionsUnreadable("The stored options are not a JSON object.")
    return provider.options_with_defaults()


def open_backend(
    provider: Provider,
    note: Note | None = None,
    *,
    is_person: bool = False,
    through: Through = at_once,
    secrets: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    **limits: float,
) -> ProviderBackend:
    """Return a provider's backend, whose requests each take a token first; backends are opened by this alone.

    `note` is called with each exchange. A request waits up to `BACKGROUND_PATIENCE` seconds for its token, for a person
    (`is_person`) up to `PERSON_PATIENCE`, and then raises NoReadLeft. `through` lets threads without a database
    connection reach the bucket. `secrets` and `options` replace the stored ones, for a test of new keys. The backend's
    methods raise a ProviderError, whatever goes wrong in them. Raises ProviderMisconfigured for an address that is not
    allowed, and ProviderUnusable where keys, options or module cannot be used.
    """
    secrets = provider.secrets.open() if secrets is None else secrets
    options = stored_options(provider) if options is None else options
    pace = ReaderPace(reserve_of(provider.pk, provider.vendor), is_person=is_person, through=through)
    client = open_client(provider.backend_class, secrets, options, may_repeat=pace.may_repeat, **limits)
    told = NotedClient(client, note, tuple(secrets.values())) if note else client
    with _opening(provider.backend_class):
        return guarded(provider.backend_class(PacedClient(told, pace), secrets=secrets, options=options))


def open_order_loop(provider: Provider, most: int, tell: Tell[Order]) -> OrderLoop[Order]:
    """Return the loop that sends orders to the vendor, at most `most` at once; `tell` is called with those done.

    Raises as `open_backend` does.
    """
    secrets, options = provider.secrets.open(), stored_options(provider)
    client = open_client(provider.backend_class, secrets, options)
    with _opening(provider.backend_class):
        backend = provider.backend_class(client, secrets=secrets, options=options)
    return OrderLoop(backend, client, most, tell, f"orders-{provider.pk}")


class NotedClient:
    """Wraps a client and calls `note` with every exchange."""

    def __init__(self, client: Client, note: Note, secrets: tuple[str, ...] = ()) -> None:
        self._client = client
        self._note = note
        self._secrets = secrets

    def read(self, request: Request) -> Response:
        """Read, and call `note`."""
        return self._told(self._client.read, request, request.method, request.url)

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording, and call `note`, without the address where it is an absolute one."""
        method, path = (source.method, source.url) if isinstance(source, Request) else ("GET", "/")
        return self._told(self._client.read_sound, source, method, path)

    def send_once(self, request: Request) -> Response:
        """Send at most once, and call `note`."""
        return self._told(self._client.send_once, request, request.method, request.url)

    def _told(self, act: Callable[[Any], Response], request: Any, method: str, path: str) -> Response:
        began, failure = time.monotonic(), None
        response: Response | None = None
        try:
            response = act(request)
            return response
        except Exception as error:
            failure = error
            raise
        finally:
            self._note(
                Exchange(
                    method=method,
                    path=path,
                    http_status=None if response is None else response.status_code,
                    duration_ms=round((time.monotonic() - began) * 1000),
                    error=failure,
                    request=request if isinstance(request, Request) else None,
                    response=response,
                    secrets=self._secrets,
                )
            )
