"""A made-up past: believable, repeatable, never among real calls, and a page table that leaves no page out."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Count, F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.browse import ANSWERS, make_clients, make_import
from benchmarks.pages import all_pages, find_landmarks, missing
from campaigns.models import Call, CallEvent, CallTranscript, Campaign, Contact, DoNotCall, ListMembership
from providers.models import Provider
from providers.types import LIVE, CallStatus
from tests.conftest import make_contact

MOST_QUERIES = 30
MOST_OF_A_CALL = 40
"""The page of one call has a statement for each thing that rooms know of it, whatever their number: its disposition and
what a person chose, those to choose from (twice), what followed on it, its reviews by scorecards, the scorecards to
choose from, the points and what is stored of the one that is filled in; and every page counts the unread notices.
"""
UNTIL = "2026-03-01T12:00+00:00"


def make_history(**options: Any) -> str:
    told = io.StringIO()
    call_command("make_history", **({"contacts": 300, "calls": 900, "until": UNTIL} | options), stdout=told)
    return told.getvalue()


@pytest.mark.django_db
def test_a_past_is_whole_and_believable() -> None:
    told = make_history()
    connection.check_constraints()
    assert "a second" in told
    calls = Call.objects.all()
    assert 850 <= calls.count() <= 950
    assert Contact.objects.count() == 300
    assert DoNotCall.objects.exists()
    assert ListMembership.objects.exists()
    assert CallTranscript.objects.exists()
    states = set(calls.values_list("status", flat=True))
    assert {"completed", "no_answer", "busy", "failed", "pending", "skipped"} <= states
    assert {"running", "paused", "stopped", "finished", "draft", "waiting"} <= set(
        Campaign.objects.values_list("status", flat=True)
    )
    assert calls.filter(attempt=3).exists()
    assert calls.filter(campaign=None).exists()
    assert not calls.filter(placing_at__lt=F("created_at")).exists()
    assert not calls.filter(ended_at__lt=F("placing_at")).exists()
    assert not calls.filter(status=CallStatus.COMPLETED, talk_seconds=None).exists()
    live = calls.filter(status__in=LIVE).values("to_number").annotate(n=Count("pk"))
    assert all(row["n"] == 1 for row in live)
    assert not CallEvent.objects.filter(call__isnull=True).exists()


@pytest.mark.django_db
def test_ids_go_on_after_a_past() -> None:
    make_history()
    assert make_contact().pk > Contact.objects.order_by("pk")[299].pk


@pytest.mark.django_db
def test_nothing_of_it_can_be_dialled() -> None:
    make_history()
    assert not Provider.objects.filter(halted_at=None).exists()
    assert all(not provider.secrets for provider in Provider.objects.all())


@pytest.mark.django_db
def test_the_same_seed_makes_the_same_past() -> None:
    columns = ("reference", "to_number", "status", "placing_at", "talk_seconds", "cost")
    make_history(seed=5)
    first = list(Call.objects.order_by("pk").values_list(*columns))
    Call.objects.all().delete()
    for model in (Campaign, Contact, DoNotCall):
        model._default_manager.all().delete()
    make_history(seed=5)
    assert list(Call.objects.order_by("pk").values_list(*columns)) == first


@pytest.mark.django_db
def test_a_database_with_people_is_left_alone_unless_told() -> None:
    known = make_contact(phone="+989122718281")
    with pytest.raises(CommandError, match="another database"):
        make_history()
    assert Contact.objects.get() == known
    make_history(among_real_calls=True)
    assert Contact.objects.count() == 301


@pytest.mark.parametrize("wrong", [{"calls": 10}, {"until": "yesterday"}, {"contacts": 100, "calls": 5_000}])
@pytest.mark.django_db
def test_a_past_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        make_history(**wrong)
    assert not Call.objects.exists()


@pytest.mark.django_db
def test_every_page_is_measured() -> None:
    make_history()
    assert not missing(list(all_pages(find_landmarks(0))))


@pytest.mark.django_db
def test_no_page_asks_once_a_row() -> None:
    make_history(contacts=1_000, calls=1_500, until=timezone.now().isoformat())
    clients = make_clients()
    asked = {}
    for page in all_pages(find_landmarks(make_import("manager"))):
        path = reverse(page.name, args=page.args) + (f"?{page.query}" if page.query else "")
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = clients[page.role].get(path)
            assert answer.status_code in ANSWERS, path
            # A file is made while it is sent, and its user makes no other meanwhile.
            b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            answer.close()
        asked[path] = (len(queries), MOST_OF_A_CALL if page.name == "call" else MOST_QUERIES)
    # A page of fifty rows that asked once for each would be far beyond.
    assert {path: number for path, (number, most) in asked.items() if number > most} == {}
