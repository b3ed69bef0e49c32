"""`backup` and `restore`: whole or not at all, frozen afterwards, and nothing of the keys in the file."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.files.storage import InMemoryStorage
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from callcenter.backups import archive, service
from campaigns.core.refusals import Refusal
from tests.end_to_end.conftest import free_port
from tests.migrated import ROOT, copy_postgres, copy_sqlite

SERVER = os.environ.get("TEST_DATABASE_URL", "")
LAY_OUT = """
from django.utils import timezone
from datetime import timedelta
from campaigns.models import Call, DialingSwitch
from providers.models import Provider
DialingSwitch.objects.get_or_create(pk=1)
p = Provider.objects.create(vendor="bolna", name="Main", secrets={"api_key": "a-vendor-key-0123456789"})
Provider.objects.create(vendor="bitel", name="Desk")
Call.objects.create(provider=p, to_number="+989121234567", status="completed", remote_id="r1",
    placing_at=timezone.now() - timedelta(hours=3))
"""


class Installation:
    """One installation with a folder of its own."""

    def __init__(self, place: Path, **changes: str) -> None:
        self.data = place / "data"
        self.data.mkdir(parents=True)
        self.key = Fernet.generate_key().decode()
        name = f"backups_{uuid.uuid4().hex[:12]}"
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "callcenter.settings", "ENV_FILE": os.devnull, "DEBUG": "on", "HTTPS": "off",
            "SECRET_KEY": uuid.uuid4().hex * 2, "FIELD_KEYS": self.key, "ALLOWED_HOSTS": "127.0.0.1",
            "VAR_DIR": str(self.data), "DATABASE_URL": f"{SERVER.rpartition('/')[0]}/{name}" if SERVER else "",
            "REDIS_URL": "", "WEB_PORT": str(free_port(27900)), "LOG_LEVEL": "ERROR",
        } | changes  # fmt: skip
        if SERVER:
            copy_postgres(self.environment, SERVER)
        else:
            copy_sqlite(self.environment)

    def run(self, *arguments: str, fails: bool = False, **changes: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=os.environ | self.environment | changes,
            capture_output=True, text=True,
        )  # fmt: skip
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def python(self, code: str) -> str:
        return self.run("shell", "--no-imports", "-c", code)

    @property
    def calls(self) -> str:
        return self.python("from campaigns.models import Call; print(Call.objects.count())").strip()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    made: list[Installation] = []

    def run(**changes: str) -> Installation:
        made.append(Installation(tmp_path / f"at{len(made)}", **changes))
        return made[-1]

    yield run
    for one in made:
        drop(one.environment)


def drop(environment: Mapping[str, str]) -> None:
    if SERVER:
        import psycopg

        with psycopg.connect(SERVER, autocommit=True) as server:
            name = environment["DATABASE_URL"].rpartition("/")[2]
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture
def here(start: Callable[..., Installation]) -> Installation:
    """An installation with a call and an upload."""
    made = start()
    made.python(LAY_OUT)
    (made.data / "media" / "imports").mkdir(parents=True)
    (made.data / "media" / "imports" / "people.csv").write_text("name,phone\n")
    return made


def test_there_and_back(here: Installation, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    sessions = "from django.contrib.sessions.backends.db import SessionStore as S; "
    key = here.python(f"{sessions}s = S(); s['user'] = 1; s.create(); print(s.session_key)").strip()
    said = here.run("backup", str(file))
    assert "not encrypted" in said
    assert file.stat().st_mode & 0o777 == 0o600
    here.python("from campaigns.models import Call; Call.objects.all().delete()")
    (here.data / "media" / "imports" / "people.csv").unlink()
    (here.data / "media" / "later.csv").write_text("x")
    said = here.run("restore", str(file))
    assert "with 1 calls" in said
    assert "3 hours ago" in said
    assert "Main is frozen. The provider's call list" in said
    assert "Desk is frozen. This provider has no call list" in said
    assert here.calls == "1"
    assert here.python(f"{sessions}print(S().exists('{key}'))").strip() == "False", "who logged out since stays out"
    assert (here.data / "media" / "imports" / "people.csv").exists()
    assert not (here.data / "media" / "later.csv").exists()
    (aside,) = here.data.glob("replaced-*")
    assert (aside / "media" / "later.csv").exists()
    assert not list(here.data.glob(".restore-*"))
    # Put back once, it is not found again as a restored database.
    here.python(
        "from providers.models import Provider; [Provider.objects.unfreeze(p.pk) for p in Provider.objects.all()]"
    )
    said = here.python("from campaigns.tracking import restore_guard; print(restore_guard.watch())")
    assert said.strip() == "False"


def test_the_file_holds_no_key(here: Installation, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    here.run("backup", str(file))
    with tarfile.open(file) as tar:
        names = tar.getnames()
        member = tar.extractfile("manifest.json")
        assert member
        about = json.load(member)
        everything = b"".join(part.read() for name in names if (part := tar.extractfile(name)))
    assert names[-1] == "manifest.json"
    assert {"FIELD_KEYS", "SECRET_KEY", "WEB_PORT"} <= set(about["settings"])
    for secret in (here.key, here.environment["SECRET_KEY"], "a-vendor-key-0123456789"):
        assert secret.encode() not in everything


# The file


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    """Two files that a backup is made of; larger than a pipe holds."""
    (tmp_path / "database").write_bytes(b"campaigns_call" + os.urandom(300_000))
    (tmp_path / "people.csv").write_text("name,phone\n")
    return {"database.sqlite3": tmp_path / "database", "media/people.csv": tmp_path / "people.csv"}


def test_a_whole_file_is_unpacked_and_tidied_away(parts: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    archive.write(file, parts, {"calls": 7})
    with archive.unpacked(file, tmp_path) as (folder, about):
        assert about["calls"] == 7
        for name, path in parts.items():
            assert (folder / name).read_bytes() == path.read_bytes()
    assert not list(tmp_path.glob(".restore-*"))


def test_a_file_that_grows_while_it_is_packed_leaves_a_whole_backup(
    parts: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export goes on being written: its beginning is packed, and the backup can still be put back."""
    growing, file = parts["media/people.csv"], tmp_path / "monday.backup"
    described = tarfile.TarFile.gettarinfo

    def grow(self: tarfile.TarFile, *args: Any, **named: Any) -> tarfile.TarInfo:
        with growing.open("a") as out:
            out.write("Maryam,+989121234567\n")
        return described(self, *args, **named)

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", grow)
    archive.write(file, parts, {})
    with archive.unpacked(file, tmp_path) as (folder, _about):
        assert growing.read_bytes().startswith((folder / "media/people.csv").read_bytes())


def test_a_stored_file_that_is_removed_meanwhile_is_left_out(parts: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    parts["media/people.csv"].unlink()
    archive.write(file, parts, {}, optional=["media/people.csv"])
    with archive.unpacked(file, tmp_path) as (folder, about):
        assert list(about["parts"]) == ["database.sqlite3"]
        assert not (folder / "media").exists()
    parts["database.sqlite3"].unlink()
    with pytest.raises(Refusal):
        archive.write(tmp_path / "tuesday.backup", parts, {}, optional=["media/people.csv"])


def test_encrypted_to_a_recipient(parts: dict[str, Path], tmp_path: Path) -> None:
    file, key, other = tmp_path / "monday.backup", tmp_path / "key", tmp_path / "other"
    identity, recipient = archive.new_key()
    key.write_text(f"# recipient: {recipient}\n{identity}\n")
    other.write_text(archive.new_key()[0])
    archive.write(file, parts, {"calls": 7}, recipient)
    assert b"campaigns_call" not in file.read_bytes()
    with archive.unpacked(file, tmp_path, key) as (folder, _about):
        assert (folder / "database.sqlite3").read_bytes() == parts["database.sqlite3"].read_bytes()
    file_cut = tmp_path / "cut"
    file_cut.write_bytes(file.read_bytes()[:-100])
    refused(file, tmp_path, None, "is encrypted")
    refused(file, tmp_path, other, "cannot be decrypted")
    refused(file, tmp_path, tmp_path / "nowhere", "cannot be decrypted")
    refused(file_cut, tmp_path, key, "cannot be decrypted")


def refused(file: Path, workplace: Path, identity: Path | None, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refusal, archive.unpacked(file, workplace, identity):
        pass
    assert "Nothing was changed" in str(refusal.value)
    assert not list(workplace.glob(".restore-*"))


@pytest.mark.parametrize("what", ["rubbish", "empty", "cut", "cut at the end", "changed", "no file", "a folder"])
def test_what_is_no_whole_backup_is_refused(parts: dict[str, Path], tmp_path: Path, what: str) -> None:
    file = tmp_path / "monday.backup"
    archive.write(file, parts, {"calls": 7})
    whole = file.read_bytes()
    match what:
        case "rubbish":
            file.write_bytes(os.urandom(5000))
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "cut at the end":
            file.write_bytes(whole[:-200])
        case "changed":
            repack(file)
        case "no file":
            file.unlink()
        case "a folder":
            file.unlink()
            file.mkdir()
    refused(file, tmp_path, None, "monday.backup")


def repack(file: Path) -> None:
    """Change one part, and leave the manifest as it is."""
    place = file.with_name("parts")
    with tarfile.open(file) as tar:
        names = tar.getnames()
        tar.extractall(place, filter="data")
    (place / "media/people.csv").write_text("another")
    with tarfile.open(file, "w:gz") as tar:
        for name in names:
            tar.add(place / name, name)


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    with tarfile.open(file, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
    refused(file, tmp_path, None, "no whole backup")
    assert not (tmp_path / "escaped").exists()


def test_no_backup_is_overwritten(parts: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    file.write_text("precious")
    with pytest.raises(Refusal, match="is there already"):
        archive.write(file, parts, {})
    assert file.read_text() == "precious"
    with pytest.raises(Refusal, match="cannot be written"):
        archive.write(tmp_path / "nowhere" / "x", parts, {})
    with pytest.raises(Refusal, match="no public key"):
        archive.write(tmp_path / "x", parts, {}, "bob")
    assert not list(tmp_path.glob(".backup-*"))


def test_a_disk_that_is_full_leaves_no_file(
    parts: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refusal, match="No space left"):
        archive.write(tmp_path / "monday.backup", parts, {})
    assert not [*tmp_path.glob(".backup-*"), *tmp_path.glob("monday*")]


def test_commands_end_in_a_sentence(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="Say where"):
        call_command("backup")
    call_command("backup", new_key=True)
    said = capsys.readouterr().out
    assert "# recipient: age1" in said
    assert "AGE-SECRET-KEY-" in said
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("restore", "/nowhere/x", force=True)


def test_a_store_elsewhere_is_left_out(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.holds_storage()
    monkeypatch.setattr(service, "default_storage", InMemoryStorage())
    assert not service.holds_storage()


# There and back


def test_what_is_cut_or_beside_a_living_worker_changes_nothing(here: Installation, tmp_path: Path) -> None:
    file, cut = tmp_path / "monday.backup", tmp_path / "cut"
    here.run("backup", str(file))
    cut.write_bytes(file.read_bytes()[:-1500])
    here.python(
        "from campaigns.core import hosts; from campaigns.models import Call; hosts.begin('desk-1');"
        " Call.objects.update(to_number='+989120000000')"
    )
    assert "A worker lives on desk-1" in here.run("restore", str(file), fails=True)
    assert "Nothing was changed" in here.run("restore", str(cut), "--force", fails=True)
    said = here.python("from campaigns.models import Call; print(Call.objects.get().to_number)")
    assert said.strip() == "+989120000000"
    assert not [*here.data.glob(".restore-*"), *here.data.glob("replaced-*")]
    assert "is in place" in here.run("restore", str(file), "--force")


def test_nothing_is_restored_beside_a_web_server(db: None, settings: Settings) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        settings.WEB_PORT = server.getsockname()[1]
        with pytest.raises(Refusal, match="listens on port"):
            service.refuse_while_alive()


@pytest.mark.skipif(bool(SERVER), reason="PostgreSQL keeps its log inside")
def test_a_log_beside_the_database_goes_aside_with_it(here: Installation, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    here.run("backup", str(file))
    with closing(sqlite3.connect(here.data / "callcenter.sqlite3")) as writing:
        writing.execute("UPDATE campaigns_call SET to_number = '+989120000000'")
        writing.commit()
        assert (here.data / "callcenter.sqlite3-wal").stat().st_size
        here.run("restore", str(file))
    said = here.python("from campaigns.models import Call; print(Call.objects.get().to_number)")
    assert said.strip() == "+989121234567"
    (aside,) = here.data.glob("replaced-*")
    assert (aside / "callcenter.sqlite3-wal").exists()
    assert "Database: SQLite, up to date" in here.run("doctor", fails=True)


@pytest.mark.skipif(bool(SERVER), reason="a damaged SQLite file")
def test_a_damaged_database_is_told_of_and_restored(here: Installation, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    here.run("backup", str(file))
    path = here.data / "callcenter.sqlite3"
    with path.open("r+b") as database:
        for page in range(3, 60):
            database.seek(page * 4096)
            database.write(b"\xff" * 4096)
    assert "is damaged" in here.run("doctor", fails=True)
    assert "is damaged" in here.run("worker", fails=True)
    assert "is in place" in here.run("restore", str(file))
    assert here.calls == "1"


def test_a_backup_of_a_later_version_or_another_engine_is_refused() -> None:
    about = {"engine": "sqlite", "version": "9.0", "migrations": ["campaigns.9999_far_away"]}
    with pytest.raises(Refusal, match=r"update this installation first"):
        service.refuse_what_does_not_fit(about | {"engine": connection.vendor})
    with pytest.raises(Refusal, match="set DATABASE_URL"):
        service.refuse_what_does_not_fit(about | {"engine": "oracle"})
