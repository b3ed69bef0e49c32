"""A column whose JSON is encrypted at rest, with several keys so that they can be rotated."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """Return the box: it closes with the first of FIELD_KEYS and opens with any of them."""
    return _box(tuple(settings.FIELD_KEYS))


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """Stores a flat dict of secrets as one Fernet token; it cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way in."""
        if not value:
            return ""
        return box().encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, str]:
        """Decrypt on the way out; raises InvalidToken where no key fits."""
        if not value:
            return {}
        opened: dict[str, str] = json.loads(box().decrypt(value.encode()))
        return opened

    def to_python(self, value: Any) -> Any:
        """Leave dicts as they are."""
        return value or {}

    def value_to_string(self, obj: models.Model) -> str:
        """Dump nothing: secrets do not leave in fixtures."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse every search but for null."""
        if lookup_name != "isnull":
            raise TypeError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)
