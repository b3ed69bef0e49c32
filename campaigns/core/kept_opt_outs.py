"""Opt-outs of erased people, kept as keyed hashes: their numbers are never called, and nobody is told whose they were.

The key is random, encrypted with FIELD_KEYS in its own row, so that `rotate_keys` encrypts it anew and no hash is lost.
"""

from __future__ import annotations

import datetime
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence

from django.db.models import Q, QuerySet

from campaigns.models import ErasureKey, KeptOptOut

AT_ONCE = 1_000
"""Hashes in one statement."""
_known: dict[str, bytes] = {}


def key() -> bytes:
    """Return the key of the hashes, which a migration made. Raises KeysUnreadable: then nothing may be called."""
    if "key" not in _known:
        row, is_new = ErasureKey.objects.get_or_create(pk=1, defaults={"sealed": {"key": secrets.token_hex(32)}})
        found = bytes.fromhex(row.sealed.open()["key"])
        if is_new:
            # Not remembered: this transaction may be rolled back.
            return found
        _known["key"] = found
    return _known["key"]


def digest_of(number: str) -> str:
    """Return the keyed hash of a number in E.164, in hexadecimal digits."""
    return hmac.digest(key(), number.encode(), "sha256").hex()


def digests_of(numbers: Iterable[str]) -> dict[str, str]:
    """Return the numbers by their hash."""
    return {digest_of(number): number for number in numbers}


def in_force(now: datetime.datetime) -> QuerySet[KeptOptOut]:
    """Return the kept opt-outs that are not over."""
    return KeptOptOut.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def kept_among(numbers: Sequence[str], now: datetime.datetime) -> set[str]:
    """Return those of many numbers whose opt-out is kept; nothing is hashed where none is."""
    if not in_force(now).exists():
        return set()
    found: set[str] = set()
    for first in range(0, len(numbers), AT_ONCE):
        digests = digests_of(numbers[first : first + AT_ONCE])
        kept = in_force(now).filter(digest__in=digests).values_list("digest", flat=True)
        found.update(digests[digest] for digest in kept)
    return found


class KeptNumbers:
    """Kept opt-outs, asked by number: for a whole audience, of which few or none are kept."""

    def __init__(self, digests: Iterable[str]) -> None:
        self._digests = frozenset(bytes.fromhex(digest) for digest in digests)
        self._key = key() if self._digests else b""

    def __contains__(self, number: object) -> bool:
        """Return whether the opt-out of a number is kept; nothing is hashed where none is."""
        return bool(self._digests) and hmac.digest(self._key, str(number).encode(), "sha256") in self._digests


def keep(numbers: Collection[str], expires_at: datetime.datetime | None) -> None:
    """Keep the opt-outs of numbers, in the caller's transaction; one that lasts longer already stays."""
    for digest in digests_of(numbers):
        kept, is_new = KeptOptOut.objects.get_or_create(digest=digest, defaults={"expires_at": expires_at})
        if not is_new and kept.expires_at is not None and (expires_at is None or expires_at > kept.expires_at):
            kept.expires_at = expires_at
            kept.save(update_fields=["expires_at"])


def forget(numbers: Collection[str]) -> int:
    """Forget the opt-outs of numbers that may be called again; returns how many."""
    return int(KeptOptOut.objects.filter(digest__in=digests_of(numbers)).delete()[0])
