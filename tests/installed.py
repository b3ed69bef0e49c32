"""Installs a distribution for one test: what `pip install` would leave behind, without a network or a build."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from providers import registry

VENDOR_PACKAGE = Path(__file__).parent / "vendor_package"


def install(folder: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the distribution of a folder by its own pyproject.toml, into `site`."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    monkeypatch.syspath_prepend(folder)
    install_entries(project["name"], project["entry-points"][registry.GROUP], site, monkeypatch)


def install_entries(name: str, entries: Mapping[str, str], site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution that has nothing but these entry points; call `registry.forget` after the test."""
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{entry} = {target}" for entry, target in entries.items()]
    (folder / "entry_points.txt").write_text("\n".join([f"[{registry.GROUP}]", *lines, ""]))
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    registry.forget()


def uninstall() -> None:
    """Forget what was imported from a distribution that is gone."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"acme_calls", "broken_vendor"}]:
        del sys.modules[name]
    registry.forget()
