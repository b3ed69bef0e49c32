"""The list of vendors: each slug with the dotted path of its backend, which is imported on first use."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from providers.base import ProviderBackend

BACKENDS: dict[str, str] = {
    "bitel": "providers.backends.bitel.BitelBackend",
    "unleashx": "providers.backends.unleashx.UnleashXBackend",
    "bolna": "providers.backends.bolna.BolnaBackend",
    "voicy": "providers.backends.voicy.VoicyBackend",
    "vocode": "providers.backends.vocode.VocodeBackend",
}


@cache
def backend_class(slug: str) -> type[ProviderBackend]:
    """Return a vendor's backend class; raises KeyError for an unknown slug."""
    module, _, name = BACKENDS[slug].rpartition(".")
    found: type[ProviderBackend] = getattr(import_module(module), name)
    return found


def vendor_choices() -> list[tuple[str, str]]:
    """Return (slug, label) of every vendor, in the registry's order."""
    return [(slug, backend_class(slug).label) for slug in BACKENDS]


def vendors_that(flag: str) -> list[str]:
    """Return the slugs of the vendors whose backend has a flag set, such as `supports_cancel`."""
    return [slug for slug in BACKENDS if getattr(backend_class(slug), flag)]
