"""The commands of a first start: init makes keys and files, prepare brings the database up."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.bare import STRONG_KEY, bare
from tests.migrated import ROOT

# init


def test_init_writes_a_private_file_that_starts_a_development_mode(tmp_path: Path) -> None:
    file = tmp_path / "env"
    done = bare("init", ENV_FILE=str(file), VAR_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    started = bare("check", ENV_FILE=str(file), VAR_DIR=str(tmp_path))
    assert started.returncode == 0, started.stderr


def test_init_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("SECRET_KEY=mine\n")
    done = bare("init", ENV_FILE=str(file), VAR_DIR=str(tmp_path))
    assert done.returncode == 0
    assert "stays as it is" in done.stdout
    assert file.read_text() == "SECRET_KEY=mine\n"


def test_only_the_demo_gets_a_demo(tmp_path: Path) -> None:
    plain, demo = tmp_path / "plain", tmp_path / "demo"
    assert bare("init", ENV_FILE=str(plain), VAR_DIR=str(tmp_path)).returncode == 0
    assert bare("init", "--demo", ENV_FILE=str(demo), VAR_DIR=str(tmp_path)).returncode == 0
    assert "DEMO" not in plain.read_text()
    assert "DEMO=on" in demo.read_text()
    refused = bare("demo", ENV_FILE=str(plain), VAR_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert "DEMO=on" in refused.stderr


def test_printed_secrets_are_what_a_production_start_lacks(tmp_path: Path) -> None:
    """Added to the end of the example they make a file that starts, without a way to a secret of another start."""
    printed = [bare("init", "--print-production", VAR_DIR=str(tmp_path)) for _ in range(2)]
    assert [done.returncode for done in printed] == [0, 0]
    lines = [set(done.stdout.splitlines()[1:]) for done in printed]
    assert {line.partition("=")[0] for line in lines[0]} == {"SECRET_KEY", "FIELD_KEYS", "DATABASE_PASSWORD"}
    assert not lines[0] & lines[1]
    file = tmp_path / "env"
    file.write_text((ROOT / ".env.example").read_text() + printed[0].stdout)
    found = bare("check", "--deploy", ENV_FILE=str(file), VAR_DIR=str(tmp_path), ALLOWED_HOSTS="desk.example.org")
    assert found.returncode == 0, found.stderr


def test_init_makes_other_keys_each_time() -> None:
    keys = set()
    for _ in range(2):
        out = StringIO()
        call_command("init", "--print-key", stdout=out)
        Fernet(out.getvalue().strip())
        keys.add(out.getvalue())
    assert len(keys) == 2


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS"])
def test_a_bare_start_names_what_is_missing(missing: str, tmp_path: Path) -> None:
    given = {
        "SECRET_KEY": STRONG_KEY,
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "desk.example.org",
    }
    del given[missing]
    done = bare("check", VAR_DIR=str(tmp_path), **given)
    assert done.returncode != 0
    assert f"{missing} is not set" in done.stderr


@pytest.mark.parametrize(
    ("setting", "value"), [("SANDBOX_ORIGIN", "http://127.0.0.1:8100"), ("DEMO", "on"), ("TIME_SCALE", "60")]
)
def test_production_refuses_what_is_for_tests(setting: str, value: str, tmp_path: Path) -> None:
    given = {
        "SECRET_KEY": STRONG_KEY,
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "desk.example.org",
    }
    done = bare("check", VAR_DIR=str(tmp_path), **given, **{setting: value})
    assert done.returncode != 0
    assert "DEBUG=on" in done.stderr


# prepare


def test_prepare_says_how_the_first_admin_is_made(tmp_path: Path) -> None:
    given = {
        "SECRET_KEY": STRONG_KEY,
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "desk.example.org",
    }
    given["VAR_DIR"] = str(tmp_path)
    first = bare("prepare", "--run-with", "docker compose run --rm web python manage.py", **given)
    assert first.returncode == 0, first.stderr
    assert "docker compose run --rm web python manage.py createsuperuser\n" in first.stdout
    assert (tmp_path / "static" / "staticfiles.json").is_file()
    made = bare(
        *("createsuperuser", "--no-input", "--username", "admin", "--email", "admin@example.org"),
        DJANGO_SUPERUSER_PASSWORD="a-long-password-1",
        **given,
    )
    assert made.returncode == 0, made.stderr
    again = bare("prepare", "-v0", **given)
    assert (again.returncode, again.stdout) == (0, "")


def test_prepare_ends_in_a_sentence_where_the_database_refuses_us(tmp_path: Path) -> None:
    done = bare(
        "prepare",
        SECRET_KEY=STRONG_KEY,
        FIELD_KEYS=Fernet.generate_key().decode(),
        ALLOWED_HOSTS="desk.example.org",
        VAR_DIR=str(tmp_path),
        DATABASE_HOST="127.0.0.1",
        DATABASE_PORT="1",
        DATABASE_PASSWORD="topsecret",
    )
    assert done.returncode == 1
    assert "DATABASE_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr
    assert "topsecret" not in done.stdout + done.stderr
