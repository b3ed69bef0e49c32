"""/metrics: who may read it, what it tells of the database, and that one unreadable group costs no other."""

from __future__ import annotations

import datetime
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.conf import settings as product
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from callcenter.monitoring import bounded_reads, figures, metrics
from callcenter.monitoring.bounded_reads import bounded
from campaigns.core import hosts
from campaigns.core.clock import DatabaseClock
from campaigns.models import Alert, CallExport, ContactImport, DialingSwitch, WorkerHost
from providers.exceptions import OutcomeUnknown
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_provider
from tests.waiting import A_MINUTE

TOKEN = "a-token-of-the-tests-0123456789"
DOCS = Path(product.BASE_DIR) / "docs"
SECOND = datetime.timedelta(seconds=1)
HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def fresh(settings: Settings) -> Iterator[None]:
    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = TOKEN, []
    metrics.READING.forget()
    yield
    metrics.READING.forget()


def read(client: Client) -> dict[tuple[str, ...], float]:
    """Return every value by its name and the values of its labels in alphabetical order of the labels."""
    metrics.READING.forget()
    answer = client.get("/metrics", headers=HEADERS)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name.removeprefix("callcenter_"), *(value for _label, value in sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def names(client: Client) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", client.get("/metrics", headers=HEADERS).content.decode(), re.MULTILINE))


# Who may read


def test_metrics_are_off_until_somebody_may_read_them(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    answer = client.get("/metrics")
    assert answer.status_code == 404
    assert answer.content.count(b"\n") == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer "}, {"authorization": f"Basic {TOKEN}"}],
)
def test_without_the_token_one_line_refuses(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 403
    assert answer.content.count(b"\n") == 1
    assert b"callcenter_" not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("192.0.2.7", {}, 200),
        ("::ffff:192.0.2.7", {}, 200),
        ("192.0.3.7", {}, 403),
        ("", {}, 403),
        # A proxy has a listed address, whoever stands behind it.
        ("192.0.2.7", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("192.0.2.7", {"X-Real-IP": "203.0.113.9"}, 403),
        ("192.0.2.7", {"Forwarded": "for=203.0.113.9"}, 403),
    ],
)
def test_a_listed_address_reads_unless_a_proxy_stands_between(
    client: Client, settings: Settings, address: str, headers: dict[str, str], status: int
) -> None:
    import ipaddress

    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = "", [ipaddress.ip_network("192.0.2.0/24")]
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_an_empty_token_is_not_the_token_of_an_installation_that_lists_addresses(
    client: Client, settings: Settings
) -> None:
    import ipaddress

    settings.METRICS_TOKEN, settings.METRICS_ADDRESSES = "", [ipaddress.ip_network("192.0.2.0/24")]
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 403


# What it tells


def test_calls_are_told_by_status_with_unknown_ones_and_their_age(client: Client, db: None) -> None:
    now = DatabaseClock().now()
    provider = make_provider(name="Main")
    make_call(provider=provider)
    make_call(provider=provider, due_at=now + 3600 * SECOND)
    make_call(provider=provider, status=CallStatus.RINGING, placing_at=now - 20 * SECOND)
    make_call(provider=provider, status=CallStatus.UNKNOWN, placing_at=now - 600 * SECOND)
    make_call(provider=provider, status=CallStatus.UNKNOWN, placing_at=now - 900 * SECOND, needs_person_at=now)
    make_call(provider=provider, status=CallStatus.COMPLETED, placing_at=now - 100 * SECOND)
    make_call(
        provider=provider,
        status=CallStatus.COMPLETED,
        placing_at=now - 4000 * SECOND,
        changed_at=now - 3000 * SECOND,
    )
    make_call(
        provider=provider,
        status=CallStatus.FAILED,
        failure_reason="no_news",
        placing_at=now - 4000 * SECOND,
        no_news_at=now - 500 * SECOND,
        changed_at=now - 500 * SECOND,
    )
    found = read(client)
    assert found["calls_without_news",] == 1
    assert 500 <= found["without_news_oldest_seconds",] < 560
    assert found["calls", "pending"] == 2
    assert found["calls", "ringing"] == 1
    assert found["calls", "unknown"] == 2
    assert found["calls", "placing"] == 0
    assert found["calls_ended", "completed"] == 1
    assert found["unknown_calls",] == 2
    assert found["unknown_to_decide",] == 1
    assert 900 <= found["unknown_oldest_seconds",] < 960
    assert found["orders", "Main", "bolna"] == 2
    assert found["providers_with_due_calls",] == 1
    assert all(value == 1 for key, value in found.items() if key[0] == "figures_read")


def test_due_calls_of_a_paused_campaign_do_not_count_as_work(client: Client, db: None) -> None:
    make_call(campaign=make_campaign(status="paused"))
    assert read(client)["providers_with_due_calls",] == 0


def test_a_provider_is_told_with_its_stops_orders_and_times(client: Client, db: None) -> None:
    now = DatabaseClock().now()
    main = make_provider(name="Main", last_success_at=now - 30 * SECOND)
    make_provider(name="Broken", halted_at=now, frozen_at=now, last_error_at=now, slow_until=now + 40 * SECOND)
    make_provider(name="Off", is_active=False, halted_at=now)
    for milliseconds in (*range(100, 1100, 100),):
        note(main, "place_call", milliseconds)
    note(main, "place_call", 30_000, OutcomeUnknown("No answer."))
    note(main, "fetch_calls", 50)
    main.exchanges.filter(duration_ms=100).update(at=now - 400 * SECOND)
    found = read(client)
    assert found["provider_stopped", "Main", "halted", "bolna"] == 0
    assert [found["provider_stopped", "Broken", stop, "bolna"] for stop in ("halted", "breaker", "frozen")] == [1, 0, 1]
    assert not [key for key in found if "Off" in key]
    assert 35 < found["provider_slowed_seconds", "Broken", "bolna"] <= 40
    assert found["provider_failing", "Broken", "bolna"] == 1
    assert 30 <= found["provider_success_age_seconds", "Main", "bolna"] < 60
    assert ("provider_success_age_seconds", "Broken", "bolna") not in found
    assert found["vendor_requests", "order", "ok", "Main", "bolna"] == 9
    assert found["vendor_requests", "order", "OutcomeUnknown", "Main", "bolna"] == 1
    assert found["vendor_requests", "read", "ok", "Main", "bolna"] == 1
    assert found["vendor_order_seconds", "Main", "0.5", "bolna"] == 0.7
    assert found["vendor_order_seconds", "Main", "0.95", "bolna"] == 30
    assert found["vendor_order_seconds", "Main", "1", "bolna"] == 30


def note(provider: Provider, what: str, milliseconds: int, error: Exception | None = None) -> None:
    Provider.objects.note_exchange(
        provider.pk, what=what, method="POST", path="/calls", duration_ms=milliseconds, error=error
    )


def test_background_work_is_told_with_its_heartbeats(client: Client, db: None) -> None:
    now = DatabaseClock().now()
    for name in ("north", "south", "gone"):
        hosts.begin(name)
    hosts.end("gone")
    WorkerHost.objects.filter(name="south").update(beat_at=now - 90 * SECOND)
    found = read(client)
    assert found["workers_alive",] == 1
    assert 90 <= found["worker_heartbeat_age_seconds", "south"] < 150
    assert found["worker_heartbeat_age_seconds", "north"] < 60
    assert ("worker_heartbeat_age_seconds", "gone") not in found
    assert found["worker_info", "north", product.VERSION] == 1
    assert found["build_info", product.VERSION] == 1


def test_work_that_waits_is_told_with_its_age(client: Client, db: None) -> None:
    now = DatabaseClock().now()
    make_campaign(status="running")
    make_campaign(status="draft")
    slow = ContactImport.objects.create(status="saving", original_name="people.csv")
    ContactImport.objects.filter(pk=slow.pk).update(created_at=now - 500 * SECOND)
    CallExport.objects.create(format="csv", language="en", zone="UTC")
    Alert.objects.create(kind="provider_halted", object_type="provider", object_id=1, raised_at=now - 700 * SECOND)
    DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": now})
    found = read(client)
    assert found["campaigns", "running"] == 1
    assert ("campaigns", "draft") not in found
    assert found["imports", "saving"] == 1
    assert 500 <= found["import_oldest_seconds",] < 560
    assert found["exports_open",] == 1
    assert found["alerts_unsent",] == 1
    assert 700 <= found["alert_oldest_unsent_seconds",] < 760
    assert found["stop_all",] == 1


@pytest.mark.django_db(transaction=True)
def test_the_queue_is_counted_and_leaves_a_connection_that_works(client: Client) -> None:
    from django_q.brokers import get_broker

    get_broker().purge_queue()
    before = read(client)["queue_length",]
    get_broker().enqueue("a message")
    try:
        assert (before, read(client)["queue_length",]) == (0, 1)
        assert read(client)["figures_read", "messages"] == 1
    finally:
        get_broker().purge_queue()


def test_a_connection_that_is_closed_meanwhile_ends_the_bound_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's broker closes connections that are old."""
    driver = sqlite3.connect(":memory:")
    standing_in = SimpleNamespace(vendor="sqlite", connection=driver, ensure_connection=lambda: None)
    monkeypatch.setattr(bounded_reads, "connection", standing_in)
    with bounded(4.0):
        driver.close()


def test_nothing_of_a_person_stands_in_the_metrics(client: Client, db: None) -> None:
    make_call(to_number="+989121234567")
    text = client.get("/metrics", headers=HEADERS).content.decode()
    assert "1234567" not in text
    assert "sandbox_bolna_key" not in text


# Within a bound


def test_one_group_that_fails_costs_no_other(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def workers(now: datetime.datetime) -> Any:
        yield figures.single("workers_alive", "Half of a group.", 1)
        raise OperationalError("password=topsecret")

    groups = [workers if group is figures.workers else group for group in metrics.GROUPS]
    monkeypatch.setattr(metrics, "GROUPS", groups)
    found = read(client)
    assert found["figures_read", "workers"] == 0
    assert found["figures_read", "calls"] == 1
    assert ("workers_alive",) not in found
    assert "topsecret" not in caplog.text


def test_after_the_time_is_up_groups_are_left_out_instead_of_read(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "READ_SECONDS", 0.0)
    found = read(client)
    assert set(found.values()) == {0.0}
    assert {key[0] for key in found} == {"figures_read"}


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_broken_off() -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT count(*) FROM n"
    )
    began = time.monotonic()
    with pytest.raises(OperationalError), bounded(0.3), connection.cursor() as cursor:
        cursor.execute(endless)
    assert time.monotonic() - began < A_MINUTE
    # And only there.
    with connection.cursor() as cursor:
        cursor.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT 7")
        assert cursor.fetchone() == (7,)
        if connection.vendor == "postgresql":
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what the tables hold")
def test_no_figure_walks_through_the_calls_of_all_time(client: Client, db: None) -> None:
    make_provider()
    make_campaign(status="running")
    with CaptureQueriesContext(connection) as seen:
        read(client)
    asked = [one["sql"] for one in seen.captured_queries if 'FROM "campaigns_call" ' in one["sql"]]
    assert len(asked) >= 5
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
            # A small index holds those calls alone that were given up.
            whole = [
                step for step in plan if step.startswith("SCAN campaigns_call") and "call_without_news" not in step
            ]
            assert not whole, sql


def test_a_second_scrape_within_seconds_reads_nothing(client: Client, db: None, django_assert_num_queries: Any) -> None:
    first = client.get("/metrics", headers=HEADERS).content
    with django_assert_num_queries(0):
        assert client.get("/metrics", headers=HEADERS).content == first


# What is built on it


def used_in(text: str) -> set[str]:
    return set(re.findall(r"\bcallcenter_[a-z_]+", text))


def test_the_board_and_the_alerts_use_only_metrics_that_exist(client: Client, db: None) -> None:
    known = names(client)
    board = json.loads((DOCS / "monitoring/grafana.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    rules = yaml.safe_load((DOCS / "monitoring/alerts.yaml").read_text())["groups"][0]["rules"]
    assert len(expressions) > 20
    assert len(rules) > 10
    assert used_in(" ".join(expressions)) <= known
    assert used_in(" ".join(rule["expr"] for rule in rules)) - known == set()
    # And nothing is measured that nobody looks at.
    assert known == used_in(" ".join(expressions))


def test_labels_that_the_alerts_compare_have_such_values(client: Client, db: None) -> None:
    now = DatabaseClock().now()
    note(make_provider(name="Main", last_success_at=now), "place_call", 100)
    found = read(client)
    text = (DOCS / "monitoring/alerts.yaml").read_text() + (DOCS / "monitoring/grafana.json").read_text()
    compared = set(re.findall(r'(?:kind|outcome|quantile|status|stop)!?=\\?"([a-z0-9.]+)\\?"', text))
    assert {"order", "ok", "0.95", "pending"} <= compared
    assert compared <= {part for key in found for part in key}


def test_every_rule_says_what_is_wrong_and_the_next_step() -> None:
    for rule in yaml.safe_load((DOCS / "monitoring/alerts.yaml").read_text())["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "next_step"}


def test_the_page_explains_every_metric_and_every_alert(client: Client, db: None) -> None:
    page = (DOCS / "monitoring.md").read_text()
    assert used_in(page) == names(client)
    rules = yaml.safe_load((DOCS / "monitoring/alerts.yaml").read_text())["groups"][0]["rules"]
    assert [rule["alert"] for rule in rules if f"`{rule['alert']}`" not in page] == []
