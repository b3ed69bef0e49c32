"""The wire formats: one module a vendor, nothing shared but `base`."""

from __future__ import annotations

from importlib import import_module

from providers.sandbox.wire.base import Wire
from providers.sandbox.world import World

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
    return wires
