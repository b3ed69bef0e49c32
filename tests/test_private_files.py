"""Nobody else on the machine reads data, uploads, exports, database or backups: new files, and those of before."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from callcenter import diagnosis, private_files
from tests.bare import STRONG, bare
from tests.migrated import FIELD_KEYS, copy_sqlite

ROOT = Path(__file__).resolve().parents[1]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_ones(folder: Path) -> set[str]:
    """Return what others may use below a folder, and the folder itself."""
    found = [path for path in (folder, *folder.rglob("*")) if mode(path) & private_files.FOR_OTHERS]
    return {str(path.relative_to(folder)) for path in found}


def test_a_start_keeps_all_to_itself_and_closes_what_was_open(tmp_path: Path) -> None:
    old_umask = os.umask(0o022)
    try:
        data = tmp_path / "var"
        (data / "media" / "imports").mkdir(parents=True)
        for name in ("media/imports/people.csv", "callcenter.sqlite3-wal.old", "mark"):
            (data / name).write_text("people")
        # Migrated, as the start of a later version finds it: migrating is no part of this.
        copy_sqlite({"VAR_DIR": str(tmp_path), "DEBUG": "on"})
        aside = (tmp_path / "callcenter.sqlite3").rename(tmp_path / "aside.sqlite3")
        aside.chmod(0o644)
        assert "media/imports/people.csv" in open_ones(data)
        done = bare(
            "prepare", VAR_DIR=str(data), DATABASE_URL=f"sqlite:///{aside}", **STRONG | {"FIELD_KEYS": FIELD_KEYS}
        )
    finally:
        os.umask(old_umask)
    assert done.returncode == 0, done.stderr
    public = {name for name in open_ones(data) if name == "static" or name.startswith("static/")}
    assert open_ones(data) == public
    static = data / "static"
    assert {mode(path) for path in (static, *static.rglob("*")) if path.is_dir()} == {0o755}
    assert {mode(path) for path in static.rglob("*") if path.is_file()} == {0o644}, "a proxy reads these, packed too"
    assert list(static.rglob("*.gz"))
    assert mode(data) == 0o700
    assert {mode(path) for path in tmp_path.glob("aside.sqlite3*")} == {0o600}


def test_what_is_stored_is_ours_alone(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    name = default_storage.save("imports/people.csv", ContentFile(b"people"))
    assert open_ones(tmp_path / "media") == set()
    assert mode(Path(default_storage.path(name))) == 0o600


def test_the_doctor_names_what_others_may_read(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.STATIC_ROOT, settings.PRIVATE_FILES = tmp_path, tmp_path / "static", []
    tmp_path.chmod(0o700)
    (tmp_path / "static").mkdir(mode=0o755)
    assert list(diagnosis.private()) == []
    (tmp_path / "people.csv").write_text("people")
    (tmp_path / "people.csv").chmod(0o640)
    (finding,) = diagnosis.private()
    assert finding.level == "problem"
    assert "people.csv" in finding.sentence
    assert "chmod" in finding.next_step


def test_links_are_not_followed(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.write_text("not ours")
    elsewhere.chmod(0o644)
    (data / "link").symlink_to(elsewhere)
    private_files.tighten(private_files.everything(data, [], data / "static"))
    assert mode(elsewhere) == 0o644


@pytest.mark.parametrize("command", ["makemessages", "makemigrations"])
def test_files_of_the_source_stay_readable(command: str) -> None:
    old_umask = os.umask(0o022)
    try:
        private_files.begin(["manage.py", command])
        assert os.umask(0o022) == 0o022
        private_files.begin(["manage.py", "worker"])
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(old_umask)


def test_units_and_backups_say_so_too() -> None:
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        assert "UMask=0077" in unit.read_text(), unit
        assert "StateDirectoryMode=0700" in unit.read_text(), unit
    subprocess.run(["sh", "-n", str(ROOT / "deploy" / "backup")], check=True)
    assert "\numask 077\n" in (ROOT / "deploy" / "backup").read_text()
