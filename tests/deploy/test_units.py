"""The units of systemd: well formed, and what they start is there."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from callcenter.supervision import STOP_SECONDS
from tests.migrated import ROOT

UNITS = sorted((ROOT / "deploy/systemd").iterdir())
PLACE = "/opt/callcenter"


def read(path: Path) -> configparser.ConfigParser:
    """Return a unit's settings; names keep their letters."""
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(path)
    return found


def test_there_are_units_for_all_that_runs() -> None:
    names = {path.name for path in UNITS}
    assert names == {
        f"callcenter-{name}" for name in ("web.service", "worker.service", "backup.service", "backup.timer")
    }


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.stem)
def test_what_a_unit_starts_is_there(path: Path) -> None:
    unit = read(path)["Service"]
    assert unit["WorkingDirectory"] == PLACE
    started = [unit[name] for name in ("ExecStart", "ExecStartPre") if name in unit]
    for command in started:
        program = command.split()[0]
        assert program.startswith(f"{PLACE}/")
        inside = ROOT / program.removeprefix(f"{PLACE}/")
        assert inside.exists()


def test_dead_processes_are_started_anew_and_never_given_up() -> None:
    for name in ("web", "worker"):
        assert read(ROOT / f"deploy/systemd/callcenter-{name}.service")["Service"]["Restart"] == "always"
    worker = read(ROOT / "deploy/systemd/callcenter-worker.service")
    assert worker["Unit"]["StartLimitIntervalSec"] == "0"
    assert int(worker["Service"]["TimeoutStopSec"]) > STOP_SECONDS
    assert worker["Service"]["KillMode"] == "mixed"


@pytest.mark.deploy
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_takes_it(path: Path, tmp_path: Path) -> None:
    """Copies are asked about, with this folder instead of the one where it will lie."""
    for unit in UNITS:
        text = re.sub(rf"{PLACE}\b", str(ROOT), unit.read_text())
        (tmp_path / unit.name).write_text(text)
    asked = ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", str(tmp_path / path.name)]
    done = subprocess.run(asked, capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if path.name in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.deploy
@pytest.mark.parametrize("name", ["web", "worker", "backup"])
def test_systemd_finds_it_confined(name: str) -> None:
    """The exposure that `systemd-analyze security` counts, of 10.0 for a unit that confines nothing."""
    unit = ROOT / f"deploy/systemd/callcenter-{name}.service"
    asked = ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", str(unit)]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
