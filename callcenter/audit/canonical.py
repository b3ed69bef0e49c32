"""One event as bytes, the same on every engine; its signature when it is written, and what may stand in it at all."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.utils import timezone

from callcenter.formats.masking import ending

MAX_TEXT = 500
"""Characters of one text in an event's detail."""
MAX_ITEMS = 100
MAX_DEPTH = 6
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters that one of the engines refuses; a question mark takes their place."""
PHONE = re.compile(r"(?<![\w.-])\+?\d{10,}(?![\w.-])")
SIGNED = (
    "actor_id", "actor_name", "role", "session", "address", "request_id", "source", "action", "object_type",
    "object_id", "object_name",
)  # fmt: skip
"""Columns of an event that its signature and its place in the chain hold, beside its time and its detail."""


class Event(Protocol):
    """What of an event is read here; `models.AuditEvent` is one."""

    pk: Any
    at: Any
    detail: Any
    signature: Any


def clean_text(text: str, most: int = MAX_TEXT) -> str:
    """Return a text that both engines store, cut, with whole phone numbers masked to their last four digits."""
    text = UNSTORABLE.sub("?", text[: most * 4])
    return PHONE.sub(lambda found: ending(found[0]), text)[:most]


def clean(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value as plain JSON of bounded size; what is no JSON becomes its text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {clean_text(str(name)): clean(item, depth - 1) for name, item in items} if depth else "…"
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [clean(item, depth - 1) for item in items[:MAX_ITEMS]] if depth else "…"
    return clean_text(str(value))


def canonical(event: Event) -> bytes:
    """Return what of an event is signed and chained, as JSON in one spelling."""
    at = event.at.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    values = [at, *(getattr(event, name) for name in SIGNED), _one_spelling(event.detail)]
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def _one_spelling(value: Any) -> Any:
    """Return a JSON value with numbers as both engines give them back: PostgreSQL makes 100 of 1e2."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _one_spelling(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_one_spelling(item) for item in value]
    return value


# Keys: derived from FIELD_KEYS, so that the database alone is not enough


class Key:
    """One key of the audit log."""

    def __init__(self, field_key: str) -> None:
        self.secret = hmac.new(field_key.encode(), b"callcenter.audit.1", hashlib.sha256).digest()
        self.name = hashlib.sha256(self.secret).hexdigest()[:8]
        """Tells keys apart; nothing can be computed from it."""

    def mac(self, *parts: bytes) -> str:
        """Return the keyed hash of these parts, in hexadecimal digits."""
        found = hmac.new(self.secret, digestmod=hashlib.sha256)
        for part in parts:
            found.update(len(part).to_bytes(8, "big") + part)
        return found.hexdigest()


@lru_cache(maxsize=8)
def _keys_of(field_keys: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(Key(one) for one in field_keys)


def keys() -> tuple[Key, ...]:
    """Return a key for each of FIELD_KEYS; the first one signs."""
    return _keys_of(tuple(settings.FIELD_KEYS))


def key_named(name: str) -> Key | None:
    """Return the key of this name; None where FIELD_KEYS does not hold it any more."""
    return next((key for key in keys() if key.name == name), None)


def sign(event: Event) -> str:
    """Return the signature of an event that is about to be written."""
    key, nonce = keys()[0], secrets.token_hex(8)
    return f"{key.name}.{nonce}.{key.mac(nonce.encode(), canonical(event))}"


def is_signed(event: Event) -> bool:
    """Return whether Callcenter itself wrote an event as it stands, by a key that is still known."""
    name, _, rest = event.signature.partition(".")
    nonce, _, mac = rest.partition(".")
    key = key_named(name)
    return key is not None and hmac.compare_digest(mac, key.mac(nonce.encode(), canonical(event)))


def row_hash(event: Event) -> str:
    """Return the hash of one whole row."""
    return hashlib.sha256(f"{event.pk}.{event.signature}.".encode(errors="replace") + canonical(event)).hexdigest()


def link_digest(before: str, event_id: int, hashed: str, kind: str) -> str:
    """Return what a link of the chain holds: the link before it, and its row."""
    return hashlib.sha256(f"{before}.{event_id}.{hashed}.{kind}".encode()).hexdigest()


def joined(parts: Iterable[object]) -> bytes:
    """Return values as bytes to be signed."""
    return json.dumps([str(part) for part in parts]).encode()
