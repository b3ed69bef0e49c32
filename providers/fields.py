"""Model fields of a provider: keys that stay sealed until a request leaves, and options that may be unreadable.

Loading a row never raises for what is stored in these fields: one provider's broken column must stop neither the other
providers nor the page that mends it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.db.models.query_utils import DeferredAttribute

from callcenter.formats.masking import last_four
from providers.exceptions import KeysUnreadable


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """Return the cipher: it encrypts with the first of FIELD_KEYS and decrypts with any of them."""
    return _box(tuple(settings.FIELD_KEYS))


MASK = "••••"
SHOWS_ITS_END = 12
"""Characters that a key must have before its last four are shown."""


class SealedSecrets:
    """Secrets by name, kept encrypted as one Fernet token; `open` alone returns them and may raise."""

    __slots__ = ("_token",)

    def __init__(self, token: str = "") -> None:
        self._token = token

    @classmethod
    def seal(cls, secrets: Mapping[str, str] | SealedSecrets | None) -> SealedSecrets:
        """Encrypt secrets with the first of FIELD_KEYS; what is sealed already stays as it is."""
        if isinstance(secrets, SealedSecrets):
            return secrets
        return cls(box().encrypt(json.dumps(dict(secrets)).encode()).decode() if secrets else "")

    @property
    def token(self) -> str:
        """The stored text; empty where there are no secrets."""
        return self._token

    def open(self) -> dict[str, str]:
        """Decrypt the secrets, where a request leaves; raises KeysUnreadable."""
        if not self._token:
            return {}
        try:
            found = json.loads(box().decrypt(self._token.encode()))
        except (InvalidToken, ValueError, TypeError, RecursionError):
            raise KeysUnreadable("No key of FIELD_KEYS opens the stored keys.") from None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise KeysUnreadable("The stored keys do not have the shape of keys.")
        return found

    def _read(self) -> dict[str, str] | None:
        try:
            return self.open()
        except KeysUnreadable:
            return None

    @property
    def is_readable(self) -> bool:
        """Whether `open` returns."""
        return self._read() is not None

    def changed(self, new: Mapping[str, str], removed: Collection[str] = ()) -> dict[str, str]:
        """Return the secrets with new ones and without removed ones; where the old cannot be read, the new alone."""
        return {name: value for name, value in {**(self._read() or {}), **new}.items() if name not in removed}

    def holds(self, name: str) -> bool:
        """Return whether a secret of this name is stored and can be read."""
        return bool((self._read() or {}).get(name))

    def masked(self, name: str) -> str:
        """Return a secret masked to its last four characters; empty where there is none that can be read."""
        value = (self._read() or {}).get(name, "")
        return f"{MASK}{last_four(value)}" if len(value) >= SHOWS_ITS_END else (MASK if value else "")

    def __bool__(self) -> bool:
        return bool(self._token)

    def __repr__(self) -> str:
        return "<sealed>" if self._token else "<empty>"


class _Sealing(DeferredAttribute):
    """Seals what is assigned to the field."""

    def __set__(self, instance: models.Model, value: Mapping[str, str] | SealedSecrets | None) -> None:
        instance.__dict__[self.field.attname] = SealedSecrets.seal(value)


if TYPE_CHECKING:
    SealedField = models.TextField[SealedSecrets | Mapping[str, str], SealedSecrets]
    ObjectField = models.JSONField[dict[str, Any], dict[str, Any]]
else:
    SealedField, ObjectField = models.TextField, models.JSONField


class EncryptedJSONField(SealedField):
    """Stores secrets as one Fernet token and loads them as `SealedSecrets`; queries can only test it for null."""

    descriptor_class = _Sealing

    def get_prep_value(self, value: Any) -> Any:
        """Return the stored text; secrets that are not sealed yet are encrypted with the first of FIELD_KEYS."""
        return SealedSecrets.seal(value).token

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> SealedSecrets:
        """Return the stored text, sealed."""
        return SealedSecrets(value or "")

    def to_python(self, value: Any) -> Any:
        """Return the value, sealed."""
        return SealedSecrets.seal(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return an empty text: secrets are left out of fixtures."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookup `isnull`; raises TypeError for any other."""
        if lookup_name != "isnull":
            raise TypeError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)


class UnreadableOptions(dict[str, Any]):
    """Stands for stored options that are not a JSON object: empty, and refused wherever a request leaves."""

    def __init__(self, stored: Any) -> None:
        super().__init__()
        self.stored = stored


class OptionsField(ObjectField):
    """Stores a JSON object; whatever else is found in the column loads as `UnreadableOptions`."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, Any]:
        """Return the stored object, or `UnreadableOptions`, which is stored back as it was."""
        try:
            found = super().from_db_value(value, expression, connection)
        except ValueError:
            found = value
        is_whole = not isinstance(expression, KeyTransform)
        return UnreadableOptions(found) if is_whole and not isinstance(found, dict) else found

    def deconstruct(self) -> Any:
        """Return what a migration needs: for the database this is a JSON field like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what is stored: options that could not be read are not replaced by none."""
        return super().get_db_prep_value(
            value.stored if isinstance(value, UnreadableOptions) else value, connection, prepared
        )
