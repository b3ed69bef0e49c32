"""The log's further filters, its columns and totals, and filters that are kept under a name."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.calls import call_columns, call_log_conditions, call_log_totals, remarks
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import transcript_words
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Call, CallReview, CallTranscript, SavedFilter
from campaigns.templatetags.call_cells import CELLS
from providers.types import CallStatus
from tests.answers import html_of
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_provider, of_a_page
from tests.shown import shown_at

NOW = timezone.now()


def found(viewer: User, **filters: Any) -> set[int]:
    calls = find_calls(CallFilters(**filters), viewer)
    pks = set(calls.values_list("pk", flat=True))
    assert pks == set(find_calls(CallFilters(**filters), viewer, is_walked=False).values_list("pk", flat=True))
    return pks


def make_talk(text: str, **fields: Any) -> Call:
    call = make_call(**{"status": CallStatus.COMPLETED, "talk_seconds": 30, "ended_at": NOW} | fields)
    CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": text}], text=text)
    transcript_words.catch_up()
    return call


# Filters


@pytest.mark.parametrize("few", [2_000, 0])
def test_each_filter_is_exact_for_few_and_for_many(manager: User, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(call_log_conditions, "FEW", few)
    agent = make_agent()
    short = make_call(talk_seconds=9, cost="0.0200", answered_by="human", provider=agent.provider, agent=agent)
    long = make_call(talk_seconds=90, cost="1.5000", answered_by="machine")
    none = make_call()
    assert found(manager, talked_from=10) == {long.pk}
    assert found(manager, talked_from=9, talked_to=90) == {short.pk, long.pk}
    assert found(manager, talked_to=89) == {short.pk}
    assert found(manager, cost_from=Decimal("0.03")) == {long.pk}
    assert found(manager, cost_from=Decimal("0.02"), cost_to=Decimal("1.5")) == {short.pk, long.pk}
    assert found(manager, cost_to=Decimal("1.4999")) == {short.pk}
    assert found(manager, answered_by="human") == {short.pk}
    assert found(manager, answered_by="machine") == {long.pk}
    assert found(manager, answered_by="unknown") == {none.pk}
    assert found(manager, agent=agent) == {short.pk}


def test_tags_and_reviews_are_found_however_a_tag_is_spelt(manager: User) -> None:
    good, bad = make_call(), make_call()
    remarks.add_tags(good, manager, ["Very  Angry", "شكايت"])
    remarks.review(bad, manager, 2)
    assert found(manager, tag="very angry") == {good.pk}
    assert found(manager, tag="شکایت") == {good.pk}
    assert found(manager, tag="angry") == set()
    assert found(manager, reviewed="yes") == {bad.pk}
    assert found(manager, reviewed="no") == {good.pk}


@pytest.mark.parametrize(
    ("said", "wanted", "is_found"),
    [
        ("I want to cancel my appointment", "appointment cancel", True),
        ("I want to cancel my appointment", "APPOINT", True),
        ("I want to cancel my appointment", "ap", False),
        ("I want to cancel my appointment", "appointment tomorrow", False),
        ("می‌خواهم نوبت را لغو كنم", "لغو کنم", True),
        ("می‌خواهم نوبت را لغو كنم", "میخواهم", True),
        ("می‌خواهم نوبت را لغو كنم", "می‌خواهم", True),
        ("شماره ۴۷۱۱ است", "4711", True),
        ("मुझे हिंदी में बात करनी है", "हिंदी", True),
        ("Where's the café?", "cafe", False),
        ("it's \"quoted\" & 'odd' | !(a:*)", "quoted'; DROP odd:* |", False),
        ("it's \"quoted\" & 'odd' | !(a:*)", "\"quoted\" 'odd':* &", True),
    ],
)
def test_words_are_found_in_any_writing(manager: User, said: str, wanted: str, is_found: bool) -> None:
    call = make_talk(said)
    make_talk("something else entirely")
    assert found(manager, words=wanted) == ({call.pk} if is_found else set())


def test_words_follow_their_transcript(manager: User) -> None:
    call = make_talk("first words")
    CallTranscript.objects.filter(call=call).update(text="second version", words_at=None)
    assert transcript_words.catch_up() == 1
    assert transcript_words.catch_up() == 0
    assert found(manager, words="first") == set()
    assert found(manager, words="version") == {call.pk}
    call.transcript.delete()
    assert found(manager, words="version") == set()


def test_whoever_may_not_read_transcripts_learns_nothing_from_words(
    client: Client, admin_person: User, caller: User
) -> None:
    make_talk("secret words", contact=make_contact(name="Tom Baker"))
    assert found(admin_person, words="secret") == set()
    client.force_login(admin_person)
    page = html_of(client.get(reverse("call-log"), {"words": "secret"}))
    assert "Only callers and managers can see transcripts" in page
    assert 'name="words"' not in html_of(client.get(reverse("call-log")))
    assert found(caller, words="secret") == set(), "not the caller's own call"


def test_figures_are_typed_as_people_write_them(as_manager: Client) -> None:
    make_call(contact=make_contact(name="Short talk"), talk_seconds=20, cost="0.0500")
    make_call(contact=make_contact(name="Long talk"), talk_seconds=100, cost="2.0000")
    for asked in ({"talked_from": "۱:۳۰"}, {"talked_from": "90"}, {"cost_from": "۱٫۵"}, {"cost_from": "1.5"}):
        page = html_of(as_manager.get(reverse("call-log"), asked))
        assert "Long talk" in page
        assert "Short talk" not in page
    page = html_of(as_manager.get(reverse("call-log"), {"talked_from": "soon", "cost_to": "-1", "cost_from": "x"}))
    assert "Enter seconds, such as 90" in page
    assert "Short talk" in page
    page = html_of(as_manager.get(reverse("call-log"), {"talked_from": "2:00", "talked_to": "1:00"}))
    assert "This number is smaller than the minimum." in page


def test_every_filter_has_a_chip_that_takes_it_off(as_manager: Client) -> None:
    agent = make_agent(name="Anna")
    asked = {
        "agent": str(agent.pk), "answered_by": "human", "talked_from": "1:30", "cost_to": "5", "tag": "angry",
        "reviewed": "no", "words": "hello there", "column": ["person", "why"],
    }  # fmt: skip
    page = html_of(as_manager.get(reverse("call-log"), asked))
    chips = re.findall(r'<a class="chip chip-long"[^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    assert len(chips) == 7
    words = re.sub(r"<[^>]*>|\s+", " ", " ".join(text for _, text in chips))
    for wanted in ("Anna", "A person", "1:30", "angry", "Not reviewed", "hello there"):
        assert wanted in words
    for address, _text in chips:
        left = parse_qsl(address.replace("&amp;", "&").partition("?")[2])
        assert len(left) == 8
        assert [value for name, value in left if name == "column"] == ["person", "why"]


def test_filters_survive_being_stored(manager: User) -> None:
    agent, campaign = make_agent(), make_campaign()
    filters = CallFilters(
        since=NOW.date(), campaign=campaign, provider=agent.provider, agent=agent, cost_from=Decimal("0.5"), hour=0,
        words="hello", talked_to=60,
    )  # fmt: skip
    assert CallFilters.from_json(filters.to_json()) == filters


# Columns


def test_every_column_has_a_cell_and_a_place_in_exports(as_manager: Client, manager: User) -> None:
    call = make_talk(
        "hello", contact=make_contact(name="Tom Baker"), owner=manager, cost="0.0500", currency="USD",
        campaign=make_campaign(name="Spring"), answered_by="human", remote_id="abc",
    )  # fmt: skip
    remarks.add_tags(call, manager, ["Angry"])
    remarks.review(call, manager, 4)
    keys = [column.key for column in call_columns.COLUMNS]
    assert set(CELLS) == set(keys)
    page = html_of(as_manager.get(reverse("call-log"), {"column": keys}))
    for wanted in ("Tom Baker", "Spring", "Angry", "4 of 5", "a person", "abc", str(call.reference), "reza"):
        assert wanted in page
    assert "&lt;span" not in page
    (row,) = CallSheet(Call.objects.all(), shows_numbers=True, columns=call_columns.COLUMNS).rows()
    assert {"Tom Baker", "Spring", "Angry", "4", "a person", "abc", "0.0500", "USD", "reza"} <= set(row)


def test_chosen_columns_stand_in_the_address_and_cost_no_query_a_row(
    as_manager: Client, django_assert_max_num_queries: Any
) -> None:
    asked = {"column": [column.key for column in call_columns.COLUMNS]}
    make_call(contact=make_contact())
    with django_assert_max_num_queries(of_a_page(20)) as one:
        as_manager.get(reverse("call-log"), asked)
    for _ in range(20):
        make_call(contact=make_contact(), campaign=make_campaign())
    with django_assert_max_num_queries(len(one.captured_queries)):
        as_manager.get(reverse("call-log"), asked)
    page = html_of(as_manager.get(reverse("call-log"), {"column": ["why", "attempt"], "state": "pending"}))
    heads = re.findall(r"<th scope=\"col\"[^>]*>\s*(\w*)", page)
    assert heads[:2] == ["Reason", "Attempt"]
    assert 'name="column" value="why"' in page, "the filter form carries the columns on"
    assert "column=why&amp;column=attempt" in page


# Totals


def test_totals_add_up_what_passes_the_filters(as_manager: Client, manager: User) -> None:
    make_call(status="completed", talk_seconds=60, cost="1.0000", currency="USD")
    make_call(status="completed", talk_seconds=30, cost="500", currency="IRT")
    make_call(status="completed", talk_seconds=5, answered_by="machine")
    make_call(status="completed", talk_seconds=5)
    make_call(status="busy")
    totals = call_log_totals.totals_of(find_calls(CallFilters(), manager))
    assert (totals.count, totals.is_more, totals.conversations, totals.talk_seconds) == (5, False, 3, 95)
    assert dict(totals.costs) == {"USD": Decimal(1), "IRT": Decimal(500)}
    assert totals.unpriced == 1
    newest = call_log_totals.totals_of(find_calls(CallFilters(), manager), limit=2)
    assert (newest.count, newest.is_more, newest.costs) == (2, True, ())
    page = html_of(as_manager.get(reverse("call-log-total"), {"state": "completed"}))
    assert "<html" in page, "without a script it is a page of its own"
    assert "4 calls" in page
    part = html_of(as_manager.get(reverse("call-log-total"), headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "5 calls" in part


# Saved filters


def save(client: Client, name: str, query: str = "state=busy&column=person", **fields: str) -> Any:
    seen = shown_at(client, f"{reverse('call-log')}?state=busy")
    return client.post(reverse("filter-save"), {"name": name, "query": query, **fields, **seen})


def test_a_filter_is_saved_found_replaced_and_deleted(as_manager: Client, manager: User) -> None:
    answer = save(as_manager, "Busy ones")
    assert answer["Location"] == "/calls/?state=busy&column=person"
    assert "Busy ones" in html_of(as_manager.get(reverse("call-log")))
    save(as_manager, "Busy ones", "state=failed&odd=1&older_than=5")
    saved = SavedFilter.objects.get()
    assert saved.query == "state=failed"
    as_manager.post(reverse("filter-delete", args=[saved.pk]))
    assert not SavedFilter.objects.exists()
    actions = list(AuditEvent.objects.filter(actor=manager).order_by("id").values_list("action", flat=True))
    assert actions == ["filter.saved", "filter.saved", "filter.deleted"]


def test_shared_filters_are_seen_by_all_and_own_ones_by_nobody_else(
    client: Client, manager: User, caller: User
) -> None:
    client.force_login(manager)
    save(client, "For all", is_shared="on")
    save(client, "Only mine")
    client = Client()
    client.force_login(caller)
    page = html_of(client.get(reverse("call-log")))
    assert "For all" in page
    assert "Only mine" not in page
    for saved in SavedFilter.objects.all():
        client.post(reverse("filter-delete", args=[saved.pk]))
    assert SavedFilter.objects.count() == 2
    save(client, "Sara's", is_shared="on")
    assert not SavedFilter.objects.get(name="Sara's").is_shared, "sharing needs the right"


def test_what_cannot_be_saved_is_said_at_its_field(as_manager: Client) -> None:
    answer = save(as_manager, "One person", "person=09121234567", is_shared="on")
    assert answer.status_code == 422
    assert "cannot be shared. Remove the name or number first" in html_of(answer)
    assert save(as_manager, " ").status_code == 422
    assert save(as_manager, "Nothing", "").status_code == 422
    assert not SavedFilter.objects.exists()


def test_reviews_of_a_call_go_with_it(manager: User) -> None:
    call = make_call(provider=make_provider())
    remarks.review(call, manager, 3)
    remarks.add_note(call, manager, "hm")
    remarks.add_tags(call, manager, ["x"])
    call.delete()
    assert not CallReview.objects.exists()
