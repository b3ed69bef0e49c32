"""Which addresses may be sent to: https, on the usual port, of a host on the list OUTBOUND_HOSTS.

That the host's name leads to a public address is checked by the client, for each connection.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from providers.client.addresses import ForeignHost, checked

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Address(NamedTuple):
    """An address as the client takes it."""

    origin: str
    """Scheme, host and port."""
    target: str
    """Path and query."""
    on_this_machine: str
    """The origin where it is this machine's own, which only development allows; else empty."""


class NotAllowed(ValueError):
    """Raised for an address that may not be sent to; the text says why, and the next step."""


def allowed(url: str) -> Address:
    """Return an address; raises NotAllowed."""
    try:
        own = _on_this_machine(url)
        parts, origin = checked(url, settings.OUTBOUND_HOSTS, own)
    except ForeignHost as error:
        raise NotAllowed(
            _("The host %(host)s is not allowed. Ask your server administrator to add it to OUTBOUND_HOSTS.")
            % {"host": error}
        ) from None
    except ValueError:
        raise NotAllowed(
            _("This address is not valid. Enter it as https://HOST/PATH, without a port, user name or #.")
        ) from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(origin.url, target, own)


def host_of(url: str) -> str:
    """Return the host of an address: what logs and the audit log may hold, as its path may be a secret."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _on_this_machine(url: str) -> str:
    parts = urlsplit(url)
    if not settings.DEBUG or parts.hostname not in LOOPBACK or parts.hostname not in settings.OUTBOUND_HOSTS:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
