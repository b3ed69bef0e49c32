"""Two hosts on one PostgreSQL and Redis, each with its own folder, worker and web server; whole hosts are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
import requests

from callcenter.supervision import wait_for_port, web_server
from tests.end_to_end.conftest import free_port
from tests.faults.conftest import HAS_POSTGRES, scaled
from tests.faults.firing import demand
from tests.faults.servers import Redis
from tests.faults.stage import HOSTILE, VENDORS, Stage
from tests.faults.verdict import Verdict
from tests.migrated import ROOT
from tests.waiting import A_MINUTE

pytestmark = [
    pytest.mark.faults,
    pytest.mark.full,
    pytest.mark.parametrize("engine", ["postgres"], indirect=True),
    pytest.mark.skipif(not HAS_POSTGRES, reason="checked with PostgreSQL"),
]

MOVES_WITHIN = 30.0
"""Seconds after the death of a host within which the others must serve its providers."""
SHARED_WITHIN = 60.0
"""Seconds after a host's start within which it must serve a part."""
HELD = """
    SELECT s.host, p.vendor FROM providers_provider p JOIN campaigns_runningslice s ON s.token = p.dispatch_lease
    WHERE s.kind = 'dispatch' AND p.dispatch_lease_until > now()
"""


class Host:
    """One machine of an installation: a folder, a worker and a web server of its own."""

    def __init__(self, stage: Stage, name: str, redis_url: str, port: int) -> None:
        self.stage, self.name = stage, name
        self.folder = stage.directory / name
        self.folder.mkdir()
        self.port = port
        self.environment = {
            "HOST_NAME": name, "VAR_DIR": str(self.folder), "REDIS_URL": redis_url, "WEB_PORT": str(self.port),
            "WORKERS": "3", "SLICES": "1", "LOG_LEVEL": "WARNING",
        }  # fmt: skip
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both processes, and wait until the web server answers."""
        for command in ([sys.executable, "manage.py", "worker"], list(web_server("127.0.0.1", self.port).command)):
            self.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=os.environ | self.stage.environment | self.environment,
                    stdout=self.stage._log,
                    stderr=self.stage._log,
                    start_new_session=True,
                )
            )
        assert wait_for_port(self.port, seconds=A_MINUTE), self.stage.log()

    def kill(self) -> None:
        """End every process at once, as a power cut does."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.stage.kills += len(self.processes)
        self.processes.clear()

    def answers(self) -> bool:
        """Tell whether the web server shows its first page."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://127.0.0.1:{self.port}/", timeout=20).status_code == 200

    def served(self) -> set[str]:
        """Return the vendors whose provider it serves now."""
        return {vendor for name, vendor in self.stage.rows(HELD) if name == self.name}


@pytest.fixture
def start_hosts(start_stage: Callable[..., Stage], redis: Redis) -> Iterator[Callable[..., list[Host]]]:
    """Hand out a starter of two hosts, whose campaigns call so many people a second at some vendors."""
    started: list[Host] = []

    def start(vendors: Sequence[str], *, people: int, a_second: float) -> list[Host]:
        stage = start_stage(scale=20, speed=20)
        stage.environment["REDIS_URL"] = redis.url
        stage.lay_out(people, vendors=vendors, max_lines=100, a_second=a_second)
        ports = {"north": free_port(27900), "south": free_port(28400)}
        started.extend(Host(stage, name, redis.url, port) for name, port in ports.items())
        for host in started:
            host.start()
        return started

    yield start
    for host in started:
        host.kill()


def dialled_by_each(hosts: list[Host], seconds: float) -> list[int]:
    """Return how many calls left for providers that each host serves, as soon as that is some for every one."""
    stage, dialled = hosts[0].stage, [0] * len(hosts)
    seen, until = len(stage.journal()), time.monotonic() + seconds
    while not all(dialled) and time.monotonic() < until:
        before = [host.served() for host in hosts]
        time.sleep(0.5)
        entries = stage.journal()[seen:]
        seen += len(entries)
        for position, host in enumerate(hosts):
            mine = before[position] & host.served()
            dialled[position] += sum(entry["vendor"] in mine for entry in entries)
    return dialled


def test_both_hosts_dial_and_a_dead_hosts_providers_move(
    start_hosts: Callable[..., list[Host]], tell: Callable[[Verdict], Verdict], figure: Callable[[str], None]
) -> None:
    hosts = start_hosts(VENDORS, people=scaled(2400, 800), a_second=12)
    stage = hosts[0].stage
    stage.be_hostile({mode: share / 4 for mode, share in HOSTILE.items() if mode.startswith("accept")})
    moved: list[float] = []
    for round_number in range(scaled(6, 2)):
        stage.wait(lambda: [len(host.served()) for host in hosts] == [2, 2], SHARED_WITHIN, "both serve two")
        dialled = dialled_by_each(hosts, SHARED_WITHIN)
        assert min(dialled) > 0, f"{dialled}: one host dials nobody\n{stage.log()}"
        assert all(host.answers() for host in hosts)
        dying, living = hosts if round_number % 2 else reversed(hosts)
        orphaned = dying.served()
        assert orphaned
        dying.kill()
        died_at = time.monotonic()
        stage.wait(
            lambda living=living: living.served() == set(VENDORS), MOVES_WITHIN, f"{living.name} serves all of them"
        )
        moved.append(time.monotonic() - died_at)
        before = len(stage.journal())
        stage.wait(
            lambda before=before, orphaned=orphaned: any(
                entry["vendor"] in orphaned for entry in stage.journal()[before:]
            ),
            MOVES_WITHIN, f"calls of {orphaned} leave",
        )  # fmt: skip
        # What a dead host's breakers would hold up is not the question here.
        stage.inside("close_breakers")
        dying.start()
    figure(
        f"postgres, two hosts: {len(moved)} whole hosts killed; their providers were served by the other after"
        f" {max(moved):.0f} s at the most"
    )
    stage.be_kind()
    stage.settle(600)
    stage.sweep_lists(60)
    demand(tell(stage.verdict("two hosts, whole hosts killed")))


def test_the_only_provider_moves_to_a_host_that_served_none(
    start_hosts: Callable[..., list[Host]], tell: Callable[[Verdict], Verdict], figure: Callable[[str], None]
) -> None:
    """The other host has no slice at work, and the nudges went down with the dead one."""
    hosts = start_hosts(["bolna"], people=400, a_second=3)
    stage = hosts[0].stage
    moved: list[float] = []
    for _round in range(scaled(3, 1)):
        stage.wait(lambda: any(host.served() for host in hosts), SHARED_WITHIN, "one of them serves")
        time.sleep(8)
        (serving,) = [host for host in hosts if host.served()]
        serving.kill()
        before, died_at = len(stage.journal()), time.monotonic()
        stage.wait(lambda before=before: len(stage.journal()) > before, MOVES_WITHIN, "calls leave again")
        moved.append(time.monotonic() - died_at)
        serving.start()
    figure(f"postgres, two hosts: the only provider moved after {max(moved):.0f} s at the most")
    stage.settle(600)
    stage.sweep_lists(60)
    demand(tell(stage.verdict("two hosts, one provider")))
