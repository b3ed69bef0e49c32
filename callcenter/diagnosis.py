"""Checks of an installation: each gives findings in words, with the next step where something is wrong."""

from __future__ import annotations

import platform
import shutil
import stat
import tempfile
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import django
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.checks import ERROR, run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from callcenter import mail_check, proxy_check, sqlite_files
from callcenter.access.rights import ADMIN
from campaigns.core import decision_kinds, hosts, stored_files
from campaigns.core.clock import DatabaseClock
from campaigns.models import Call, Campaign, Contact, DialingSwitch
from campaigns.tracking import alerts
from providers.models import Provider, ProviderState
from providers.services.vendor_clock import seconds_ahead

CLOCK_APART = 2.0
VENDOR_CLOCK_APART = 60.0
"""Seconds; a vendor's answer may be some seconds old, and a clock that is less off moves no calling hour."""
DISK_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; a note is for information, a problem needs a person to act."""

    level: Literal["ok", "note", "problem"]
    subject: str
    sentence: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as a JSON-ready dict."""
        return asdict(self)


def ok(subject: str, sentence: str) -> Finding:
    return Finding("ok", subject, sentence)


def note(subject: str, sentence: str, next_step: str = "") -> Finding:
    return Finding("note", subject, sentence, next_step)


def problem(subject: str, sentence: str, next_step: str) -> Finding:
    return Finding("problem", subject, sentence, next_step)


def examine() -> list[Finding]:
    """Return every finding; checks that need the database are left out where it does not answer."""
    findings = [*version(), *keys(), *environment_file(), *disk(), *zones(), *addresses(), *shared_memory(), *mail()]
    database_findings = list(database())
    findings += database_findings
    if any(finding.level == "problem" for finding in database_findings):
        return findings
    for look in (clock, vendor_clocks, storage, worker, people, readers, secrets, stops, calls, system_checks):
        findings += _guarded(look)
    return findings


def _guarded(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except Exception as error:
        return [
            problem(look.__name__.replace("_", " "), f"could not be examined ({type(error).__name__}).", str(error))
        ]


def version() -> Iterator[Finding]:
    """Tell which version runs here, on what."""
    yield ok("Version", f"{settings.VERSION}, on Python {platform.python_version()} and Django {django.__version__}.")


def keys() -> Iterator[Finding]:
    """Check SECRET_KEY and FIELD_KEYS."""
    subject = "Keys"
    if len(settings.SECRET_KEY) < 50:
        yield problem(subject, "SECRET_KEY is short: sessions could be forged.", "Use 50 random characters or more.")
    for position, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            yield problem(
                subject,
                f"key {position} of FIELD_KEYS is not a key: vendor keys cannot be stored or read.",
                "Make one: manage.py init --print-key",
            )
            return
    yield ok(subject, f"{len(settings.FIELD_KEYS)} for stored vendor keys.")


def environment_file() -> Iterator[Finding]:
    """Check the permissions of .env."""
    path = settings.ENV_FILE
    if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield problem("Environment file", f"others on this machine may read {path.name}.", f"chmod 600 {path.name}")


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


def database() -> Iterator[Finding]:
    """Check that the database answers and has every migration."""
    subject = "Database"
    path = sqlite_files.file_of(settings.DATABASES["default"])
    if path and (sentence := sqlite_files.misfit(path) or sqlite_files.damage(path)):
        yield problem(subject, sentence, "Stop the worker and the web server first.")
        return
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not missing:
            read_rows()
    except DatabaseError as error:
        # The error's own text may carry the address with its password.
        yield problem(
            subject, f"cannot be used ({type(error).__name__}).", "Is it running, and is DATABASE_URL its address?"
        )
        return
    if missing:
        yield problem(subject, f"{len(missing)} changes of its tables are missing.", "Run: manage.py migrate")
    else:
        yield ok(subject, f"{connection.display_name}, up to date.")


def read_rows() -> None:
    """Read the first and the last row of the main tables: a connection alone proves nothing of them."""
    for model in (Provider, Campaign, Contact, Call):
        rows = model._default_manager.defer("secrets") if model is Provider else model._default_manager.all()
        for order in ("pk", "-pk"):
            rows.order_by(order).first()


def clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs((cursor.fetchone()[0] - timezone.now()).total_seconds())
    if apart > CLOCK_APART:
        yield problem(
            "Clock", f"this machine and the database are {apart:.0f} s apart.", "Let both follow a time server."
        )
    else:
        yield ok("Clock", "agrees with the database.")


def vendor_clocks() -> Iterator[Finding]:
    """Compare this machine's clock with those of the vendors, by one harmless read of each provider in use."""
    subject, compared = "Clock of vendors", 0
    for provider in Provider.objects.filter(is_active=True, halted_at=None):
        apart = seconds_ahead(provider)
        if apart is None:
            continue
        compared += 1
        if abs(apart) > VENDOR_CLOCK_APART:
            way = "ahead of" if apart > 0 else "behind"
            yield problem(
                subject,
                f"this machine is {abs(apart):.0f} s {way} {provider.vendor_label} ({provider.name}): "
                "calling hours and the search for unknown calls go by a wrong time.",
                "Let this machine follow a time server, then look again.",
            )
            return
    if compared:
        yield ok(subject, "agrees with this machine's.")


def worker() -> Iterator[Finding]:
    """Check that work passes through a worker, and name the hosts."""
    subject = "Worker"
    start = "Start it: manage.py worker (or manage.py up)"
    work = hosts.standing()
    if work.silent_for is None:
        yield problem(subject, "never ran here: nothing is dialled.", start)
    elif not work.is_alive:
        yield problem(subject, f"none runs, the last sign is {work.silent_for:.0f} s old: nothing is dialled.", start)
    for host in work.hosts:
        about = f"Worker on {host.name}"
        version = "" if host.version == settings.VERSION else f", version {host.version or 'unknown'}"
        if host.is_alive:
            sentence = f"alive, last heartbeat {max(host.silent_for, 0):.0f} s ago{version}."
            yield (
                note(about, sentence, f"This is {settings.VERSION}: bring both up to date.")
                if version
                else ok(about, sentence)
            )
        elif host.has_ended:
            yield note(about, f"ended in order; its last heartbeat is {host.silent_for:.0f} s old{version}.")
        else:
            yield note(about, f"silent for {host.silent_for:.0f} s{version}.", "If it should run, start it there.")


def worker_here() -> Finding:
    """Check that this host's worker lives: work passed through it a moment ago."""
    subject = f"Worker on {settings.HOST_NAME}"
    try:
        is_alive = hosts.living(DatabaseClock().now()).filter(name=settings.HOST_NAME).exists()
    except DatabaseError as error:
        return problem(subject, f"unknown: the database cannot be used ({type(error).__name__}).", "Is it running?")
    if is_alive:
        return ok(subject, "alive.")
    return problem(subject, "no heartbeat: nothing is dialled here.", "Start it: manage.py worker")


def people() -> Iterator[Finding]:
    """Check that there is an active admin."""
    admins = get_user_model()._default_manager.filter(is_active=True, is_staff=True)
    if not (admins.filter(groups__name=ADMIN) | admins.filter(is_superuser=True)).exists():
        yield problem("People", "nobody can log in as an admin.", "Run: manage.py createsuperuser")


def readers() -> Iterator[Finding]:
    """Check that alerts have a reader."""
    if not alerts.recipients():
        yield note("Alerts", "reach nobody.", "Give a manager or an admin an e-mail address, under Set-up.")


def secrets() -> Iterator[Finding]:
    """Check that every stored vendor key can be decrypted."""
    unreadable = [name for name, secrets in Provider.objects.values_list("name", "secrets") if not secrets.is_readable]
    if unreadable:
        yield problem(
            "Vendor keys",
            f"cannot be read: {', '.join(unreadable)}.",
            "Put the key they were stored with back into FIELD_KEYS, or enter these vendor keys anew.",
        )


def stops() -> Iterator[Finding]:
    """List what stops calls now: stop-all and stopped providers."""
    if DialingSwitch.objects.filter(stopped_at__isnull=False).exists():
        yield note("Stop-all", "is pressed: nothing is dialled.", "A manager releases it on the page Today.")
    active = Provider.objects.filter(is_active=True)
    if not active:
        yield note("Providers", "there is none in use.", "An admin adds one under Providers.")
    for provider in active:
        standing = provider.standing
        if standing.state.is_stop or standing.state == ProviderState.SLOWED:
            yield note(f"Provider {provider.name}", str(standing.sentence), str(standing.step))


def calls() -> Iterator[Finding]:
    """Count the calls that wait for a person's decision."""
    counts = decision_kinds.count(Call.objects.all(), timezone.now())
    if any(counts.values()):
        of_which = (
            f"{counts['no_news']} without news of their provider, {counts['unknown']} unknown, {counts['held']} held"
        )
        yield note(
            "Calls",
            f"{sum(counts.values())} need a decision: {of_which}.",
            "A manager decides on the page Needs a decision.",
        )


def system_checks() -> Iterator[Finding]:
    """Run Django's system checks, as every start does."""
    for message in run_checks(include_deployment_checks=not settings.DEBUG):
        if message.is_silenced():
            continue
        level: Literal["note", "problem"] = "problem" if message.level >= ERROR else "note"
        yield Finding(level, f"Check {message.id}", str(message.msg), str(message.hint or ""))
