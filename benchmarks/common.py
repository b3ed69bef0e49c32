"""Shared parts of the benchmarks: a temporary database, a vendor simulator, CPU meters, printed tables."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
SANDBOX_PORT = int(os.environ.get("BENCH_PORT", "23100"))


def parser(purpose: str) -> argparse.ArgumentParser:
    """Return the options that every benchmark takes."""
    made = argparse.ArgumentParser(description=purpose)
    made.add_argument(
        "--database",
        default=os.environ.get("BENCH_DATABASE_URL", ""),
        help="a PostgreSQL server, as postgres://user@host/name; a database of its own is made there and dropped. "
        "Default: BENCH_DATABASE_URL, else SQLite in a temporary directory.",
    )
    made.add_argument("--rounds", type=int, default=3, help="alternating rounds; the table shows medians")
    return made


# The database


@contextlib.contextmanager
def stage(database: str, settings: str = "benchmarks.settings", scheme: str = "http") -> Iterator[Path]:
    """Context manager: Django on an empty, migrated database and a temporary directory; both removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="callcenter-benchmark-"))
    name = f"benchmark_{uuid.uuid4().hex[:12]}"
    url = urlunsplit(urlsplit(database)._replace(path=f"/{name}")) if database else ""
    if database:
        _on_server(database, f'CREATE DATABASE "{name}"')
    _set_environment(directory, url, settings)
    os.environ["SANDBOX_ORIGIN"] = f"{scheme}://127.0.0.1:{SANDBOX_PORT}"
    try:
        set_up()
        yield directory
    finally:
        _close_connections()
        if database:
            _on_server(database, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def existing(database: str, settings: str = "benchmarks.settings") -> Iterator[Path]:
    """Context manager: Django on an existing database, which is migrated and kept."""
    directory = Path(tempfile.mkdtemp(prefix="callcenter-benchmark-"))
    _set_environment(directory, database, settings)
    try:
        set_up()
        yield directory
    finally:
        _close_connections()
        shutil.rmtree(directory, ignore_errors=True)


def _set_environment(directory: Path, url: str, settings: str) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE=settings,
        ENV_FILE=os.devnull,
        VAR_DIR=str(directory),
        DATABASE_URL=url,
        REDIS_URL="",
        DEBUG="on",
        DEMO="off",
        HTTPS="off",
        TIME_SCALE="1",
        EMAIL_URL="",
        SECRET_KEY="only-for-benchmarks-" + "0123456789" * 5,
        FIELD_KEYS="oXuMlsamqFHr_j8FO41cOGdHPhir76XSR7_K0ekP_fE=",
        ALLOWED_HOSTS="testserver,127.0.0.1",
        SANDBOX_ORIGIN=f"http://127.0.0.1:{SANDBOX_PORT}",
        SINGLE_CALL_HOURS="00:00-00:00",
        LOG_LEVEL="ERROR",
        PYTHONPATH=str(ROOT),
    )
    # Clean up also after `timeout` (SIGTERM) or a closed terminal (SIGHUP).
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def set_up() -> None:
    """Set Django up in this process and migrate the database."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _on_server(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def engine() -> str:
    """Return the name of the database engine, for the table's title."""
    from django.db import connection

    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(connection.vendor, connection.vendor)


# The vendor


@contextlib.contextmanager
def sandbox(*, delay_ms: int, speed: float = 1.0, **switches: Any) -> Iterator[str]:
    """Context manager: runs the simulator as a process, without limits and magic numbers; yields its origin."""
    origin = f"http://127.0.0.1:{SANDBOX_PORT}"
    options = [f"--port={SANDBOX_PORT}", f"--delay-ms={delay_ms}", f"--speed={speed}"]
    process = subprocess.Popen(
        [*MANAGE, "sandbox", *options, "--no-limits", "--allow-production"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(origin, process)
        control(origin, "switches", {"magic": False, "list_lag_seconds": 0.0} | switches)
        yield origin
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def vendor(*, delay_ms: int, certificate: str = "") -> Iterator[str]:
    """Context manager: runs the order-only vendor (`benchmarks.vendor`) as a process; yields its origin.

    `certificate` is a PEM file with certificate and key: the vendor then uses TLS, and this process trusts it too.
    """
    if certificate:
        os.environ["SSL_CERT_FILE"] = certificate
    origin = f"{'https' if certificate else 'http'}://127.0.0.1:{SANDBOX_PORT}"
    command = [
        sys.executable,
        "-m",
        "benchmarks.vendor",
        str(SANDBOX_PORT),
        str(delay_ms),
        *filter(None, [certificate]),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_for(origin, process)
        yield origin
    finally:
        process.terminate()
        process.wait(10)


def make_certificate(directory: Path) -> str:
    """Write a self-signed certificate for loopback with its key; returns the PEM file's path."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor.example")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = directory / "vendor.pem"
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, kinds, serialization.NoEncryption()))
    return str(path)


def control(origin: str, name: str, order: dict[str, Any]) -> None:
    """Send an order to the simulator's control endpoint `name`."""
    body = json.dumps(order).encode()
    request = urllib.request.Request(f"{origin}/_control/{name}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


def _wait_for(origin: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        context = ssl.create_default_context() if origin.startswith("https") else None
        address = f"{origin}/_control/switches"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=1, context=context):
            return
        time.sleep(0.1)
    raise SystemExit(f"The simulator does not answer on {origin}.")


def make_provider(vendor: str, origin: str, **fields: Any) -> Any:
    """Create a provider at the simulator, without practical limits, with its first agent and caller ID."""
    from providers.models import Agent, CallerId, Provider
    from providers.sandbox.accounts import ACCOUNT_OF

    account = ACCOUNT_OF[vendor]
    defaults: dict[str, Any] = {
        "vendor": vendor,
        "name": account.name,
        "secrets": {"api_key": account.key},
        "options": {"base_url": origin + account.base_path, **account.options},
        "max_lines": 1_000_000,
        "calls_per_minute": 10_000_000,
        "reads_per_minute": 10_000_000,
    }
    provider = Provider.objects.create(**(defaults | fields))
    for agent in account.agents[:1]:
        Agent.objects.create(provider=provider, remote_id=agent.id, name=agent.name)
    for number in account.caller_ids[:1]:
        CallerId.objects.create(provider=provider, remote_id=number, number=number, name="desk")
    return provider


def phone(number: int) -> str:
    """Return a valid Iranian mobile number, distinct for each `number` below ten million."""
    return f"+98912{number:07d}"


def place(backend: Any, order: Any) -> Any:
    """Send an order through the client alone; retried where a busy machine made it too late to leave (`NotSent`)."""
    from providers.exceptions import NotSent

    for _try in range(5):
        with contextlib.suppress(NotSent):
            return backend.place_call(order)
    raise SystemExit("The machine is too busy: orders do not leave within two seconds.")


# Measuring


class Cost(NamedTuple):
    """The cost of a run."""

    seconds: float
    cpu: float


class Meter:
    """Measures wall-clock and CPU seconds of this process and of its children that have ended."""

    def __enter__(self) -> Meter:
        self._cpu, self._began = own_cpu(), time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.cost = Cost(time.monotonic() - self._began, own_cpu() - self._cpu)


def own_cpu() -> float:
    """Return the CPU seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def tree_cpu(pid: int) -> float:
    """Return the CPU seconds of a running process and everything below it (Linux)."""
    ticks, below = os.sysconf("SC_CLK_TCK"), {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                below[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        total += below.get(one, (0, 0.0))[1]
        waiting += [child for child, (parent, _cpu) in below.items() if parent == one]
    return total


def median(costs: Sequence[tuple[float, ...]], kind: Any = None) -> Any:
    """Return the median of each column, as the same kind of row."""
    columns = [statistics.median(column) for column in zip(*costs, strict=True)]
    return tuple(columns) if kind is tuple else type(costs[0])(*columns)


# What is printed


class Goal(NamedTuple):
    """One figure with its limit."""

    what: str
    is_: float
    wanted: float
    unit: str = ""
    at_most: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether the figure is within its limit."""
        return self.is_ <= self.wanted if self.at_most else self.is_ >= self.wanted


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, with figures aligned right."""
    cells = [list(columns), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(row[position]) for row in cells) for position in range(len(columns))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        first, *rest = row
        print("  " + "  ".join([first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]))
        if not number:
            print("  " + "  ".join("-" * width for width in widths))


def print_goals(goals: Sequence[Goal]) -> None:
    """Print each goal with its figure and whether it was reached."""
    print()
    for goal in goals:
        sign = "at most" if goal.at_most else "at least"
        word = "reached" if goal.is_reached else "NOT reached"
        print(f"  {goal.what}: {goal.is_:.3g}{goal.unit}, to reach {sign} {goal.wanted:g}{goal.unit}: {word}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
