"""Makes a backup of this installation, and puts one back so that nobody is called twice for it."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from callcenter.access.open_sessions import end_everybodys
from callcenter.backups import archive, stores
from callcenter.supervision import port_is_taken
from campaigns.core import hosts
from campaigns.core.refusals import Refusal
from campaigns.models import Call
from campaigns.tracking import restore_guard
from providers.models import Provider

STORAGE = "media"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    made_at: datetime.datetime
    newest_call_at: datetime.datetime | None
    calls: int
    aside: Path
    """The folder that holds what was there before."""
    frozen: list[Provider]


def make(target: Path, recipient: str = "") -> int:
    """Write a backup of database, storage and the settings' names; returns its size in bytes. Raises Refusal."""
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix=".backup-") as place:
        newest = Call.objects.filter(placing_at__isnull=False).order_by("-placing_at").first()
        about = {
            "made_at": timezone.now().isoformat(),
            "version": settings.VERSION,
            "engine": connection.vendor,
            "migrations": sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations),
            "calls": Call.objects.count(),
            "newest_call_at": newest.placing_at.isoformat() if newest and newest.placing_at else None,
            "settings": names_of_settings(),
        }
        database = stores.dump(Path(place))
        root = Path(settings.MEDIA_ROOT)
        files = sorted(path for path in root.rglob("*") if path.is_file()) if holds_storage() else []
        stored = {f"{STORAGE}/{path.relative_to(root).as_posix()}": path for path in files}
        return archive.write(target, {database.name: database} | stored, about, recipient, optional=stored)


def holds_storage() -> bool:
    """Tell whether uploads and exports lie in a folder here, and not in a store of their own (STORAGE_URL)."""
    return isinstance(default_storage, FileSystemStorage)


def names_of_settings() -> list[str]:
    """Return the names of the settings that are set here; their values, keys among them, stay out of a backup."""
    known = set(re.findall(r"^#?([A-Z_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE))
    path = Path(settings.ENV_FILE)
    written = re.findall(r"^([A-Z_]+)=", path.read_text(), re.MULTILINE) if path.is_file() else []
    return sorted(known & {*written, *os.environ})


def put_back(source: Path, identity: Path | None = None, *, is_forced: bool = False) -> Restored:
    """Put a backup in the place of what is here, and freeze calling until the vendors' lists were compared.

    What was here is kept in a folder aside, PostgreSQL's tables excepted. Raises Refusal, and has changed nothing then.
    """
    if not is_forced:
        refuse_while_alive()
    with archive.unpacked(source, settings.VAR_DIR, identity) as (folder, about):
        refuse_what_does_not_fit(about)
        aside = Path(settings.VAR_DIR) / f"replaced-{timezone.now():%Y%m%d-%H%M%S}"
        aside.mkdir()
        try:
            stores.put_back(folder / stores.PART[connection.vendor], aside)
        except Refusal:
            with contextlib.suppress(OSError):
                aside.rmdir()
            raise
        _put_storage_back(folder / STORAGE, aside)
        # Older tables first become those of this version: the freeze is written into them.
        call_command("migrate", interactive=False, verbosity=0)
        end_everybodys()
        restore_guard.after_restoring(_("a backup of the database was restored."))
        newest = about["newest_call_at"]
        return Restored(
            made_at=parse_datetime(about["made_at"]) or timezone.now(),
            newest_call_at=parse_datetime(newest) if newest else None,
            calls=int(about["calls"]),
            aside=aside,
            frozen=list(Provider.objects.filter(frozen_at__isnull=False).defer("secrets").order_by("name")),
        )


def refuse_while_alive() -> None:
    """Raise Refusal while a worker or the web server of this installation runs."""
    if living := list(_living_hosts()):
        raise Refusal(
            f"A worker lives on {', '.join(living)}. Stop it (after a kill, wait {hosts.SILENT_SECONDS} seconds), then"
            " restore; or say --force."
        )
    if port_is_taken(settings.WEB_PORT):
        raise Refusal(
            f"Something listens on port {settings.WEB_PORT}, the web server's. Stop it, then restore; or say --force."
        )
    if others := stores.others_connected():
        raise Refusal(f"{others} other programs use the database. Stop worker and web server, or say --force.")


def _living_hosts() -> Iterator[str]:
    try:
        yield from hosts.living(timezone.now()).values_list("name", flat=True)
    except DatabaseError:
        # A database that is damaged, or not there, is what a restore is for.
        return


def refuse_what_does_not_fit(about: dict[str, Any]) -> None:
    """Raise Refusal where a backup is of another engine, or of a later version than this one."""
    if about["engine"] != connection.vendor:
        raise Refusal(
            f"The backup is of {about['engine']}, this installation uses {connection.vendor}: set DATABASE_URL to such"
            " a database. Nothing was changed."
        )
    found = MigrationLoader(None).disk_migrations
    known = {*found, *(name for migration in found.values() for name in migration.replaces)}
    if later := sorted(set(about["migrations"]) - {f"{app}.{name}" for app, name in known}):
        raise Refusal(
            f"The backup is of version {about['version']}, which knows more than this one ({later[0]}): update this"
            " installation first. Nothing was changed."
        )


def _put_storage_back(folder: Path, aside: Path) -> None:
    root = Path(settings.MEDIA_ROOT)
    if not holds_storage():
        return
    if root.exists():
        shutil.move(root, aside / STORAGE)
    if folder.exists():
        shutil.move(folder, root)
