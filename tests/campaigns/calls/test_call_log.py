"""The call log and the page of one call: who sees what, exact filters, pages by key, buttons that hold."""

from __future__ import annotations

import datetime
import itertools
import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.calls import call_log_conditions, call_log_totals
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import paging, stop_all
from campaigns.core.paging import count_up_to, page_by_key
from campaigns.core.scope import seen_by
from campaigns.models import Call, CallEvent, CallTranscript, DoNotCall
from providers.types import CallStatus
from tests.answers import html_of
from tests.conftest import make_call, make_campaign, make_contact, make_person, make_provider, of_a_page

NOW = timezone.now()


# Who sees what


def test_a_caller_sees_own_calls_only(client: Client, caller: User, manager: User) -> None:
    own = make_call(owner=caller, contact=make_contact(name="Own person"))
    other = make_call(owner=manager, contact=make_contact(name="Other person"))
    client.force_login(caller)
    page = html_of(client.get(reverse("call-log")))
    assert "Own person" in page
    assert "Other person" not in page
    assert client.get(reverse("call", args=[own.pk])).status_code == 200
    for name in ("call", "call-live"):
        assert client.get(reverse(name, args=[other.pk])).status_code == 404
    for name in ("call-never-again", "call-cancel"):
        assert client.post(reverse(name, args=[other.pk])).status_code == 404


def test_numbers_are_masked_where_the_role_or_the_time_demands(client: Client, caller: User, manager: User) -> None:
    fresh = make_call(owner=caller, to_number="+989121111111", status=CallStatus.COMPLETED, ended_at=NOW)
    old = make_call(
        owner=caller,
        to_number="+989122222222",
        status=CallStatus.COMPLETED,
        ended_at=NOW - datetime.timedelta(days=8),
    )
    client.force_login(caller)
    page = html_of(client.get(reverse("call-log")))
    assert "+98 912 111 1111" in page
    assert "912 222" not in page
    assert "••• 2222" in page
    client.force_login(make_person("Admins"))
    page = html_of(client.get(reverse("call-log"))) + html_of(client.get(reverse("call", args=[fresh.pk])))
    assert "912 111" not in page
    client.force_login(manager)
    assert "+98 912 222 2222" in html_of(client.get(reverse("call", args=[old.pk])))


def test_whoever_sees_masked_numbers_cannot_find_out_whole_ones(admin_person: User) -> None:
    make_call(to_number="+989121234567", contact=make_contact(phone="+989121234567"))
    wrong = find_calls(CallFilters(person="+989129994567"), admin_person)
    right = find_calls(CallFilters(person="+989121234567"), admin_person)
    assert list(wrong) == list(right)


def test_an_admin_reads_no_transcript_and_a_manager_leaves_a_trace(
    client: Client, admin_person: User, manager: User
) -> None:
    call = make_call(status=CallStatus.COMPLETED, talk_seconds=30, ended_at=NOW)
    CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": "secret words", "at_ms": 1000}])
    client.force_login(admin_person)
    assert "secret words" not in html_of(client.get(reverse("call", args=[call.pk])))
    client.force_login(manager)
    assert "secret words" in html_of(client.get(reverse("call", args=[call.pk])))
    assert AuditEvent.objects.filter(action="call.transcript_opened", actor=manager).count() == 1


# Filters, pages, totals


def found(viewer: User, **filters: Any) -> set[int]:
    return set(find_calls(CallFilters(**filters), viewer).values_list("pk", flat=True))


def test_people_are_found_by_name_and_by_number_in_any_form(manager: User) -> None:
    call = make_call(contact=make_contact(name="علی رضایی", phone="+989123456789"))
    loose = make_call(to_number="+989123450000")
    make_call(contact=make_contact(name="Tom Baker"))
    for wanted in ("علي", "رضايي", "علی رضایی", "09123456789", "۰۹۱۲۳۴۵۶۷۸۹", "+98 912 345 6789", "456789", "۴۵۶۷۸۹"):
        assert found(manager, person=wanted) == {call.pk}, wanted
    assert found(manager, person="912345") == {call.pk, loose.pk}
    assert found(manager, person="baker") != set()
    assert found(manager, person="nobody") == set()


def test_every_filter_is_exact(manager: User) -> None:
    provider, campaign = make_provider(), make_campaign()
    talked = make_call(provider=provider, status=CallStatus.COMPLETED, talk_seconds=9)
    voicemail = make_call(campaign=campaign, status=CallStatus.COMPLETED, talk_seconds=9, answered_by="machine")
    unclear = make_call(status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=20))
    fresh = make_call(status=CallStatus.UNKNOWN, placing_at=NOW)
    held = make_call(status=CallStatus.FAILED, held_at=NOW)
    ringing = make_call(status=CallStatus.RINGING)
    assert found(manager, provider=provider) == {talked.pk}
    assert found(manager, campaign=campaign) == {voicemail.pk}
    assert found(manager, state="talked") == {talked.pk}
    assert found(manager, state="decide") == {unclear.pk, held.pk}
    assert found(manager, state="unknown") == {unclear.pk, fresh.pk}
    assert found(manager, state="live") == {ringing.pk}


def test_days_count_by_when_the_order_left(manager: User) -> None:
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    noon = timezone.make_aware(datetime.datetime.combine(yesterday, datetime.time(12)))
    late = make_call(placing_at=noon)
    older = make_call(placing_at=noon - datetime.timedelta(days=3))
    waiting = make_call()
    Call.objects.filter(pk__in=[late.pk, older.pk]).update(created_at=noon - datetime.timedelta(days=5))
    assert found(manager, since=yesterday, until=yesterday) == {late.pk}
    assert found(manager, until=yesterday) == {late.pk, older.pk}
    assert found(manager, since=today) == {waiting.pk}


def test_pages_by_key_show_every_row_once_in_both_directions(manager: User) -> None:
    wanted = [make_call().pk for _ in range(23)][::-1]
    calls = seen_by(manager, Call.objects.all())
    seen, asked = [], {}
    while True:
        page = page_by_key(calls, asked, size=5)
        seen += [call.pk for call in page.rows]
        if page.older is None:
            break
        asked = {"older_than": str(page.older)}
    assert seen == wanted
    back: list[int] = []
    while page.newer is not None:
        page = page_by_key(calls, {"newer_than": str(page.newer)}, size=5)
        back = [call.pk for call in page.rows] + back
    assert back == wanted[: len(back)]
    assert len(back) == 20
    assert [call.pk for call in page_by_key(calls, {"older_than": "x'; --"}, size=5).rows] == wanted[:5]


@pytest.mark.django_db
def test_a_page_is_walked_to_by_one_process() -> None:
    make_call()
    with CaptureQueriesContext(connection) as asked:
        assert len(page_by_key(Call.objects.all(), {}).rows) == 1
    told = [query["sql"] for query in asked if query["sql"].startswith("SET LOCAL")]
    alone = ["SET LOCAL max_parallel_workers_per_gather = 0"]
    assert told == (alone if connection.vendor == "postgresql" else [])


def test_totals_stop_counting_in_time(as_manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make_call()
    assert count_up_to(Call.objects.all(), 4) == paging.Total(4, False)
    assert count_up_to(Call.objects.all(), 3) == paging.Total(3, True)
    assert "4 calls" in html_of(as_manager.get(reverse("call-log-total")))
    monkeypatch.setattr(call_log_totals, "totals_of", partial(call_log_totals.totals_of, limit=3))
    assert "more than 3 calls" in html_of(as_manager.get(reverse("call-log-total"), headers={"HX-Request": "true"}))


def test_the_log_asks_the_database_as_often_for_one_row_as_for_fifty(
    as_manager: Client, django_assert_max_num_queries: Any
) -> None:
    campaign = make_campaign()
    make_call(campaign=campaign, contact=make_contact())
    with django_assert_max_num_queries(of_a_page(18)) as one:
        as_manager.get(reverse("call-log"))
    for _ in range(55):
        make_call(campaign=campaign, contact=make_contact(), status=CallStatus.COMPLETED)
    with django_assert_max_num_queries(len(one.captured_queries)):
        page = html_of(as_manager.get(reverse("call-log")))
    assert page.count("<tr>") == 51
    assert "older_than=" in page


def test_filters_stay_in_the_address_and_each_can_be_taken_off(as_manager: Client) -> None:
    make_call(contact=make_contact(name="Tom Baker"), status=CallStatus.BUSY)
    page = html_of(as_manager.get(reverse("call-log"), {"person": "tom", "state": "busy", "since": "2020-01-31"}))
    assert "Tom Baker" in page
    assert 'href="/calls/?state=busy&amp;since=2020-01-31"' in page
    assert "31 Jan 2020" in page
    wrong = as_manager.get(reverse("call-log"), {"since": "soon", "campaign": "x", "state": "odd"})
    assert wrong.status_code == 200
    assert "Tom Baker" in html_of(wrong)


def test_an_empty_log_says_what_to_do(as_manager: Client) -> None:
    assert "No calls yet" in html_of(as_manager.get(reverse("call-log")))
    assert "No calls match" in html_of(as_manager.get(reverse("call-log"), {"person": "tom"}))


# One call


def test_a_failed_call_says_why_and_what_next(as_manager: Client) -> None:
    call = make_call(
        status=CallStatus.FAILED,
        failure_reason="balance_low",
        failure_detail="<b>no credit</b>",
        variables={"time": "ten"},
        ended_at=NOW,
    )
    CallEvent.objects.create(call=call, source="answer", code="order_rejected", to_status="failed")
    page = html_of(as_manager.get(reverse("call", args=[call.pk])))
    assert "has no credit left" in page
    assert "An admin must top up" in page
    assert "&lt;b&gt;no credit" in page
    assert "The provider refused the call" in page
    assert "ten" in page


@pytest.mark.one_engine
@pytest.mark.parametrize("status", list(CallStatus))
def test_every_state_has_a_page_and_a_chip_in_both_languages(as_manager: Client, status: CallStatus) -> None:
    call = make_call(status=status, cost="0.0612", currency="USD", talk_seconds=75)
    for language in ("en", "fa"):
        as_manager.cookies["django_language"] = language
        for name in ("call", "call-live"):
            page = html_of(as_manager.get(reverse(name, args=[call.pk])))
            assert re.search(r'class="chip"[^>]*>\s*<svg', page)
            assert "style=" not in page


def test_a_live_page_asks_again_until_nothing_moves(as_manager: Client) -> None:
    call = make_call(status=CallStatus.RINGING)
    url = reverse("call-live", args=[call.pk])
    assert as_manager.get(url).status_code == 200
    assert "every 2s" in html_of(as_manager.get(url))
    Call.objects.filter(pk=call.pk).update(status=CallStatus.COMPLETED, talk_seconds=5, ended_at=timezone.now())
    assert as_manager.get(url).status_code == 200, "the transcript may still come"
    CallTranscript.objects.create(call=call, turns=[])
    assert as_manager.get(url).status_code == 286
    assert "every 2s" not in html_of(as_manager.get(url))


def test_attempts_before_and_after_are_linked(as_manager: Client) -> None:
    campaign, contact = make_campaign(), make_contact()
    calls = [make_call(campaign=campaign, contact=contact, attempt=n, status=CallStatus.BUSY) for n in (1, 2, 3)]
    page = html_of(as_manager.get(reverse("call", args=[calls[1].pk])))
    assert reverse("call", args=[calls[0].pk]) in page
    assert reverse("call", args=[calls[2].pk]) in page


# Buttons


def test_never_again_forbids_the_number_and_empties_its_queue(client: Client, caller: User) -> None:
    call = make_call(owner=caller, status=CallStatus.COMPLETED, to_number="+989121112233", ended_at=NOW)
    waiting = make_call(to_number="+989121112233")
    client.force_login(caller)
    url = reverse("call", args=[call.pk])
    for _ in range(2):
        answer = client.post(reverse("call-never-again", args=[call.pk]), {"reason": "she asked", "next": url})
        assert answer["Location"] == url
    entry = DoNotCall.objects.get()
    assert entry.phone == "+989121112233"
    assert entry.added_by == caller
    waiting.refresh_from_db()
    assert (waiting.status, waiting.skip_reason) == (CallStatus.SKIPPED, "do_not_call")
    assert call.events.filter(code="do_not_call_heard", actor=caller).exists()
    assert AuditEvent.objects.filter(action="do_not_call.added").exists()
    page = html_of(client.get(url))
    assert "on the do-not-call list" in page
    assert reverse("call-never-again", args=[call.pk]) not in page


def test_a_manager_settles_an_unknown_call_with_a_reason(as_manager: Client) -> None:
    call = make_call(status=CallStatus.UNKNOWN, placing_at=NOW)
    url = reverse("call-settle", args=[call.pk])
    as_manager.post(url, {"answer": "did_not", "reason": " "})
    call.refresh_from_db()
    assert call.status == CallStatus.UNKNOWN
    as_manager.post(url, {"answer": "did_not", "reason": "not in their screen"})
    call.refresh_from_db()
    assert (call.status, call.failure_reason) == (CallStatus.FAILED, "not_placed")
    assert call.held_at is not None
    taken = {"answer": "took_place", "result": "busy", "reason": "no, it is"}
    late = html_of(as_manager.post(url, taken, follow=True))
    assert "no longer needs a decision" in late


def test_a_caller_settles_only_single_calls_that_they_placed(client: Client, caller: User) -> None:
    unknown = {"status": CallStatus.UNKNOWN, "placing_at": NOW}
    own = make_call(owner=caller, **unknown)
    of_campaign = make_call(owner=caller, campaign=make_campaign(owner=caller), **unknown)
    of_another = make_call(owner=make_person(CALLER), **unknown)
    client.force_login(caller)
    for call, is_allowed, refused in ((own, True, 302), (of_campaign, False, 403), (of_another, False, 404)):
        url = reverse("call-settle", args=[call.pk])
        assert (url in html_of(client.get(reverse("call", args=[call.pk])))) is is_allowed
        told = {"answer": "took_place", "result": "no_answer", "reason": "seen there"}
        assert client.post(url, told).status_code == refused
        call.refresh_from_db()
        assert call.status == (CallStatus.NO_ANSWER if is_allowed else CallStatus.UNKNOWN)
        assert client.post(reverse("call-again", args=[call.pk])).status_code == 403


def test_a_double_press_of_call_again_makes_one_call(as_manager: Client) -> None:
    call = make_call(status=CallStatus.FAILED, failure_reason="not_placed", held_at=NOW)
    token = str(uuid.uuid4())
    answers = [as_manager.post(reverse("call-again", args=[call.pk]), {"form_token": token}) for _ in range(2)]
    made = Call.objects.exclude(pk=call.pk).get()
    assert {answer["Location"] for answer in answers} == {reverse("call", args=[made.pk])}
    assert made.attempt == 2
    again = as_manager.post(reverse("call-again", args=[call.pk]), {"form_token": str(uuid.uuid4())}, follow=True)
    assert "is already waiting" in html_of(again)


def test_a_waiting_call_can_be_taken_out_and_a_placed_one_not(client: Client, caller: User) -> None:
    waiting = make_call(owner=caller)
    placed = make_call(owner=caller, status=CallStatus.RINGING)
    client.force_login(caller)
    assert "will not be placed" in html_of(client.post(reverse("call-cancel", args=[waiting.pk]), follow=True))
    assert "Too late" in html_of(client.post(reverse("call-cancel", args=[placed.pk]), follow=True))
    placed.refresh_from_db()
    assert placed.status == CallStatus.RINGING


def test_every_button_says_what_it_does(as_manager: Client) -> None:
    call = make_call(status=CallStatus.FAILED, held_at=NOW)
    page = html_of(as_manager.get(reverse("call", args=[call.pk])))
    words = {
        action: re.sub(r"<[^>]*>", "", re.search(rf'action="{action}">.*?(<button.*?</button>)', page, re.S)[1]).strip()  # type: ignore[index]
        for action in (reverse("call-again", args=[call.pk]), reverse("call-never-again", args=[call.pk]))
    }
    assert list(words.values()) == ["Yes, call again", "Never call again"]


def test_buttons_inside_a_live_part_lead_back_to_the_page(as_manager: Client) -> None:
    call = make_call(status=CallStatus.RINGING)
    page = reverse("call", args=[call.pk])
    answer = as_manager.get(
        reverse("call-live", args=[call.pk]),
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"},
    )
    assert f'name="next" value="{page}"' in html_of(answer)


def test_stop_all_holds_for_everybody_and_only_some_release_it(client: Client, caller: User, manager: User) -> None:
    client.force_login(caller)
    client.post(reverse("stop-all"), {"reason": "wrong list"})
    assert stop_all.is_stopped()
    page = html_of(client.get(reverse("today")))
    assert "All calling is stopped." in page
    assert "wrong list" in page
    assert caller.username in page
    assert reverse("stop-all-release") not in page
    assert client.post(reverse("stop-all-release")).status_code == 403
    client.force_login(manager)
    assert "already stopped" in html_of(client.post(reverse("stop-all"), {"reason": "x"}, follow=True))
    assert stop_all.switch_now().reason == "wrong list"
    client.post(reverse("stop-all-release"))
    assert not stop_all.is_stopped()
    actions = list(
        AuditEvent.objects.filter(action__startswith="stop_all").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["stop_all.pressed", "stop_all.released"]


def test_a_page_and_a_count_find_what_the_scope_says_however_many(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log writes the scope's condition in three ways; each finds the same calls."""
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    people = [make_person(CALLER), make_person(MANAGER), make_person(MANAGER), make_person(ADMIN)]
    for person in people[:2]:
        Membership.objects.create(user=person, team=ours)
    for owner, team in itertools.product([*people, None], [ours, theirs, None]):
        make_call(owner=owner, team=team)
    for person in people:
        expected = set(seen_by(person, Call.objects.all()))
        assert expected
        for few in (0, 1000):
            monkeypatch.setattr(call_log_conditions, "FEW", few)
            assert set(find_calls(CallFilters(), person)) == expected
        assert set(find_calls(CallFilters(), person, is_walked=False)) == expected
