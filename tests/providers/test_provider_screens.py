"""The console's pages of providers: who sees what, and what each button does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Call
from providers.exceptions import NotSent
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_agent, make_call, make_provider
from tests.providers.fake_vendor import answering
from tests.providers.form_data import CANARY
from tests.shown import shown_at

pytestmark = pytest.mark.django_db
GOOD = {"/user/me": (200, json.dumps({"name": "Bruce", "wallet": 42.5}))}
DEAD = {"/user/me": (401, '{"message": "Access denied"}')}
POSTS = ("provider-test", "provider-sync", "provider-halt", "provider-resume", "provider-key")


def texts(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def page(client: Client, provider: Provider) -> str:
    response = client.get(reverse("provider", args=[provider.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_strangers_log_in_first(client: Client, db: None) -> None:
    assert client.get(reverse("providers")).status_code == 302


def test_callers_see_the_state_and_no_buttons(client: Client, caller: User) -> None:
    provider = make_provider(secrets={"api_key": CANARY}, name="Our Bolna")
    Provider.objects.note_exchange(provider.pk, what="check_credentials", method="GET", path="/user/me")
    client.force_login(caller)
    listed = client.get(reverse("providers")).content.decode()
    assert "Our Bolna" in listed
    assert "Not tested yet" in listed
    shown = page(client, provider)
    for text in (CANARY, CANARY[-4:], "/user/me", "Test connection", "Pause now", "Test and save"):
        assert text not in listed
        assert text not in shown
    assert "Speaks through an agent." in shown


@pytest.mark.parametrize("name", POSTS)
def test_callers_and_managers_press_nothing(client: Client, caller: User, manager: User, name: str) -> None:
    provider = make_provider()
    for person in (caller, manager):
        client.force_login(person)
        assert client.post(reverse(name, args=[provider.pk])).status_code == 403
    provider.refresh_from_db()
    assert provider.halted_at is None


@pytest.mark.parametrize("name", POSTS)
def test_buttons_are_posts(client: Client, admin_person: User, name: str) -> None:
    client.force_login(admin_person)
    assert client.get(reverse(name, args=[make_provider().pk])).status_code == 405


@pytest.mark.parametrize("name", POSTS)
def test_an_unknown_provider_is_not_found(client: Client, admin_person: User, name: str) -> None:
    client.force_login(admin_person)
    assert client.post(reverse(name, args=[999_999])).status_code == 404


def test_an_empty_list_says_what_to_do_first(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    assert "Choose the company and paste the key" in client.get(reverse("providers")).content.decode()


def test_cards_count_lines_and_agents(client: Client, admin_person: User, django_assert_max_num_queries: Any) -> None:
    client.force_login(admin_person)
    busy = make_provider(max_lines=7)
    for _number in range(6):
        make_provider()
    make_agent(busy)
    make_agent(busy, is_present=False)
    make_call(provider=busy, status=CallStatus.RINGING)
    make_call(provider=busy, status=CallStatus.WRAPPING_UP)
    make_call(provider=busy, status=CallStatus.COMPLETED)
    with django_assert_max_num_queries(20):  # one of them for the viewer's clock
        shown = client.get(reverse("providers")).content.decode()
    assert "1 of 7" in shown
    assert ">1 agent<" in shown
    assert Call.objects.count() == 3


def test_test_button_says_whether_the_key_works(client: Client, admin_person: User) -> None:
    provider = make_provider(name="Our Bolna")
    client.force_login(admin_person)
    with answering(GOOD):
        response = client.post(reverse("provider-test", args=[provider.pk]), follow=True)
    assert texts(response)[0].startswith("Our Bolna: The key works: Bruce")
    with answering(DEAD):
        response = client.post(reverse("provider-test", args=[provider.pk]), follow=True)
    assert "does not accept the key" in texts(response)[0]
    shown = response.content.decode()
    assert "Paused: Bolna does not accept the key." in shown
    assert "Access denied" in shown
    assert "Paste a new key" in shown


def test_sync_button_says_exact_numbers(client: Client, admin_person: User) -> None:
    provider = make_provider(name="Our Bolna")
    client.force_login(admin_person)
    answers = {
        "/v2/agent/all": (200, json.dumps([{"id": "a", "agent_name": "A", "agent_status": "processed"}])),
        "/me/voices": (200, "[]"),
        "/phone-numbers/all": (200, "[]"),
    }
    with answering(answers):
        response = client.post(reverse("provider-sync", args=[provider.pk]), follow=True)
    assert texts(response) == ["Our Bolna: Synced: 1 agent (1 new), 0 voices, 0 caller IDs."]


def test_halt_and_resume(client: Client, admin_person: User) -> None:
    provider = make_provider(name="Our Bolna")
    make_call(provider=provider, status=CallStatus.RINGING)
    client.force_login(admin_person)
    url = reverse("provider-halt", args=[provider.pk])
    response = client.post(url, {"reason": "Wrong agent", "next": reverse("providers")}, follow=True)
    assert response.redirect_chain[0][0] == reverse("providers")
    assert "1 call in progress will finish" in texts(response)[0]
    assert "Paused: Wrong agent" in response.content.decode()
    assert "was already paused" in texts(client.post(url, {"reason": "x"}, follow=True))[0]
    with answering(NotSent("No connection.")):
        response = client.post(reverse("provider-resume", args=[provider.pk]), follow=True)
    assert "resumed, but its test failed" in texts(response)[0]
    provider.refresh_from_db()
    assert provider.halted_at is None


def test_a_foreign_address_is_not_gone_to(client: Client, admin_person: User) -> None:
    provider = make_provider()
    client.force_login(admin_person)
    response = client.post(reverse("provider-halt", args=[provider.pk]), {"next": "https://evil.example.com/"})
    assert response["Location"] == reverse("provider", args=[provider.pk])


def test_a_new_key_is_tested_before_it_replaces_the_old_one(client: Client, admin_person: User) -> None:
    provider = make_provider(secrets={"api_key": "the-old-key-0123"})
    client.force_login(admin_person)
    url, page = reverse("provider-key", args=[provider.pk]), reverse("provider", args=[provider.pk])
    with answering(DEAD):
        response = client.post(url, {"secret_api_key": CANARY} | shown_at(client, page))
    assert response.status_code == 422
    shown = response.content.decode()
    assert "does not accept the key" in shown
    assert "Save the new key even if the test fails" in shown
    assert CANARY not in shown
    assert Provider.objects.get().secrets.open() == {"api_key": "the-old-key-0123"}
    with answering(GOOD):
        response = client.post(url, {"secret_api_key": CANARY} | shown_at(client, page), follow=True)
    assert texts(response)[0].startswith("The new key is saved. The key works")
    found = Provider.objects.get()
    assert found.secrets.open() == {"api_key": CANARY}
    assert found.secrets_set_by == admin_person
    assert found.account["label"] == "Bruce"
    with answering(NotSent("No connection.")):
        sent = {"secret_api_key": "another-key-89ab", "keep_untested": "on"}
        client.post(url, sent | shown_at(client, page))
    assert Provider.objects.get().secrets.open() == {"api_key": "another-key-89ab"}


def test_a_blank_key_changes_nothing(client: Client, admin_person: User) -> None:
    provider = make_provider(secrets={"api_key": CANARY})
    client.force_login(admin_person)
    with answering(GOOD) as asked:
        response = client.post(reverse("provider-key", args=[provider.pk]), {"secret_api_key": ""}, follow=True)
    assert asked == []
    assert "the saved one stays" in texts(response)[0]
    assert Provider.objects.get().secrets.open() == {"api_key": CANARY}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("halted_at", "An admin fixes the cause, then tests and resumes it."),
        ("breaker_opened_at", "The test calls no one"),
        ("frozen_at", "call list is compared automatically"),
    ],
)
def test_each_stop_says_its_own_next_step(client: Client, manager: User, column: str, words: str) -> None:
    provider = make_provider(**{column: timezone.now()})
    client.force_login(manager)
    assert words in page(client, provider)
