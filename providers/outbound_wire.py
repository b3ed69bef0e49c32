"""One message to a host of OUTBOUND_HOSTS over our own wire: https, public addresses, no redirect, one deadline."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from providers.client.addresses import checked
from providers.client.loop import carry
from providers.client.transfers import Transfer
from providers.exceptions import NotSent

MAX_ANSWER_BYTES = 64 * 1024
TIMES = (5.0, 15.0)
"""Seconds to connect, seconds in all."""


def is_allowed(host: str) -> bool:
    """Return whether messages may go to a host: one that whoever runs the server named in OUTBOUND_HOSTS."""
    try:
        checked(f"https://{host}/", settings.OUTBOUND_HOSTS, "")
    except ValueError:
        return False
    return True


def post_once(url: str, body: bytes, headers: Mapping[str, str]) -> Response:
    """Post a message once and return the answer; raises NotSent or ValueError where it may not or cannot be sent."""
    _parts, origin = checked(url, settings.OUTBOUND_HOSTS, "")
    request = PreparedRequest()
    request.method, request.url, request.body = "POST", url, body
    request.headers = CaseInsensitiveDict(headers)
    transfer = Transfer(request, origin, MAX_ANSWER_BYTES, TIMES, may_leave=lambda: True, lost=_lost)
    carry(transfer)
    return transfer.answer()


def _lost(reason: str) -> NotSent:
    return NotSent(f"The message was lost: {reason}.")
