"""The vendors: those of the product, and those of installed packages.

A package names its vendors in the entry-point group `callcenter.vendors`: an entry point's name is the vendor's slug,
its object the backend's class. `<slug>.simulator` names the class of the vendor's simulator. Both are imported on first
use. What cannot be loaded is left out and told by `problems`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract

from providers.base import ProviderBackend
from providers.missing import missing_backend

BACKENDS: dict[str, str] = {
    "bitel": "providers.backends.bitel.BitelBackend",
    "unleashx": "providers.backends.unleashx.UnleashXBackend",
    "bolna": "providers.backends.bolna.BolnaBackend",
    "voicy": "providers.backends.voicy.VoicyBackend",
    "vocode": "providers.backends.vocode.VocodeBackend",
}
GROUP = "callcenter.vendors"
SIMULATOR = ".simulator"
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """An entry point that cannot be used."""

    entry: str
    """Its name and object, and the package that brings it."""
    why: str


def slugs() -> list[str]:
    """Return the slug of every vendor whose backend can be loaded: the product's own first."""
    return [*BACKENDS, *(slug for slug in _entries() if isinstance(_outside(slug), type))]


@cache
def backend_class(slug: str) -> type[ProviderBackend]:
    """Return a vendor's backend class; for a vendor that cannot be loaded one that refuses to be opened.

    Stored providers name their vendor by slug, and no page or worker may fail over one whose package is gone.
    """
    if slug in BACKENDS:
        module, _, name = BACKENDS[slug].rpartition(".")
        found: type[ProviderBackend] = getattr(import_module(module), name)
        return found
    outside = _outside(slug)
    return outside if isinstance(outside, type) else missing_backend(slug)


def vendor_choices() -> list[tuple[str, str]]:
    """Return (slug, label) of every vendor, in the registry's order."""
    return [(slug, backend_class(slug).label) for slug in slugs()]


def vendors_that(flag: str) -> list[str]:
    """Return the slugs of the vendors whose backend has a flag set, such as `supports_cancel`."""
    return [slug for slug in slugs() if getattr(backend_class(slug), flag)]


def simulators() -> dict[str, EntryPoint]:
    """Return the entry points of the simulators of packages, by slug."""
    return {
        slug: entry
        for name, entry in _entry_points().items()
        if name.endswith(SIMULATOR) and (slug := name.removesuffix(SIMULATOR)) not in BACKENDS
    }


def problems() -> list[EntryProblem]:
    """Return the entry points that cannot be used, and why."""
    found = [
        EntryProblem(_words_of(entry), "another one has this name already")
        for position, entry in enumerate(_found())
        if entry.name in BACKENDS or entry.name in {earlier.name for earlier in _found()[:position]}
    ]
    for slug, entry in _entries().items():
        outcome = _outside(slug)
        if isinstance(outcome, str):
            found.append(EntryProblem(_words_of(entry), outcome))
    for entry in simulators().values():
        try:
            entry.load()
        except Exception as error:
            found.append(EntryProblem(_words_of(entry), f"{type(error).__name__} at its import"))
    return found


def forget() -> None:
    """Read the installed packages anew at the next question; for tests, a running process keeps what it found."""
    for kept in (_found, _outside, backend_class):
        kept.cache_clear()


@cache
def _found() -> Sequence[EntryPoint]:
    """Return the entry points of the group, in an order that does not depend on the order of folders."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, _package_of(entry)))


def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in reversed(_found())}


def _entries() -> dict[str, EntryPoint]:
    """Return the entry points of backends by slug, without those that take a name of the product."""
    return {
        name: entry for name, entry in _entry_points().items() if not name.endswith(SIMULATOR) and name not in BACKENDS
    }


@cache
def _outside(slug: str) -> type[ProviderBackend] | str:
    """Return the backend class that a package brings, or why it cannot be used."""
    entry = _entries().get(slug)
    if entry is None:
        return "no installed package brings it"
    if not SLUG.fullmatch(slug):
        return "its name is no slug: write up to 20 small letters, digits, dashes and underscores"
    try:
        found = entry.load()
    except Exception as error:
        return f"{type(error).__name__} at its import"
    if not isinstance(found, type) or not issubclass(found, ProviderBackend):
        return "it is not a subclass of ProviderBackend"
    if isabstract(found):
        return "its class is not complete: a method of the contract is missing"
    lacking = [
        name for name in ("label", "docs_url", "default_base_url", "status_map", "fields") if not hasattr(found, name)
    ]
    if lacking:
        return f"its class has no {', '.join(lacking)}"
    if getattr(found, "slug", None) != slug:
        return "its class has another slug than the entry point"
    return found


def _package_of(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unnamed package"


def _words_of(entry: EntryPoint) -> str:
    return f"{entry.name} = {entry.value} of {_package_of(entry)}"
