"""What the fault runs share: engines, stages, and the table that is printed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.conftest import dial, read_back, sandbox  # noqa: F401 - fixtures of the in-process tests
from tests.faults.servers import OwnPostgres, Postgres, Redis
from tests.faults.stage import Stage
from tests.faults.verdict import Verdict, table

IS_FULL = os.environ.get("FAULTS") == "full"
"""`make faults` runs everything on both engines; `make test` a short form on the engine of TEST_DATABASE_URL."""
ONLY = os.environ.get("FAULTS_ENGINE", "")
"""`make figures` runs on one engine."""
CALLS = int(os.environ.get("FAULTS_CALLS") or 10_000)
"""How many calls leave under random kills in the full form."""
ENGINES = (
    ([ONLY] if ONLY else ["sqlite", "postgres"])
    if IS_FULL
    else ["postgres" if os.environ.get("TEST_DATABASE_URL") else "sqlite"]
)
HAS_POSTGRES = "postgres" in ENGINES
LONG = (
    "test_redis_forgets_and_every_nudge_comes_ten_times",
    "test_workers_die_and_freeze_at_random",
    "test_the_database_crashes",
)
"""The longest of the short form."""
VERDICT, FIGURE = "verdict", "figure"
"""Names under which a test's report carries what is printed at the end, also from another process."""


def scaled(full: int, short: int) -> int:
    """Return a size: the full one for `make faults`, else the short one."""
    return full if IS_FULL else short


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the full form alone, and put the longest runs first, a short one after each.

    Where several processes share the tests out, each takes two to begin with: no long one may come last.
    """
    if not IS_FULL:
        left_out = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    runs = [item for item in items if item.get_closest_marker("faults")]
    long = [item for item in runs if getattr(item, "originalname", "") in LONG]
    short = [item for item in runs if item not in long]
    pairs = [item for pair in zip(long, short, strict=False) for item in pair]
    items[:] = pairs + [item for item in items if item not in pairs]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Hand out the PostgreSQL of TEST_DATABASE_URL, else one of our own."""
    url = os.environ.get("TEST_DATABASE_URL")
    server = Postgres(url) if url else OwnPostgres()
    yield server
    server.end()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """Start a PostgreSQL that may be crashed: no other test is on it."""
    server = OwnPostgres()
    yield server
    server.end()


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Start a Redis that may be flushed and killed."""
    server = Redis()
    yield server
    server.end()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Name the engine of a run."""
    return str(request.param)


@pytest.fixture
def start_stage(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Hand out a starter of stages; all end with the test."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("processes are signalled by descriptors, which Linux has")
    started: list[Stage] = []

    def start(
        *, scale: float = 40.0, speed: float = 60.0, server: Postgres | None = None, redis_url: str = ""
    ) -> Stage:
        place = tmp_path / f"stage{len(started)}"
        place.mkdir()
        if engine == "postgres" and server is None:
            server = request.getfixturevalue("postgres")
        started.append(Stage(place, engine, server, scale=scale, speed=speed, redis_url=redis_url))
        return started[-1]

    yield start
    for stage in started:
        stage.end()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[Verdict], Verdict]:
    """Keep a verdict for the table."""

    def keep(verdict: Verdict) -> Verdict:
        request.node.user_properties.append((VERDICT, asdict(verdict)))
        return verdict

    return keep


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end of the run."""
    return lambda line: request.node.user_properties.append((FIGURE, line))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table and the lines that the tests kept."""
    reports = [
        report for found in terminalreporter.stats.values() for report in found if getattr(report, "when", "") == "call"
    ]
    kept = [pair for report in reports for pair in report.user_properties]
    verdicts = [Verdict(**value) for name, value in kept if name == VERDICT]
    if verdicts:
        terminalreporter.section("never twice, never lost")
        terminalreporter.write_line(table(verdicts))
    for name, value in kept:
        if name == FIGURE:
            terminalreporter.write_line(value)
