"""Recordings that lie at an address of their own: read without our key, one move followed."""

from __future__ import annotations

from urllib.parse import urljoin

from providers.base import Client
from providers.parsing import recording_of
from providers.types import Recording

MOVED = frozenset({301, 302, 303, 307, 308})


def recording_at(client: Client, address: str) -> Recording:
    """Read the recording at an absolute address, without our key.

    A redirect is followed once, to an allowed host only: Bolna's addresses since June 2026 lead to a signed one in its
    storage (its changelog, 2026-05-11). Raises `UnexpectedResponse`, and `RecordingHostRefused` for a host that nobody
    allowed.
    """
    answer = client.read_sound(address)
    if answer.status_code in MOVED and (onward := answer.headers.get("location", "")):
        answer = client.read_sound(urljoin(address, onward))
    return recording_of(answer)
