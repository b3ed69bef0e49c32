"""System checks of the providers app."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from providers import registry


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


@register()
def vendor_packages_work(**_: Any) -> list[CheckMessage]:
    """Return a warning for each entry point of `callcenter.vendors` that cannot be used; the others go on."""
    return [
        Warning(
            f"The entry point {problem.entry} in {registry.GROUP} cannot be used: {problem.why}.",
            hint="Providers of this vendor are halted. Install a version of the package that fits, or remove it.",
            id="providers.W001",
        )
        for problem in registry.problems()
    ]
