"""System checks of the providers app."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def field_keys_work(**_: Any) -> list[CheckMessage]:
    """Return an error where FIELD_KEYS holds a key that cannot encrypt: vendor keys would be unreadable."""
    for position, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    f"FIELD_KEYS: key {position} is not a Fernet key.",
                    hint="Make one with `manage.py init --print-key`.",
                    id="providers.E001",
                )
            ]
    return []
