"""Reading settings: from the environment, from files, from .env; passwords of any letters arrive as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bare import STRONG, STRONG_KEY
from tests.deploy.files import LETTERS, quoted
from tests.migrated import ROOT

ASK = "import json; from callcenter import settings as s; print(json.dumps([s.DATABASES['default'], s.SECRET_KEY]))"


def database(tmp_path: Path, file: str = "", **environment: str) -> dict[str, str]:
    """Return the database's settings in an environment that says nothing but what is given."""
    (tmp_path / "env").write_text(file)
    clean = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "ENV_FILE": str(tmp_path / "env"), "VAR_DIR": str(tmp_path),
        **STRONG, "SECRET_KEY": "$" + STRONG_KEY,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=clean | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found, key = json.loads(done.stdout)
    assert key == clean["SECRET_KEY"]
    return dict(found)


@pytest.mark.parametrize("password", [LETTERS, "$", "$HOME", "${PATH}", "'", '"', " x ", r"a\b", "#", "a #b"])
def test_a_password_of_any_letters_arrives(password: str, tmp_path: Path) -> None:
    for file, environment in (
        ("", {"DATABASE_PASSWORD": password}),
        (f"DATABASE_PASSWORD={quoted(password)}\n", {}),
    ):
        found = database(tmp_path, file, DATABASE_HOST="db.example.org", **environment)
        assert found["PASSWORD"] == password
        assert (found["HOST"], found["NAME"], found["USER"]) == ("db.example.org", "callcenter", "callcenter")


def test_a_password_from_a_file_has_no_line_break(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(LETTERS + "\n")
    found = database(tmp_path, DATABASE_HOST="db.example.org", DATABASE_PASSWORD_FILE=str(tmp_path / "password"))
    assert found["PASSWORD"] == LETTERS


def test_an_address_wins_over_its_parts(tmp_path: Path) -> None:
    address = "postgres://us:p%40%2F%23@elsewhere:5433/other"
    found = database(tmp_path, DATABASE_URL=address, DATABASE_HOST="db.example.org", DATABASE_PASSWORD="x")
    assert (found["HOST"], found["USER"], found["PASSWORD"], found["NAME"]) == ("elsewhere", "us", "p@/#", "other")


def test_without_either_the_database_lies_in_the_folder(tmp_path: Path) -> None:
    found = database(tmp_path, "DATABASE_URL=\nDATABASE_PASSWORD=unused\n")
    assert found["NAME"] == str(tmp_path / "callcenter.sqlite3")


def test_the_later_line_counts_and_the_environment_wins(tmp_path: Path) -> None:
    """Keys that are added to the end of a copy of the example must not lose against its empty lines."""
    file = "DATABASE_HOST=one\nDATABASE_HOST=two\nDATABASE_NAME=of-the-file\n"
    found = database(tmp_path, file, DATABASE_NAME="of-the-environment")
    assert (found["HOST"], found["NAME"]) == ("two", "of-the-environment")


def test_comments_are_read_as_compose_reads_them(tmp_path: Path) -> None:
    found = database(tmp_path, "DATABASE_HOST=db.example.org # the big one\nDATABASE_PASSWORD=a#b\n")
    assert (found["HOST"], found["PASSWORD"]) == ("db.example.org", "a#b")
