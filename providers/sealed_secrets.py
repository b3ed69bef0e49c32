"""Secrets of one row by name: kept sealed, each for itself, and opened where a request leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from cryptography.fernet import InvalidToken

from callcenter.formats.masking import last_four
from providers import sealing
from providers.exceptions import KeysUnreadable

MASK = "••••"
SHOWS_ITS_END = 12
"""Characters that a key must have before its last four are shown."""
NO_KEY = "No key of FIELD_KEYS opens the stored keys."
ELSEWHERE = "The stored keys were changed, or belong to another row."
NO_SHAPE = "The stored keys do not have the shape of keys."


def ending_of(value: str) -> str:
    """Return what pages show of a key: its last four characters where it is long."""
    return f"{MASK}{last_four(value)}" if len(value) >= SHOWS_ITS_END else (MASK if value else "")


class SealedSecrets:
    """Secrets by name; `open` alone returns them and may raise.

    Stored as JSON: the place (model, field, primary key), and of each secret what pages show of it, a keyed mark to
    know it again by, and the sealed text, to which all of these are bound. So pages, forms and changes open nothing.
    A token of the form before (Fernet) is read until `rotate_keys` has run; whatever is asked of it opens it.
    """

    __slots__ = ("_held", "_place", "_plain", "_token")

    def __init__(
        self,
        token: str = "",
        place: str = "",
        plain: Mapping[str, str] | None = None,
        held: Mapping[str, dict[str, str]] | None = None,
    ) -> None:
        self._token, self._place, self._plain = token, place, plain
        self._held = _entries(token) if held is None else held

    @classmethod
    def of(cls, secrets: Mapping[str, str] | SealedSecrets | None) -> SealedSecrets:
        """Return secrets that are sealed when their row is saved; what is sealed already stays as it is."""
        if isinstance(secrets, SealedSecrets):
            return secrets
        return cls(plain=dict(secrets)) if secrets else cls()

    def at(self, place: str) -> SealedSecrets:
        """Return the same as the value of a row and field."""
        return self if place == self._place else SealedSecrets(self._token, place, self._plain, self._held)

    @property
    def is_sealed(self) -> bool:
        """Whether nothing waits for a row to be sealed for."""
        return not self._plain

    @property
    def token(self) -> str:
        """The stored text; empty where there are no secrets. Raises TypeError before they are sealed."""
        if self._plain:
            raise TypeError("These secrets belong to no row yet: save them with their row, or seal them for it.")
        return self._token

    def sealed_for(self, place: str, *, in_form_before: bool = False) -> SealedSecrets:
        """Return them with all that is not sealed yet sealed for a place."""
        if not self._plain:
            return self.at(place)
        if in_form_before and not self._held:
            whole = {**(self._opened_before() if self._token else {}), **self._plain}
            return SealedSecrets(sealing.box().encrypt(json.dumps(whole).encode()).decode(), place)
        held = self._held if self._held or not self._token else _sealed(self._opened_before(), place)
        return SealedSecrets(_written(place, {**held, **_sealed(self._plain, place)}), place)

    def resealed(self, place: str) -> SealedSecrets:
        """Return them sealed anew with the first of FIELD_KEYS; raises KeysUnreadable."""
        return SealedSecrets(plain=self.open()).sealed_for(place)

    def open(self) -> dict[str, str]:
        """Decrypt the secrets, where a request leaves; raises KeysUnreadable."""
        if not self._token:
            return dict(self._plain or {})
        if not self._held:
            return {**self._opened_before(), **(self._plain or {})}
        if self._written_for() != self._place:
            raise KeysUnreadable(ELSEWHERE)
        found = {}
        for name, entry in self._held.items():
            if not sealing.has_key_for(entry["sealed"]):
                raise KeysUnreadable(NO_KEY)
            try:
                found[name] = sealing.unseal(entry["sealed"], self._place, name, entry["shown"], entry["mark"])
            except sealing.CannotOpen:
                raise KeysUnreadable(ELSEWHERE) from None
        return {**found, **(self._plain or {})}

    def _opened_before(self) -> dict[str, str]:
        """Open a token of the form before; raises KeysUnreadable."""
        try:
            found = json.loads(sealing.box().decrypt(self._token.encode()))
        except (InvalidToken, ValueError, TypeError, RecursionError):
            raise KeysUnreadable(NO_KEY) from None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise KeysUnreadable(NO_SHAPE)
        return found

    def _written_for(self) -> str:
        return str(json.loads(self._token)["for"])

    @property
    def is_in_form_before(self) -> bool:
        """Whether they are a token of the form before, or nothing that is known."""
        return bool(self._token) and not self._held

    @property
    def is_readable(self) -> bool:
        """Whether there are keys for them and they belong to this row; nothing of the present form is opened."""
        if self._held:
            sealed = (entry["sealed"] for entry in self._held.values())
            return self._written_for() == self._place and all(sealing.has_key_for(one) for one in sealed)
        return self._read() is not None

    def _read(self) -> dict[str, str] | None:
        try:
            return self._opened_before() if self._token else {}
        except KeysUnreadable:
            return None

    def _shown(self) -> dict[str, str]:
        """Return what pages show of each secret that can be read."""
        if self._held:
            shown = {name: entry["shown"] for name, entry in self._held.items()} if self.is_readable else {}
        else:
            shown = {name: ending_of(value) for name, value in (self._read() or {}).items()}
        return {**shown, **{name: ending_of(value) for name, value in (self._plain or {}).items()}}

    @property
    def names(self) -> list[str]:
        """The names of the secrets that can be read."""
        return sorted(name for name, shown in self._shown().items() if shown)

    def holds(self, name: str) -> bool:
        """Return whether a secret of this name is stored and can be read."""
        return bool(self._shown().get(name))

    def masked(self, name: str) -> str:
        """Return a secret masked to its last four characters; empty where there is none that can be read."""
        return self._shown().get(name, "")

    def differs(self, new: Mapping[str, str]) -> bool:
        """Return whether any of new secrets is another than the stored one; nothing of the present form is opened."""
        if not self._held:
            known = {**(self._read() or {}), **(self._plain or {})}
            return any(known.get(name) != value for name, value in new.items())
        return any(not self._is_known(name, value) for name, value in new.items())

    def _is_known(self, name: str, value: str) -> bool:
        entry = self._held.get(name) if self.is_readable else None
        if entry is None:
            return False
        found = sealing.mark(value, sealing.sealed_with(entry["sealed"]), self._place, name)
        return bool(found) and found == entry["mark"]

    def changed(self, new: Mapping[str, str], removed: Collection[str] = ()) -> SealedSecrets:
        """Return the secrets with new ones and without removed ones; where the old cannot be read, the new alone."""
        plain = {**(self._plain or {}), **new}
        if self._held and self.is_readable:
            held = {name: entry for name, entry in self._held.items() if name not in removed and name not in plain}
            token = _written(self._place, held) if held else ""
        else:
            token = ""
            plain = {**(self._read() or {}), **plain} if self._token and not self._held else plain
        return SealedSecrets(token, self._place, {name: one for name, one in plain.items() if name not in removed})

    def __bool__(self) -> bool:
        return bool(self._token or self._plain)

    def __repr__(self) -> str:
        return "<sealed>" if self else "<empty>"

    def __reduce__(self) -> Any:
        return SealedSecrets, (self.token, self._place)


def _entries(token: str) -> dict[str, dict[str, str]]:
    """Return the entries of a stored text; none where it is not of the present form."""
    if not token.startswith("{"):
        return {}
    try:
        found = json.loads(token)
        secrets = found["secrets"]
        if not isinstance(found["for"], str) or not isinstance(secrets, dict):
            return {}
        kept = {name: {part: entry[part] for part in ("shown", "mark", "sealed")} for name, entry in secrets.items()}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    is_text = all(isinstance(part, str) for entry in kept.values() for part in entry.values())
    return kept if is_text else {}


def _sealed(plain: Mapping[str, str], place: str) -> dict[str, dict[str, str]]:
    found = {}
    for name, value in plain.items():
        shown, known_by = ending_of(value), sealing.mark(value, sealing.current_key(), place, name)
        sealed = sealing.seal(value, place, name, shown, known_by)
        found[name] = {"shown": shown, "mark": known_by, "sealed": sealed}
    return found


def _written(place: str, entries: Mapping[str, Mapping[str, str]]) -> str:
    return json.dumps({"for": place, "secrets": entries}, ensure_ascii=False)
