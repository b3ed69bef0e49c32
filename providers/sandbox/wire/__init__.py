"""The wire formats: one module a vendor, nothing shared but `base`; packages bring theirs by entry points."""

from __future__ import annotations

import logging
from importlib import import_module

from providers import registry
from providers.sandbox.accounts import DEMO_ACCOUNTS, DemoAccount
from providers.sandbox.wire.base import Wire
from providers.sandbox.world import World

logger = logging.getLogger(__name__)

WIRES: dict[str, str] = {
    "bitel": "providers.sandbox.wire.bitel.BitelWire",
    "unleashx": "providers.sandbox.wire.unleashx.UnleashXWire",
    "bolna": "providers.sandbox.wire.bolna.BolnaWire",
    "voicy": "providers.sandbox.wire.voicy.VoicyWire",
    "vocode": "providers.sandbox.wire.vocode.VocodeWire",
}


def build_wires(world: World) -> dict[str, Wire]:
    """Return one wire a vendor, all speaking for the same world."""
    wires: dict[str, Wire] = {}
    for slug, path in WIRES.items():
        module, _, name = path.rpartition(".")
        wires[slug] = getattr(import_module(module), name)(world)
    return wires | {slug: wire(world) for slug, wire in outside_wires().items()}


def outside_wires() -> dict[str, type[Wire]]:
    """Return the wires that packages bring, by slug; one that cannot be loaded is left out and logged."""
    found: dict[str, type[Wire]] = {}
    for slug, entry in registry.simulators().items():
        try:
            wire = entry.load()
            if not issubclass(wire, Wire) or wire.slug != slug or wire.demo is None:
                raise TypeError(slug)
        except Exception as error:
            logger.warning("the simulator of %s cannot be used: %s", slug, type(error).__name__)
        else:
            found[slug] = wire
    return found


def demo_accounts() -> list[DemoAccount]:
    """Return the demo account of every vendor that the simulator speaks for."""
    return [*DEMO_ACCOUNTS, *(wire.demo for wire in outside_wires().values() if wire.demo is not None)]
