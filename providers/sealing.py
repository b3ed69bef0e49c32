"""Encryption of stored texts that open only in the place where they were sealed.

Authenticated encryption with associated data (AES-256-GCM, https://www.rfc-editor.org/rfc/rfc5116): the place, such as
model, field and primary key, is authenticated beside the text, so that a value copied to another row or column does not
open. The keys are derived from those of FIELD_KEYS by HKDF (RFC 5869); a sealed text names the one it was sealed with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from contextlib import suppress
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORM = "2"
"""The first part of a sealed text; tokens of the form before (Fernet) begin with `gAAAA`."""
NONCE_BYTES = 12


class CannotOpen(Exception):
    """Raised where a sealed text cannot be opened; the text says why."""


@lru_cache(maxsize=16)
def _derived(key: str, purpose: str) -> bytes:
    """Return 32 bytes for a purpose; raises ValueError for a key that FIELD_KEYS cannot have."""
    found = base64.urlsafe_b64decode(key)
    if len(found) != 32:
        raise ValueError("A key of FIELD_KEYS has 32 bytes.")
    return HKDF(SHA256(), 32, salt=None, info=f"callcenter {purpose}".encode()).derive(found)


def key_id(key: str) -> str:
    """Return what a sealed text names a key by; it tells nothing of the key."""
    return _derived(key, "key id").hex()[:12]


def _keys() -> dict[str, str]:
    found = {}
    for key in settings.FIELD_KEYS:
        # One that is no key opens nothing; production does not start with it.
        with suppress(ValueError):
            found[key_id(key)] = key
    return found


def _authenticated(name: str, place: tuple[str, ...]) -> bytes:
    return json.dumps([FORM, name, *place]).encode()


def seal(text: str, *place: str) -> str:
    """Encrypt a text with the first of FIELD_KEYS for one place; `unseal` wants the same place."""
    key = settings.FIELD_KEYS[0]
    name, nonce = key_id(key), os.urandom(NONCE_BYTES)
    sealed = AESGCM(_derived(key, "seal")).encrypt(nonce, text.encode(), _authenticated(name, place))
    return ".".join((FORM, name, base64.urlsafe_b64encode(nonce + sealed).decode()))


def unseal(sealed: str, *place: str) -> str:
    """Decrypt a text that was sealed for this place; raises CannotOpen."""
    name = sealed_with(sealed)
    if name not in (keys := _keys()):
        raise CannotOpen("No key of FIELD_KEYS opens it.")
    try:
        found = base64.urlsafe_b64decode(sealed.split(".", 2)[2])
        nonce, rest = found[:NONCE_BYTES], found[NONCE_BYTES:]
        return AESGCM(_derived(keys[name], "seal")).decrypt(nonce, rest, _authenticated(name, place)).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise CannotOpen("It was changed, or sealed for another place.") from None


def sealed_with(sealed: str) -> str:
    """Return the name of the key that a text was sealed with; empty for what is no sealed text."""
    form, _dot, rest = sealed.partition(".")
    name, dot, _sealed = rest.partition(".")
    return name if form == FORM and dot else ""


def has_key_for(sealed: str) -> bool:
    """Return whether FIELD_KEYS has the key that a text was sealed with; nothing is opened."""
    return sealed_with(sealed) in _keys()


def mark(text: str, key_name: str, *place: str) -> str:
    """Return a keyed mark by which a text is known again without opening the stored one; empty for an unknown key."""
    key = _keys().get(key_name)
    if not key:
        return ""
    said = json.dumps([*place, text]).encode()
    return hmac.new(_derived(key, "mark"), said, hashlib.sha256).hexdigest()[:32]


def current_key() -> str:
    """Return the name of the key that seals."""
    return key_id(settings.FIELD_KEYS[0])


# The form before: tokens that open in any place


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """Return the cipher of the form before: it encrypts with the first of FIELD_KEYS and decrypts with any of them."""
    return _box(tuple(settings.FIELD_KEYS))
