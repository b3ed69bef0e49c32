"""deploy/backup: a backup by the clock, of which the newest are kept; `manage.py backup` itself is stood in for."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.migrated import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]
STANDING_IN = '#!/bin/sh\n[ "$1 $2" = "manage.py backup" ] || exit 9\n{body}\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Lay out the script beside a Python that only writes the file that it is asked for."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/backup", tmp_path / "deploy/backup")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python(tmp_path, 'echo saved >"$3"')
    return tmp_path


def python(place: Path, body: str) -> None:
    """Stand in for Python with a script."""
    path = place / ".venv/bin/python"
    path.write_text(STANDING_IN.format(body=body))
    path.chmod(0o755)


def run(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with backups beside it."""
    clean = {"PATH": os.environ["PATH"], "BACKUP_DIR": str(place / "backups")}
    command = [str(place / "deploy/backup"), *arguments]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=30)


def kept(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "backups").iterdir())


def older(place: Path, *days: int) -> list[str]:
    """Lay out backups of so many days ago; returns their names, oldest first."""
    (place / "backups").mkdir(exist_ok=True)
    names = []
    for day in sorted(days, reverse=True):
        then = time.time() - day * 86400
        path = place / "backups" / time.strftime("callcenter-%Y%m%dT%H%M%SZ.backup", time.gmtime(then))
        path.write_text("old")
        os.utime(path, (then, then))
        names.append(path.name)
    return names


def test_a_backup_is_written_for_its_owner_only(place: Path) -> None:
    assert run(place, "once").returncode == 0
    (path,) = (place / "backups").iterdir()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("saved\n", 0o600)


def test_the_newest_are_kept_and_other_files_stay(place: Path) -> None:
    names = older(place, 1, 2, 3, 4)
    (place / "backups/notes.txt").write_text("mine")
    assert run(place, "once", BACKUP_KEEP="3").returncode == 0
    found = kept(place)
    assert found[:2] == names[-2:]
    assert found[-1] == "notes.txt"
    assert len(found) == 4


def test_a_failed_one_costs_no_older_one_and_leaves_nothing(place: Path) -> None:
    names = older(place, 1, 2)
    python(place, 'echo half >"$3"; exit 1')
    done = run(place, "once", BACKUP_KEEP="1")
    assert done.returncode != 0
    assert "failed" in done.stdout
    assert kept(place) == names


def test_an_unfinished_one_counts_as_none(place: Path) -> None:
    older(place, 9)
    (place / "backups/callcenter-20260101T000000Z.backup.part").write_text("cut off")
    assert run(place, "check").returncode == 1
    assert run(place, "once").returncode == 0
    assert run(place, "check").returncode == 0
    assert not [name for name in kept(place) if name.endswith(".part")]


def test_it_is_encrypted_where_somebody_is_named_to_read_it(place: Path) -> None:
    python(place, 'echo "$4 $5" >"$3"')
    assert run(place, "once", BACKUP_RECIPIENT="age1abc").returncode == 0
    (path,) = (place / "backups").iterdir()
    assert path.read_text() == "--recipient age1abc\n"


@pytest.mark.parametrize(("days", "code"), [((1,), 0), ((2,), 0), ((3,), 1), ((), 1)])
def test_check_tells_of_backups_that_are_too_old(days: tuple[int, ...], code: int, place: Path) -> None:
    older(place, *days)
    assert run(place, "check").returncode == code


def test_starts_that_follow_each_other_push_nothing_out(place: Path) -> None:
    """A service that is started anew and anew makes no backup while the newest is young."""
    names = older(place, 1, 2)
    for _ in range(2):
        process = subprocess.Popen(
            [str(place / "deploy/backup"), "always"],
            env={"PATH": os.environ["PATH"], "BACKUP_DIR": str(place / "backups"), "BACKUP_KEEP": "2"},
        )
        until = time.monotonic() + 10
        while not any(name not in names for name in kept(place)) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        process.terminate()
        assert process.wait(10) == 0
    assert kept(place)[0] == names[-1]
    assert len(kept(place)) == 2


@pytest.mark.parametrize("setting", ["BACKUP_KEEP", "BACKUP_HOURS"])
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_setting_that_is_no_number_is_refused_with_a_sentence(setting: str, value: str, place: Path) -> None:
    older(place, 1)
    done = run(place, "once", **{setting: value})
    assert done.returncode == 2
    assert setting in done.stderr
    assert len(kept(place)) == 1
