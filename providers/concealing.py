"""Removal of known secrets and words from texts, in every form in which they may come back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "•••"
LEAST_ENCODED = 4
"""Characters of an encoded form, at least: fewer stand in any text."""


def forms_of(secret: str) -> set[str]:
    """Return a secret as it is, percent-encoded, escaped in JSON, in hexadecimal, and in base64 at any place."""
    raw = secret.encode("utf-8", "surrogatepass")
    percent = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(one)[1:-1] for one in escaped}
    encoded = {raw.hex(), raw.hex().upper()}
    for before in range(3):
        # What stands before shifts the letters by 6 bits a piece: those that it shares with the secret are left out.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * before + raw).decode().rstrip("=")
            whole = (before + len(raw)) // 3 * 4
            encoded.add(text[(0, 2, 3)[before] : whole])
    encoded = {one for one in encoded if len(one) >= LEAST_ENCODED}
    return {one for one in {secret, *percent, *(form.lower() for form in percent), *escaped, *twice, *encoded} if one}


class Concealer:
    """Replaces secrets, whatever their length and form, and whole words by a mask."""

    def __init__(self, secrets: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        # A key is often pasted with a blank, and sent without.
        known = {part for secret in secrets for part in (secret, secret.strip())}
        forms = sorted({form for secret in known if secret for form in forms_of(secret)}, key=len, reverse=True)
        parts = [re.escape(form) for form in forms]
        if found := sorted({re.escape(word) for word in words}, key=len, reverse=True):
            parts.append(rf"(?i:(?<!\w)(?:{'|'.join(found)})(?!\w))")
        self._pattern = re.compile("|".join(parts)) if parts else None

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text
