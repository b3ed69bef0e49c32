"""Benchmark of opening every page of the console over a long history, against Django admin's stock change list."""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import common
from benchmarks.common import Goal
from benchmarks.pages import STREAMED, Landmarks, Page, all_pages, find_landmarks, missing

PAGE_MS = {"sqlite": 500.0, "postgresql": 300.0}
SEARCH_MS = 100.0
EXPORT_MB = 100.0
WARM, LOUD = 1, 10
ANSWERS = {200, 286, 302, 403, 503}
"""Statuses that count as a page; 286 stops htmx polling, 302 redirects, 403 is "no role", 503 is "not ready"."""
ACCOUNTS = {"manager": "Managers", "admin": "Admins", "caller": "Callers"}


class Opened(NamedTuple):
    """The cost of opening one page."""

    milliseconds: float
    cpu_ms: float
    """CPU ms of this process, which other load does not change; without PostgreSQL's own CPU time."""
    queries: int
    database_ms: float
    length: int


class Spy:
    """Database wrapper that records the statements of one response."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Record a statement and run it."""
        self.statements.append((sql, params))
        return execute(sql, params, many, context)


# Pages


def open_page(client: Any, path: str, rounds: int) -> Opened:
    """Open a page `rounds` times with an empty cache and return the medians."""
    from django.core.cache import cache
    from django.db import connection

    took, cpu, statements, length = [], [], [], 0
    for number in range(rounds + WARM):
        cache.clear()
        gc.collect()
        spy, began, busy = Spy(), time.perf_counter(), time.process_time()
        with connection.execute_wrapper(spy):
            answer = client.get(path)
        seconds, used = time.perf_counter() - began, time.process_time() - busy
        if answer.status_code not in ANSWERS:
            raise SystemExit(f"{path} answers {answer.status_code}.")
        length, statements = len(answer.content), spy.statements
        if number >= WARM:
            took.append(seconds * 1000)
            cpu.append(used * 1000)
        if seconds > LOUD and number >= WARM + 1:
            break  # far beyond every limit: its median needs no more rounds
    alone = read_again(statements, min(rounds, 3))
    return Opened(statistics.median(took), statistics.median(cpu), len(statements), alone, length)


def read_again(statements: list[tuple[str, Any]], rounds: int) -> float:
    """Return the milliseconds that the SELECT statements take to fetch all rows, without Django.

    A SET statement before one of them is run again too.
    """
    from django.db import connection, transaction

    took = []
    for _round in range(rounds):
        with connection.cursor() as cursor:
            began = time.perf_counter()
            setting = ""
            for sql, parameters in statements:
                if sql.startswith("SET LOCAL"):
                    setting = sql
                elif sql.lstrip().upper().startswith(("SELECT", "WITH")):
                    with transaction.atomic() if setting else contextlib.nullcontext():
                        if setting:
                            cursor.execute(setting)
                        cursor.execute(sql, parameters)
                        cursor.fetchall()
                    setting = ""
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def make_clients() -> dict[str, Any]:
    """Return a test client for each role, logged in; the manager leads every team, and so reaches what they made."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from callcenter.access.models import FurtherTeam, Team

    made = {}
    for role, group in ACCOUNTS.items():
        person, is_new = User.objects.get_or_create(
            username=f"benchmark-{role}", defaults={"is_staff": True, "is_superuser": False}
        )
        if is_new:
            person.groups.add(Group.objects.get(name=group))
        if role == "manager":
            led = [FurtherTeam(user=person, team=team) for team in Team.objects.all()]
            FurtherTeam.objects.bulk_create(led, ignore_conflicts=True)
        made[role] = Client()
        made[role].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return made


# The stock change list


def stock_paths() -> Callable[[str], str]:
    """Install a plain admin site with a change list of calls; returns a function that builds its addresses."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ROOT_URLCONF = "benchmarks.stock"
    boss, _is_new = User.objects.get_or_create(
        username="benchmark-superuser", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    STOCK["client"] = client
    return lambda query: f"/stock/campaigns/call/?{query}"


STOCK: dict[str, Any] = {}


# Export


class Streamed(NamedTuple):
    """The cost of writing out every row."""

    rows: int
    seconds: float
    over_base_mb: float


def stream(client: Any, path: str) -> Streamed:
    """Read a streamed file to its end and discard it."""

    def read() -> int:
        return sum(piece.count(b"\r\n") for piece in client.get(path).streaming_content) - 1

    return _watched(read)


def export_calls() -> Streamed:
    """Write all calls into an export file, in slices as the worker does."""
    from django.contrib.auth.models import User

    from campaigns.calls import call_columns
    from campaigns.calls.call_log_filters import CallFilters
    from campaigns.exports import job, requests

    person = User.objects.get(username="benchmark-manager")
    asked = requests.ask(person, CallFilters(), call_columns.chosen(()), words=[], file_format="csv")

    def write() -> int:
        while not job.write(asked.pk):
            asked.refresh_from_db()
            if asked.state not in requests.UNFINISHED:
                raise SystemExit(f"The export stopped: {asked.error}")
        asked.refresh_from_db()
        return asked.done_rows

    try:
        return _watched(write)
    finally:
        requests.delete_file(asked, person)


def _watched(work: Callable[[], int]) -> Streamed:
    """Run `work`, which returns how many rows it wrote, and measure time and peak memory."""
    gc.collect()
    base = _memory("VmRSS")
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    rows = work()
    return Streamed(rows, time.perf_counter() - began, _memory("VmHWM") - base)


def _memory(what: str) -> float:
    found = re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


# The run


@contextlib.contextmanager
def history(options: argparse.Namespace) -> Iterator[None]:
    """Context manager: fills a new database, or uses the existing one that the options name."""
    if options.existing:
        with common.existing(options.existing):
            yield
        return
    with common.stage(options.database):
        from django.core.management import call_command

        call_command("make_history", contacts=options.contacts, calls=options.calls)
        yield


def make_import(client_name: str) -> int:
    """Import a small file, for the pages of imports; returns the import's id."""
    from django.contrib.auth.models import User

    from campaigns.contacts.importing.columns.mapping import ColumnMapping
    from campaigns.contacts.importing.rows.validation import check_import
    from campaigns.contacts.importing.upload import map_columns, take_file

    person = User.objects.get(username=f"benchmark-{client_name}")
    text = "Name,Phone\r\n" + "".join(f"Person {n},0912{n:07d}\r\n" for n in range(100))
    record = take_file(io.BytesIO(text.encode()), "people.csv", "IR", person)
    map_columns(
        record, ColumnMapping.from_json(record.mapping), region="IR", contact_list=None, list_name=f"Made {time.time()}"
    )
    check_import(record.pk)
    return record.pk


def measure(pages: list[Page], clients: dict[str, Any], rounds: int) -> list[tuple[Page, Opened, Opened | None]]:
    """Open every page, and the stock change list where it answers the same question."""
    from django.urls import reverse

    stock_path = stock_paths()
    known: dict[str, Opened] = {}
    found = []
    for page in pages:
        path = reverse(page.name, args=page.args) + (f"?{page.query}" if page.query else "")
        opened = open_page(clients[page.role], path, rounds)
        if page.stock and page.stock not in known:
            known[page.stock] = open_page(STOCK["client"], stock_path(page.stock), rounds)
        found.append((page, opened, known.get(page.stock)))
        if os.environ.get("BENCH_LOUD"):
            figures = "".join(f"{figure:8.0f}" for figure in opened[:4])
            print(figures, page.what, flush=True)
    return found


def is_reached(page: Page, opened: Opened, limit: float) -> bool:
    """Return whether a page is within its limit."""
    return page.is_later or (opened.milliseconds <= limit and (not page.is_search or opened.database_ms <= SEARCH_MS))


def goals_of(found: list[tuple[Page, Opened, Opened | None]], streamed: dict[str, Streamed]) -> list[Goal]:
    """Return the goals; the slowest page of each kind decides."""
    from django.db import connection

    limit = PAGE_MS[connection.vendor]
    slow = max((one for one in found if not one[0].is_later), key=lambda one: one[1].milliseconds)
    search = max((one for one in found if one[0].is_search), key=lambda one: one[1].database_ms)
    over = sum(not is_reached(page, opened, limit) for page, opened, _stock in found)
    whole = streamed["calls"]
    return [
        Goal(f"slowest page ({slow[0].what})", slow[1].milliseconds, limit, " ms", at_most=True),
        Goal(f"pages over their limit, of {len(found)}", over, 0, at_most=True),
        Goal(f"slowest search, database ({search[0].what})", search[1].database_ms, SEARCH_MS, " ms", at_most=True),
        Goal("export, memory over the base", whole.over_base_mb, EXPORT_MB, " MB", at_most=True),
    ]


def main() -> None:
    """Run the benchmark and print its tables and goals."""
    parser = common.parser(__doc__ or "")
    parser.set_defaults(rounds=7)
    parser.add_argument("--contacts", type=int, default=50_000, help="people of the history; the goals want 500,000")
    parser.add_argument("--calls", type=int, default=100_000, help="calls of the history; the goals want 1,000,000")
    parser.add_argument(
        "--existing", default="", help="address of a database that make_history filled; log-ins are added to it"
    )
    parser.add_argument("--only", default="", help="pages whose name or words hold this")
    parser.add_argument("--no-export", action="store_true", help="leave the exports out")
    options = parser.parse_args()
    with history(options):
        _run(options)


def _run(options: argparse.Namespace) -> None:
    from django.db import connection
    from django.urls import reverse

    clients = make_clients()
    at: Landmarks = find_landmarks(make_import("manager"))
    pages = list(all_pages(at))
    if left_out := missing(pages):
        raise SystemExit(
            f"Nobody measures these pages: {', '.join(sorted(left_out))}. Add them to benchmarks/pages.py."
        )
    if options.only:
        pages = [page for page in pages if options.only in page.what or options.only == page.name]
    found = measure(pages, clients, options.rounds)
    limit = PAGE_MS[connection.vendor]
    common.print_table(
        f"Pages on {common.engine()}, medians of {options.rounds}",
        ("page", "ms", "CPU ms", "queries", "database ms", "kB", "stock ms", "times", ""),
        [
            (
                page.what, opened.milliseconds, opened.cpu_ms, opened.queries, opened.database_ms, opened.length / 1024,
                stock.milliseconds if stock else "", stock.milliseconds / opened.milliseconds if stock else "",
                "later" if page.is_later else "" if is_reached(page, opened, limit) else "NOT reached",
            )
            for page, opened, stock in found
        ],
    )  # fmt: skip
    if options.no_export or options.only:
        return
    streamed = {"calls": export_calls()}
    streamed |= {name: stream(clients["manager"], reverse(name)) for name in sorted(STREAMED)}
    common.print_table(
        "Exports",
        ("file", "rows", "seconds", "rows/s", "MB over base"),
        [(name, one.rows, one.seconds, one.rows / one.seconds, one.over_base_mb) for name, one in streamed.items()],
    )
    common.print_goals(goals_of(found, streamed))


if __name__ == "__main__":
    main()
