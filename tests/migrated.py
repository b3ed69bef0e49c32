"""A migrated database: made once for a state of the code, copied for each installation: migrating takes seconds."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.made_database import FOLDER, alone, state_of_the_code

ROOT = Path(__file__).resolve().parent.parent
FIELD_KEYS = "FdVP2XibvoYy4lJ-re1-Q_PtH5kGyeC8e13todIX8N0="
"""Of every installation of a test run: migrating writes rows that are sealed with it."""
SQLITE = "callcenter.sqlite3"


def copy_sqlite(environment: Mapping[str, str]) -> None:
    """Put a migrated database into the VAR_DIR of an environment."""
    name = f"migrated_{state_of_the_code()}"
    made, making = FOLDER / f"{name}_{_written_with(environment)}", FOLDER / "migrating"
    with alone("installations"):
        if not made.exists():
            for old in [making, *FOLDER.glob("migrated_*")]:
                if not old.name.startswith(name):
                    shutil.rmtree(old, ignore_errors=True)
            making.mkdir()
            _migrate(environment, VAR_DIR=str(making))
            assert (making / SQLITE).is_file(), "it was migrated elsewhere"
            making.rename(made)
        shutil.copy(made / SQLITE, environment["VAR_DIR"])


def copy_postgres(environment: Mapping[str, str], server_url: str) -> None:
    """Make the database that the DATABASE_URL of an environment names, migrated, on a server."""
    import psycopg

    made = f"migrated_{state_of_the_code()}_{_written_with(environment)}"
    wanted = urlsplit(environment["DATABASE_URL"]).path.removeprefix("/")
    with alone("installations-postgresql"), psycopg.connect(server_url, autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [made]).fetchone():
            making = f"{made}_making"
            server.execute(f'DROP DATABASE IF EXISTS "{making}"')  # type: ignore[arg-type]
            server.execute(f'CREATE DATABASE "{making}"')  # type: ignore[arg-type]
            url = urlunsplit(urlsplit(server_url)._replace(path=f"/{making}"))
            _migrate(environment, DATABASE_URL=url, VAR_DIR=str(FOLDER))
            server.execute(f'ALTER DATABASE "{making}" RENAME TO "{made}"')  # type: ignore[arg-type]
        server.execute(f'CREATE DATABASE "{wanted}" TEMPLATE "{made}"')  # type: ignore[arg-type]


def _written_with(environment: Mapping[str, str]) -> str:
    """Return a digest of what the rows depend on that migrating writes."""
    return hashlib.sha256(repr(_told(environment)).encode()).hexdigest()[:8]


def _told(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in ("DEBUG", "DEMO") if name in environment}


def _migrate(environment: Mapping[str, str], **place: str) -> None:
    """Migrate at a place, told nothing but what the name of the copy says: whoever asks first makes it for all."""
    clean = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "callcenter.settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(60),
        "FIELD_KEYS": FIELD_KEYS,
        "ALLOWED_HOSTS": "desk.example.org",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "-v0"],
        cwd=ROOT,
        env=clean | _told(environment) | place,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
