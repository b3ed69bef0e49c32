"""The two databases of a move, each under an alias of its own, and what must be true of them before it begins."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import environ
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, models
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from callcenter.moving.tables import Table
from campaigns.core import hosts
from campaigns.core.refusals import Refusal
from campaigns.models import DialingSwitch, ErasureKey

SOURCE, TARGET = "move_source", "move_target"
"""Aliases of the SQLite file that is read, and of the PostgreSQL database that is filled."""
LOCK_SECONDS = 5
MAGIC = b"SQLite format 3\x00"
"""How every SQLite file begins (https://www.sqlite.org/fileformat2.html#magic_header_string)."""
FILLED_BY_MIGRATIONS: tuple[type[models.Model], ...] = (
    ContentType, Permission, Group, Group.permissions.through, DialingSwitch, ErasureKey,
)  # fmt: skip
"""Models that have rows in a database in which nothing but `migrate` ran."""
HOW_TO_WRITE = "Write it as postgres://user:password@host:5432/name; the password may stand in PGPASSWORD instead."


@contextlib.contextmanager
def opened(path: Path, url: str) -> Iterator[None]:
    """Open both databases under their aliases, and forget them at the end; raises Refusal as opening each does."""
    try:
        _open_source(path)
        _open_target(url)
        yield
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.alias in (SOURCE, TARGET):
                connection.close()
        for alias in (SOURCE, TARGET):
            if connections.databases.pop(alias, None) is not None:
                with contextlib.suppress(AttributeError):
                    # It was never connected to.
                    del connections[alias]


def _open_source(path: Path) -> None:
    """Open the SQLite file under `SOURCE`; raises Refusal where it is none, or not up to date."""
    if not path.is_file():
        raise Refusal(f"There is no file {path}. Name the SQLite file with --source.")
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    if begins != MAGIC:
        raise Refusal(f"{path} is no SQLite database. Name another file with --source.")
    _open(
        SOURCE,
        {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": LOCK_SECONDS},
        },
    )
    if _is_behind(SOURCE):
        raise Refusal(
            f"{path} is not up to date with this version. Run `manage.py migrate` on it first, or move with the version"
            " that it belongs to."
        )


def _open_target(url: str) -> None:
    """Open the PostgreSQL database under `TARGET`; raises Refusal where it cannot be reached."""
    wanted: dict[str, object] = {}
    if url.startswith(("postgres://", "postgresql://")):
        with contextlib.suppress(ValueError, ImproperlyConfigured):
            wanted = environ.Env.db_url_config(url)
    if wanted.get("ENGINE") != "django.db.backends.postgresql" or not wanted.get("NAME"):
        raise Refusal(f"The target is no address of a PostgreSQL database. {HOW_TO_WRITE}")
    _open(TARGET, wanted)
    try:
        connections[TARGET].ensure_connection()
    except ImproperlyConfigured:
        raise Refusal("The driver of PostgreSQL is not installed. Install psycopg, then run this again.") from None
    except DatabaseError as error:
        raise Refusal(f"The target cannot be reached: {str(error).strip()}. {HOW_TO_WRITE}") from None


def name_of_target() -> str:
    """Return the target in words, without its password."""
    place = connections[TARGET].settings_dict
    return f"{place['NAME']} on {place['HOST'] or 'this machine'}"


def refuse_living(alias: str, what: str) -> None:
    """Raise Refusal where a host's worker runs on this database; `what` names the database in the sentence."""
    alive = ", ".join(hosts.living(timezone.now()).using(alias).order_by("name").values_list("name", flat=True))
    if alive:
        raise Refusal(
            f"A worker runs on {what} (host {alive}). Stop web and worker on every host, then run this again; after a"
            f" kill wait {hosts.SILENT_SECONDS} seconds."
        )


def refuse_filled_target(tables: Iterable[Table]) -> None:
    """Raise Refusal where the target holds rows, or tables of something else."""
    connection = connections[TARGET]
    with connection.cursor() as cursor:
        standing = set(connection.introspection.table_names(cursor))
    ours = {str(model._meta.db_table) for model in _all_models()} | {"django_migrations"}
    if foreign := sorted(standing - ours):
        raise Refusal(
            f"The target holds tables of something else ({', '.join(foreign[:5])}). Make an empty database and name it."
        )
    for table in tables:
        if table.name not in standing or table.model in FILLED_BY_MIGRATIONS:
            continue
        if table.model._base_manager.using(TARGET).exists():
            raise Refusal(
                f"The target holds data already ({table.name}), and a move never writes over data. Make an empty"
                " database and name it."
            )


def migrate_target(url: str) -> None:
    """Run all migrations on the target, in a process whose only database it is; raises Refusal where they fail."""
    if not _is_behind(TARGET):
        return
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "-v0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or _is_behind(TARGET):
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refusal(f"The migrations did not run on the target: {said[-1] if said else 'it is not up to date'}")


def _open(alias: str, wanted: dict[str, object]) -> None:
    """Make a database known under an alias, as a setting of DATABASES would."""
    connections.databases[alias] = connections.configure_settings({**connections.databases, alias: wanted})[alias]


def _is_behind(alias: str) -> bool:
    """Tell whether migrations of this version are missing in a database."""
    try:
        executor = MigrationExecutor(connections[alias])
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        raise Refusal(f"The database cannot be read: {error}") from None


def _all_models() -> list[type[models.Model]]:
    from django.apps import apps

    return apps.get_models(include_auto_created=True)
