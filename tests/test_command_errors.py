"""Commands end in a sentence: whatever is wrong with a file, a disk, the database or a vendor, never a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError
from pytest_django import Settings

from callcenter.commands import PlainCommand, sentence_of, whole_file
from campaigns.core.refusals import Refusal
from providers.exceptions import CredentialsRejected, KeysUnreadable, NotSent
from tests.bare import STRONG_KEY
from tests.conftest import make_call

ROOT = Path(__file__).parent.parent
APPS = ("callcenter", "campaigns", "providers")
OURS = sorted(name for name, app in get_commands().items() if app.startswith(APPS))
ROWS = "Name,Phone\n" + "".join(f"Person {n},+98912{n:07d}\n" for n in range(2000))


@pytest.mark.parametrize("name", OURS)
def test_every_command_stands_on_the_one_base(name: str) -> None:
    app = get_commands()[name]
    command = import_module(f"{app}.management.commands.{name}").Command
    assert issubclass(command, PlainCommand)


# What takes a file, and the four ways in which a file goes wrong


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk on which nothing fits any more, neither a byte nor a name."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,nr_inodes=3", "full", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("only root may make a disk that is full")
    try:
        (folder / "people.csv").write_text(ROWS[:4000])
        (folder / "fills").touch()
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def export(path: Path, settings: Settings) -> None:
    call_command("export_calls", output=str(path), stdout=StringIO(), stderr=StringIO())


def start_sandbox(path: Path, settings: Settings) -> None:
    call_command("sandbox", "--port", "0", "--journal", str(path), "--allow-production", stdout=StringIO())


def init(path: Path, settings: Settings) -> None:
    settings.ENV_FILE = path
    call_command("init", stdout=StringIO())


def import_people(path: Path, settings: Settings) -> None:
    call_command("import_contacts", str(path), "--list", "Spring", stdout=StringIO())


WRITERS: tuple[Callable[[Path, Any], None], ...] = (export, start_sandbox, init)
READERS: tuple[Callable[[Path, Any], None], ...] = (import_people,)


def ends_in(act: Callable[[], None], *words: str) -> None:
    """Check that this ends in one line that has all these words."""
    with pytest.raises(CommandError) as caught:
        act()
    sentence = str(caught.value)
    assert caught.value.returncode == 1
    assert "\n" not in sentence
    assert len(sentence) < 300
    for word in words:
        assert word in sentence


@pytest.mark.django_db
@pytest.mark.parametrize("command", [*WRITERS, *READERS])
def test_a_folder_in_the_place_of_a_file(
    command: Callable[[Path, Any], None], tmp_path: Path, settings: Settings
) -> None:
    ends_in(lambda: command(tmp_path, settings), tmp_path.name, "it is a folder. Name a file.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("command", [*WRITERS, *READERS])
def test_a_name_that_is_too_long(command: Callable[[Path, Any], None], tmp_path: Path, settings: Settings) -> None:
    ends_in(lambda: command(tmp_path / ("x" * 300), settings), "its name is too long. Choose a shorter one.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("command", WRITERS)
def test_a_folder_that_can_only_be_read(command: Callable[[Path, Any], None], settings: Settings) -> None:
    # Nobody makes files there, root neither.
    ends_in(lambda: command(Path("/sys/kernel/file"), settings), "/sys/kernel/file", "Choose another place")


@pytest.mark.django_db
@pytest.mark.parametrize("command", [*WRITERS, *READERS])
def test_a_folder_that_is_not_there(command: Callable[[Path, Any], None], tmp_path: Path, settings: Settings) -> None:
    ends_in(lambda: command(tmp_path / "no" / "file", settings), "it is not there. Correct the path")


@pytest.mark.django_db
@pytest.mark.parametrize("command", WRITERS)
def test_a_full_disk(command: Callable[[Path, Any], None], full_disk: Path, settings: Settings) -> None:
    ends_in(lambda: command(full_disk / "new", settings), "there is no room left", "Make room, then run this again.")
    assert {path.name for path in full_disk.iterdir()} == {"people.csv", "fills"}


@pytest.mark.django_db
def test_a_disk_that_fills_while_a_file_is_written(full_disk: Path, tmp_path: Path) -> None:
    (full_disk / "fills").unlink()
    for _ in range(200):
        make_call()
    old = full_disk / "people.csv"
    before = old.read_text()
    ends_in(lambda: export(old, None), "people.csv: there is no room left")  # type: ignore[arg-type]
    assert old.read_text() == before, "the file that was there stays whole"
    assert list(full_disk.iterdir()) == [old]


@pytest.mark.django_db
def test_people_are_taken_in_onto_a_full_disk(full_disk: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = settings.VAR_DIR = full_disk
    ends_in(lambda: import_people(full_disk / "people.csv", settings), "there is no room left")


@pytest.mark.django_db
def test_what_is_no_ordinary_file_is_written_into_and_stays_what_it_is(tmp_path: Path, settings: Settings) -> None:
    make_call()
    # A pipe of our own: a fault here must not replace a device of this machine.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["timeout", "20", "cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    export(pipe, settings)
    assert pipe.is_fifo()
    assert reader.communicate(timeout=30)[0].count("\n") == 2
    ends_in(lambda: import_people(Path("/dev/null"), settings), "not an ordinary file")


def test_half_a_file_is_never_left(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with whole_file(tmp_path / "a") as target:
            target.write("x" * 10)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    with whole_file(tmp_path / "a") as target:
        target.write("whole")
    assert (tmp_path / "a").read_text() == "whole"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


# Errors in words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("database or disk is full"), "no room left on the disk of the database"),
        (OperationalError("attempt to write a readonly database"), "can only be read"),
        (OperationalError("unable to open database file"), "cannot be opened"),
        (OperationalError("no such table: providers_provider"), "manage.py migrate"),
        (ProgrammingError('relation "x" does not exist'), "manage.py migrate"),
        (OperationalError("connection to 10.1.2.3 failed: password s3cret"), "(OperationalError)"),
        (InterfaceError("connection already closed"), "manage.py doctor"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "run this again"),
        (OSError(errno.EIO, "Input/output error", "/disk/a"), "/disk/a: its disk failed"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (Refusal("Nobody is chosen: tick a list."), "Nobody is chosen: tick a list."),
        (CredentialsRejected("The vendor does not accept the key."), "Paste a new key"),
        (NotSent("No connection."), "No call was placed"),
        (KeysUnreadable("No key of FIELD_KEYS opens the stored keys."), "Paste a new key"),
    ],
)
def test_error_of_the_world_is_a_sentence(error: Exception, words: str) -> None:
    said = sentence_of(error)
    assert said is not None
    assert words.lower() in said.lower()
    assert "s3cret" not in said
    assert "10.1.2.3" not in said


def test_fault_of_ours_stays_a_fault() -> None:
    assert sentence_of(KeyError("x")) is None


# As people run them


def run(*arguments: str, stdout: Any = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "LANG": "C.UTF-8", "SECRET_KEY": STRONG_KEY,
             "FIELD_KEYS": Fernet.generate_key().decode(), "ALLOWED_HOSTS": "localhost", "DEBUG": "on"}  # fmt: skip
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=given | environment, stdout=stdout,
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sandbox", "--journal", "{folder}"), "it is a folder. Name a file."),
        (("export_calls", "--output", "{folder}/calls.csv"), "manage.py migrate"),
        (("check_provider", "Bolna"), "manage.py migrate"),
        (("doctor_who",), "Unknown command"),
        (("worker",), "manage.py migrate"),
    ],
)
def test_process_exits_with_a_sentence(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = run(*(word.format(folder=tmp_path) for word in arguments), VAR_DIR=str(tmp_path))
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_worker_whose_database_is_away_ends_in_a_sentence(tmp_path: Path) -> None:
    # `up`, compose and systemd start it anew, and each start would write a traceback into the log.
    away = "postgres://callcenter:s3cret@127.0.0.1:1/callcenter"
    done = run("worker", VAR_DIR=str(tmp_path), DATABASE_URL=away)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("Look further with: manage.py doctor")
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_output_that_takes_nothing(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = run("init", "--print-key", stdout=full, VAR_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "there is no room left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_data_folder_that_cannot_be_made() -> None:
    done = run("check", VAR_DIR="/sys/kernel/callcenter")
    assert done.returncode == 1
    assert "VAR_DIR=/sys/kernel/callcenter cannot be made" in done.stderr
    assert "Traceback" not in done.stderr
