"""The frame of every page: who sees which menu, logging in and out, language, health, errors."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.context import background_work
from campaigns.core import hosts
from campaigns.models import WorkerHost


def test_a_stranger_is_asked_to_log_in(client: Client, db: None) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_log_in_page_speaks_the_language_and_holds_the_policy(client: Client, db: None, language: str) -> None:
    client.cookies["django_language"] = language
    answer = client.get(reverse("login"))
    page = answer.content.decode()
    assert f'lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}"' in page
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "style=" not in page
    assert "<script>" not in page


def test_wrong_password_is_said_in_plain_words(client: Client, caller: User) -> None:
    page = client.post(reverse("login"), {"username": "sara", "password": "wrong"}).content.decode()
    assert "Wrong name or password. Check Caps Lock and keyboard language." in page
    assert "sara" in page


def test_logging_in_leads_to_work_and_logging_out_ends_it(client: Client, manager: User) -> None:
    answer = client.post(reverse("login"), {"username": "reza", "password": "a-long-password-1"}, follow=True)
    assert answer.request["PATH_INFO"] == reverse("today")
    client.post(reverse("logout"))
    assert client.get(reverse("today")).status_code == 302


def test_a_person_without_a_role_is_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("nobody"))
    answer = client.get("/", follow=True)
    assert answer.status_code == 403
    assert "Ask an admin" in answer.content.decode()


def test_the_menu_holds_what_the_role_may_open(client: Client, caller: User, manager: User, admin_person: User) -> None:
    def menu(person: User) -> str:
        client.force_login(person)
        return str(client.get(reverse("today")).content.decode())

    assert reverse("call-log") in menu(caller)
    assert reverse("admin:index") not in menu(manager)
    assert reverse("admin:index") in menu(admin_person)
    assert 'aria-current="page"' in menu(manager)


def test_only_our_own_addresses_are_gone_back_to(client: Client, manager: User) -> None:
    client.force_login(manager)
    answer = client.post(reverse("stop-all"), {"next": "https://elsewhere.example/"})
    assert answer["Location"] == reverse("today")
    answer = client.post(reverse("stop-all-release"), {"next": reverse("call-log")})
    assert answer["Location"] == reverse("call-log")


def test_the_language_switch_stays_on_the_page(client: Client, caller: User) -> None:
    client.force_login(caller)
    answer = client.post(reverse("set-language"), {"language": "fa", "next": reverse("today")}, follow=True)
    assert 'dir="rtl"' in answer.content.decode()
    assert answer.request["PATH_INFO"] == reverse("today")


@pytest.mark.parametrize(
    ("language", "sentence", "step"),
    [
        ("en", "No background worker is running", "Ask an admin."),
        ("fa", "هیچ پردازشگر پس‌زمینه‌ای (worker) در حال اجرا نیست", "به مدیر سامانه بگویید."),
    ],
)
def test_every_page_says_that_no_worker_runs(
    client: Client, caller: User, language: str, sentence: str, step: str
) -> None:
    client.force_login(caller)
    client.cookies["django_language"] = language
    assert sentence not in client.get(reverse("today")).content.decode()
    background_work.forget()
    text = client.get(reverse("today")).content.decode()
    assert sentence in text
    assert step in text
    hosts.begin("north")
    background_work.forget()
    assert sentence not in client.get(reverse("quick-call")).content.decode()


def test_many_pages_ask_once_for_the_worker(db: None, django_assert_num_queries: Any) -> None:
    background_work.forget()
    with django_assert_num_queries(1):
        assert not background_work.read().is_alive
        assert not background_work.read().is_alive


def test_an_admin_is_told_what_to_do_about_a_worker_and_a_stranger_nothing(client: Client, admin_person: User) -> None:
    hosts.begin("north")
    WorkerHost.objects.update(beat_at=timezone.now() - datetime.timedelta(hours=2))
    background_work.forget()
    assert "No background worker" not in client.get(reverse("login")).content.decode()
    client.force_login(admin_person)
    text = client.get(reverse("providers")).content.decode()
    assert "manage.py doctor" in text
    assert "Last seen running" in text
    assert "No background worker is running" in client.get(reverse("admin:index")).content.decode()


def test_errors_are_said_in_plain_words(client: Client, caller: User, rf: Any) -> None:
    client.force_login(caller)
    assert "Page not found" in client.get("/no/such/page/").content.decode()
    refused = client.post(reverse("stop-all-release"))
    assert refused.status_code == 403
    assert "No access" in refused.content.decode()
    strict = Client(enforce_csrf_checks=True)
    assert "open for too long" in strict.post(reverse("stop-all")).content.decode()


def test_the_page_of_a_broken_server_needs_no_database(rf: Any) -> None:
    from django.views.defaults import bad_request, server_error

    assert "no one is called twice" in server_error(rf.get("/")).content.decode()
    assert "could not be read" in bad_request(rf.get("/"), ValueError()).content.decode()


@pytest.mark.parametrize(
    ("form", "page"),
    [
        (("do-not-call-add",), "/do-not-call/"),
        (("campaign-try", 7), "/campaigns/7/"),
        (("unmatched-call-decide", 7), "/calls/unknown-at-vendor/"),
        (("stop-all",), "/"),
    ],
)
def test_a_browser_at_a_form_s_address_is_led_to_the_page_above(
    client: Client, manager: User, form: tuple[Any, ...], page: str
) -> None:
    client.force_login(manager)
    path = reverse(form[0], args=form[1:])
    answer = client.get(path, headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 302
    assert answer["Location"] == page
    assert client.get(path, headers={"accept": "*/*"}).status_code == 405


def test_the_language_may_be_changed_where_a_form_was_refused(client: Client, manager: User) -> None:
    client.force_login(manager)
    refused = client.post(reverse("do-not-call-add"), {"phone": "rubbish"})
    assert refused.status_code == 422
    assert f'name="next" value="{reverse("do-not-call-add")}"' in refused.content.decode()
    change = {"language": "fa", "next": reverse("do-not-call-add")}
    page = client.post(reverse("set-language"), change, headers={"accept": "text/html"}, follow=True)
    assert page.status_code == 200
    assert page.request["PATH_INFO"] == reverse("do-not-call")
    assert 'lang="fa"' in page.content.decode()
