"""Values in a shared cache: pickles that are read only where we signed them, since whoever loads a pickle runs it."""

from __future__ import annotations

import hashlib
import hmac
import logging
import pickle
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)
SIGNATURE_BYTES = hashlib.sha256().digest_size


class SignedValues:
    """Serializer of the Redis cache: numbers as they are, so that Redis can count them; all else signed."""

    def dumps(self, value: Any) -> bytes | int:
        """Return what is stored."""
        if type(value) is int:
            return value
        pickled = pickle.dumps(value)
        return _signature(pickled) + pickled

    def loads(self, stored: bytes) -> Any:
        """Return the value; None, as for a value that is not there, where it was not written by us."""
        try:
            return int(stored)
        except ValueError:
            signature, pickled = stored[:SIGNATURE_BYTES], stored[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(pickled)):
            logger.warning("a value in the cache that we did not sign is not read")
            return None
        return pickle.loads(pickled)  # noqa: S301 - signed by us


def _signature(pickled: bytes) -> bytes:
    key = hashlib.sha256(b"callcenter.cache" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, pickled, hashlib.sha256).digest()
