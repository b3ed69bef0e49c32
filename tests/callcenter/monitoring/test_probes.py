"""Probes: they answer by any name, and /readyz tells apart what a server lacks and what all lack."""

from __future__ import annotations

import datetime
import os
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from callcenter.monitoring import probes
from campaigns.core import hosts
from campaigns.core.clock import DatabaseClock
from campaigns.models import WorkerHost

TOKEN = "a-token-of-the-tests-0123456789"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def worker(db: None) -> None:
    hosts.begin("north")


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz", "/metrics"])
def test_machines_ask_by_ip_address_and_without_https(
    client: Client, worker: None, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT, settings.METRICS_TOKEN = ["desk.example.org"], True, TOKEN
    answer = client.get(path, headers={"host": "10.1.2.3:8000", "authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Request-ID"]


def test_pages_for_people_still_want_a_known_host_and_https(client: Client, db: None, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["desk.example.org"], True
    assert client.get("/login/", headers={"host": "10.1.2.3"}).status_code == 400
    moved = client.get("/login/", headers={"host": "desk.example.org"})
    assert (moved.status_code, moved["Location"]) == (301, "https://desk.example.org/login/")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_probes_are_only_read(client: Client, worker: None, path: str) -> None:
    assert client.post(path).status_code == 405


def test_liveness_asks_no_database(client: Client) -> None:
    # pytest-django refuses any query here: the test asks for no database.
    assert client.get("/livez").json() == client.get("/healthz").json() == {"status": "ok"}


def test_readiness_tells_every_check(client: Client, worker: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    checks = dict.fromkeys(("database", "migrations", "redis", "disk", "heartbeat"), "ok")
    assert answer.json() == {"status": "ok", "checks": checks}


def test_details_and_version_are_for_those_with_the_token(client: Client, worker: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    told = client.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"}).json()
    assert told["version"] == settings.VERSION
    assert told["details"]["heartbeat"] == "alive: north"
    for headers in ({}, {"authorization": "Bearer wrong"}):
        assert set(client.get("/readyz", headers=headers).json()) == {"status", "checks"}


def test_waiting_migrations_are_not_ready(client: Client, worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [object()])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["migrations"] == "failed"


def test_a_database_that_is_away_is_not_ready_and_not_spelled_out(
    client: Client, worker: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_TOKEN = TOKEN

    def away(*_: object) -> None:
        raise OperationalError("password=topsecret")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        answer = client.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failed"
    assert answer.json()["checks"]["disk"] == "ok"
    assert b"topsecret" not in answer.content


def test_redis_that_keeps_nothing_is_not_ready(
    client: Client, worker: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    monkeypatch.setattr(cache, "get", lambda *_: None, raising=False)
    assert client.get("/readyz").status_code == 503


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_not_ready(
    client: Client, worker: None, settings: Settings, tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    settings.VAR_DIR = tmp_path
    assert client.get("/readyz").status_code == 503


def test_a_folder_that_is_gone_or_full_is_not_ready(
    client: Client, worker: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, settings.VAR_DIR = settings.VAR_DIR, tmp_path / "gone"
    assert client.get("/readyz").json()["checks"]["disk"] == "failed"
    settings.VAR_DIR = kept
    monkeypatch.setattr(probes.shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10 * 2**20))
    assert client.get("/readyz").status_code == 503


def test_missing_heartbeats_are_told_but_take_no_page_away(client: Client, worker: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    WorkerHost.objects.update(beat_at=DatabaseClock().now() - datetime.timedelta(seconds=hosts.SILENT_SECONDS + 40))
    answer = client.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["heartbeat"] == "failed"
    assert "manage.py worker" in answer.json()["details"]["heartbeat"]
