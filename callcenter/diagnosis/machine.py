"""Checks of this machine and of what the environment says: keys, disk, files, address, Redis, mail."""

from __future__ import annotations

import itertools
import platform
import shutil
import stat
import tempfile
import uuid
import zoneinfo
from collections.abc import Iterator
from typing import Literal

import django
from django.conf import settings
from django.core.cache import cache

from callcenter import key_strength, mail_check, private_files, proxy_check
from callcenter.diagnosis.findings import Finding, note, ok, problem
from campaigns.core import hosts, stored_files
from campaigns.core.clock import DatabaseClock

DISK_MB = 500
SHOWN_FILES = 3


def version() -> Iterator[Finding]:
    """Tell which version runs here, on what."""
    yield ok("Version", f"{settings.VERSION}, on Python {platform.python_version()} and Django {django.__version__}.")


def keys() -> Iterator[Finding]:
    """Check SECRET_KEY and FIELD_KEYS."""
    subject = "Keys"
    found = list(key_strength.faults(settings.SECRET_KEY, settings.FIELD_KEYS, settings.ALLOWED_HOSTS))
    for fault in found:
        # Only development starts with one: production refuses to.
        sentence, _dot, step = fault.rpartition(". ")
        yield note(subject, f"{sentence}.", step)
    if not found:
        yield ok(subject, f"{len(settings.FIELD_KEYS)} for stored vendor keys.")


def environment_file() -> Iterator[Finding]:
    """Check the permissions of .env."""
    path = settings.ENV_FILE
    if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield problem("Environment file", f"others on this machine may read {path.name}.", f"chmod 600 {path.name}")


def private() -> Iterator[Finding]:
    """Check that nobody else on this machine may read data, uploads, exports or the database."""
    ours = private_files.everything(settings.VAR_DIR, settings.PRIVATE_FILES, settings.STATIC_ROOT)
    found = list(itertools.islice(private_files.open_to_others(ours), SHOWN_FILES))
    if found:
        yield problem(
            "Private files",
            f"others on this machine may use {', '.join(map(str, found))}.",
            f"Run as their owner: chmod -R go-rwx {settings.VAR_DIR}",
        )


def disk() -> Iterator[Finding]:
    """Check that the data folder is writable and has space."""
    subject = "Disk"
    try:
        with tempfile.TemporaryFile(dir=settings.VAR_DIR):
            pass
    except OSError as error:
        yield problem(
            subject, f"VAR_DIR cannot be written ({error.strerror}).", "Give the user that runs us the folder."
        )
        return
    free = shutil.disk_usage(settings.VAR_DIR).free // 2**20
    if free < DISK_MB:
        yield problem(subject, f"only {free} MB are free.", "Make room before the database cannot write any more.")
    else:
        yield ok(subject, f"{free:,} MB are free.")


def storage() -> Iterator[Finding]:
    """Check that uploads and exports can be kept, and where several hosts run, that all of them see the files."""
    subject = "Files"
    living = [host.name for host in hosts.living(DatabaseClock().now())]
    if not stored_files.is_elsewhere():
        if len(living) > 1:
            yield problem(
                subject,
                f"{', '.join(living)} keep uploads and exports each in its own folder: the others do not find them.",
                "Give all hosts one STORAGE_URL, see .env.example.",
            )
        return
    name = f"doctor/{uuid.uuid4()}"
    probe = stored_files.path_here(name)
    try:
        probe.write_bytes(b"doctor")
        stored_files.upload(name, probe)
        probe.unlink()
        is_kept = stored_files.fetch(name).read_bytes() == b"doctor"
        stored_files.forget(name)
    except OSError as error:
        yield problem(
            subject,
            f"the store of STORAGE_URL cannot be used ({error}).",
            "Does its server run, do the key and secret fit, and is there the bucket?",
        )
        return
    finally:
        probe.unlink(missing_ok=True)
    if is_kept:
        yield ok(subject, "kept in the store of STORAGE_URL.")
    else:
        yield problem(subject, "the store of STORAGE_URL does not keep what it is given.", "Look at its server.")


def zones() -> Iterator[Finding]:
    """Check that the time zone database is installed: without it no calling hours can be judged."""
    try:
        zoneinfo.ZoneInfo("Asia/Tehran")
        zoneinfo.ZoneInfo(settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        yield problem(
            "Time zones", "the time zone data is missing or TIME_ZONE is not one.", "Install the tzdata package."
        )


def addresses() -> Iterator[Finding]:
    """Check PUBLIC_URL, and tell whether this is a development installation."""
    subject = "Public address"
    url = settings.PUBLIC_URL
    if not url:
        sentence = "PUBLIC_URL is empty: vendors cannot send us news, calls are followed by asking."
        step = "" if settings.DEBUG else "Set PUBLIC_URL=https://your.host; Bitel tells endings only this way."
        yield note(subject, sentence, step)
    elif not url.startswith("https://") and not settings.DEBUG:
        yield problem(subject, "PUBLIC_URL is not https: vendors' news would travel in the clear.", "Use https://")
    else:
        yield ok(subject, url)
    for missing in proxy_check.unprotected():
        yield note("Proxy", *missing)
    if settings.DEBUG:
        yield note("Mode", "development (DEBUG=on).", "" if settings.DEMO else "Set DEBUG=off before real calls.")


def shared_memory() -> Iterator[Finding]:
    """Check Redis where it is configured."""
    if not settings.REDIS_URL:
        yield ok("Redis", "not used; the database carries the queue.")
        return
    key = f"doctor:{uuid.uuid4()}"
    try:
        cache.set(key, 1, 10)
        found = cache.get(key)
        cache.delete(key)
    except Exception as error:
        yield problem(
            "Redis", f"cannot be reached ({type(error).__name__}).", "Is it running, and is REDIS_URL its address?"
        )
        return
    if found != 1:
        yield problem("Redis", "answers, but does not keep what it is given.", "Look at its memory limit.")
    else:
        yield ok("Redis", "reachable.")


def mail() -> Iterator[Finding]:
    """Check that the mail server takes our connection and log-in; nothing is sent."""
    subject = "Mail"
    if not mail_check.uses_smtp():
        yield ok(subject, "does not leave this machine (development).")
        return
    try:
        mail_check.connect()
    except mail_check.MailTrouble as trouble:
        # Nobody who left EMAIL_URL alone asked for mail: that is no reason to call the installation broken.
        found: Literal["problem", "note"] = "problem" if settings.IS_EMAIL_SET else "note"
        step = trouble.step if settings.IS_EMAIL_SET else "Set EMAIL_URL, so that alerts reach somebody."
        yield Finding(found, subject, f"cannot be sent: {trouble.sentence}", step)
        return
    yield ok(subject, "the mail server takes our connection. To see one arrive: manage.py doctor --mail ADDRESS")
