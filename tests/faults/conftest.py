"""What the fault runs share: engines, stages, and the table that is printed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.conftest import dial, read_back, sandbox  # noqa: F401 - fixtures of the in-process tests
from tests.faults.servers import Postgres, Redis
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
VERDICTS: list[Verdict] = []
FIGURES: list[str] = []


def scaled(full: int, short: int) -> int:
    """Return a size: the full one for `make faults`, else the short one."""
    return full if IS_FULL else short


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL that may be crashed."""
    server = Postgres()
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

    def start(*, scale: float = 40.0, speed: float = 60.0) -> Stage:
        place = tmp_path / f"stage{len(started)}"
        place.mkdir()
        server = request.getfixturevalue("postgres") if engine == "postgres" else None
        started.append(Stage(place, engine, server, scale=scale, speed=speed))
        return started[-1]

    yield start
    for stage in started:
        stage.end()


@pytest.fixture
def tell() -> Callable[[Verdict], Verdict]:
    """Keep a verdict for the table."""

    def keep(verdict: Verdict) -> Verdict:
        VERDICTS.append(verdict)
        return verdict

    return keep


@pytest.fixture
def figure() -> Callable[[str], None]:
    """Keep a line for the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    if VERDICTS:
        terminalreporter.section("never twice, never lost")
        terminalreporter.write_line(table(VERDICTS))
    for line in FIGURES:
        terminalreporter.write_line(line)
