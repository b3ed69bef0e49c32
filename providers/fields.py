"""A model field whose JSON is encrypted at rest, with several keys so that they can be rotated."""

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
    """Return the cipher: it encrypts with the first of FIELD_KEYS and decrypts with any of them."""
    return _box(tuple(settings.FIELD_KEYS))


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """Stores a flat dict of secrets as one Fernet token; queries can only test it for null."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt a value for the database."""
        if not value:
            return ""
        return box().encrypt(json.dumps(value).encode()).decode()

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, str]:
        """Decrypt a value from the database; raises InvalidToken where no key fits."""
        if not value:
            return {}
        opened: dict[str, str] = json.loads(box().decrypt(value.encode()))
        return opened

    def to_python(self, value: Any) -> Any:
        """Return the value, or an empty dict where there is none."""
        return value or {}

    def value_to_string(self, obj: models.Model) -> str:
        """Return an empty text: secrets are left out of fixtures."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookup `isnull`; raises TypeError for any other."""
        if lookup_name != "isnull":
            raise TypeError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)
