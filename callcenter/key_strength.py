"""Whether the keys and names of the environment are fit for production; `settings.py` refuses those that are not.

It is imported by the settings, so it imports nothing of Django.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import re
import zlib
from collections.abc import Iterator, Sequence

MAKE_KEYS = "Make new ones with `manage.py init --print-production` and put its lines into .env."
MAKE_FIELD_KEY = "Make one with `manage.py init --print-key`."
SECRET_KEY_LENGTH = 50
LEAST_DISTINCT = 12
"""Different characters of 50 random ones, at least; hexadecimal digits are 16."""
LEAST_PACKED = 36
"""Bytes to which 50 random characters can be packed, at least; repeated words and rows of one letter take less."""
LEAST_COMPARED = 12
FIELD_KEY_BYTES = 32
LEAST_DISTINCT_BYTES = 20
"""Of 32 random bytes, 30 differ; fewer than 20 happen less often than once in 10^9."""
PLACEHOLDER = re.compile(
    r"change[-_ ]?me|change[-_ ]?this|your[-_ ]|secret[-_ ]?key|example|insecure|placeholder|only[-_ ]for"
    r"|tests[-_ ]only|password|unset",
    re.IGNORECASE,
)
PUBLISHED = frozenset({"cd9d82dc12c417236dffef2d435426d9460edaf4fda5f6b378d2edacfcc13306"})
"""SHA-256 of keys that stand in the source, for tests: whoever reads it has them."""
HOST = re.compile(r"\.?[a-z0-9_-]++(\.[a-z0-9_-]++)*+|\[[0-9a-f:.]+\]", re.IGNORECASE)


def faults(
    secret_key: str, field_keys: Sequence[str], allowed_hosts: Sequence[str], others: Sequence[str] = ()
) -> Iterator[str]:
    """Yield what is wrong, each with the next step; `others` are further secrets that must differ from the keys.

    No sentence holds a part of a key.
    """
    yield from _of_secret_key(secret_key)
    for number, key in enumerate(field_keys, 1):
        if fault := _of_field_key(key):
            yield f"FIELD_KEYS: key {number} {fault} {MAKE_FIELD_KEY}"
    if len(set(field_keys)) < len(field_keys):
        yield "FIELD_KEYS names a key twice. Remove one of the two."
    # A password of a few letters may stand in a key by chance.
    others = [other for other in others if len(other) >= LEAST_COMPARED]
    if any(key and (key in secret_key or secret_key in key) for key in (*field_keys, *others)):
        yield f"SECRET_KEY is also used for something else. {MAKE_KEYS}"
    if set(field_keys) & set(others):
        yield f"A key of FIELD_KEYS is also used for something else. {MAKE_FIELD_KEY}"
    for host in allowed_hosts:
        if fault := _of_host(host):
            yield f"ALLOWED_HOSTS: {host!r} {fault} Write the names under which browsers reach us: desk.example.org"


def _of_secret_key(key: str) -> Iterator[str]:
    if len(key) < SECRET_KEY_LENGTH:
        yield f"SECRET_KEY is short ({len(key)} characters): log-ins could be forged. {MAKE_KEYS}"
    elif PLACEHOLDER.search(key) or _is_published(key):
        yield f"SECRET_KEY is an example: others know it too. {MAKE_KEYS}"
    elif is_guessable(key):
        yield f"SECRET_KEY is not random: it repeats itself or follows a row. {MAKE_KEYS}"


def is_guessable(key: str) -> bool:
    """Return whether a long text is one of few letters, repeats itself, or runs along the alphabet or the digits."""
    steps = [abs(ord(one) - ord(other)) for one, other in itertools.pairwise(key)]
    return (
        len(set(key)) < LEAST_DISTINCT
        or len(zlib.compress(key.encode(), 9)) < LEAST_PACKED
        or sum(step <= 1 for step in steps) * 2 > len(steps)
    )


def _of_field_key(key: str) -> str:
    try:
        found = base64.b64decode(key.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return "is not a key."
    if len(found) != FIELD_KEY_BYTES:
        return "is not a key: it does not have 32 bytes in base64."
    if _is_published(key):
        return "is an example: others know it too."
    steps = [(one - other) % 256 for one, other in itertools.pairwise(found)]
    is_guessable = len(set(found)) < LEAST_DISTINCT_BYTES or len(set(steps)) < LEAST_DISTINCT_BYTES // 2
    # Thirty-two typed characters are no random bytes: these have all values.
    if is_guessable or all(32 <= byte < 127 for byte in found):
        return "is not random."
    return ""


def _is_published(key: str) -> bool:
    return hashlib.sha256(key.encode()).hexdigest() in PUBLISHED


def _of_host(host: str) -> str:
    if host == "*" or host.startswith("*"):
        return "lets browsers reach us under any name, which links in mails would then have."
    if not HOST.fullmatch(host):
        return "is no name: leave out https://, the port and the path."
    if host.startswith(".") and "." not in host[1:]:
        return "is a whole top-level domain."
    return ""
