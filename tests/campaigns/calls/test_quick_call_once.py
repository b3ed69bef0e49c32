"""One form is one call, and one number rings once, however many presses arrive at one instant."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse

from callcenter.access.rights import CALLER
from campaigns.calls import quick_call
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.models import Call
from providers.models import Provider
from tests.campaigns.calls.quick_call_form import URL, form_of
from tests.conftest import make_agent, make_call, make_person, make_phone, make_provider

pytestmark = pytest.mark.usefixtures("at_any_hour")


def test_a_second_press_leads_to_the_same_call(client: Client, caller: User, provider: Provider) -> None:
    client.force_login(caller)
    posted = form_of(provider)
    first, second = client.post(URL, posted), client.post(URL, posted)
    assert first["Location"] == second["Location"]
    assert Call.objects.count() == 1


def test_the_log_leads_from_the_request_to_the_order(
    client: Client, caller: User, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(caller)
    with caplog.at_level("INFO", "campaigns.calls.quick_call"):
        client.post(URL, form_of(provider))
    call = Call.objects.get()
    (line,) = [one.getMessage() for one in caplog.records if one.name == "campaigns.calls.quick_call"]
    assert f"call={call.pk} " in line
    assert str(call.reference) in line
    assert call.to_number not in line


def test_the_database_decides_where_two_presses_do_not_see_each_other(
    caller: User, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = uuid.uuid4()
    first = make_call(owner=caller, form_token=token, status="completed", rank=90)
    answers = iter([None])
    known = quick_call._made_before
    monkeypatch.setattr(quick_call, "_made_before", lambda *asked: next(answers, known(*asked)))
    asked = SingleCall(to_number=make_phone(), provider=provider, agent=provider.agent_set.get())
    placed = place_single_call(asked, person=caller, token=token)
    assert (placed.call.pk, placed.is_new) == (first.pk, False)
    assert Call.objects.count() == 1


def test_a_form_without_a_token_calls_nobody(client: Client, caller: User, provider: Provider) -> None:
    client.force_login(caller)
    assert client.post(URL, form_of(provider, form_token="")).status_code == 422
    assert not Call.objects.exists()


def _post_at_once(person: User, forms: list[dict[str, Any]]) -> list[str]:
    def post(fields: dict[str, Any]) -> str:
        client = Client()
        client.force_login(person)
        try:
            answer = client.post(URL, fields)
            return answer.get("Location", str(answer.status_code))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(post, forms))


def test_twenty_presses_at_one_instant_are_one_call(for_threads: None) -> None:
    person, provider = make_person(CALLER), make_provider()
    make_agent(provider)
    answers = _post_at_once(person, [form_of(provider)] * 20)
    call = Call.objects.get()
    assert set(answers) == {reverse("call", args=[call.pk])}
    assert call.events.count() == 1


def test_people_who_want_one_number_at_one_instant_ring_it_once(for_threads: None) -> None:
    person, provider = make_person(CALLER), make_provider()
    make_agent(provider)
    answers = _post_at_once(person, [form_of(provider) for _press in range(8)])
    assert Call.objects.count() == 1
    assert answers.count("422") == 7
