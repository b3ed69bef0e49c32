"""Resets by mail: uniform answers, links that no Host header chooses, tokens that work once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse

from callcenter.sign_in import links
from tests.conftest import make_person

FORGOTTEN = "/password/forgotten/"
NEW = {"password1": "river table lamp", "password2": "river table lamp"}


@pytest.fixture(autouse=True)
def mails_at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send mails within the request, so that a test can read them."""
    settings.IS_EMAIL_SET = True
    monkeypatch.setattr(links, "post", links._send)


@pytest.fixture
def laleh(db: None) -> User:
    return make_person(username="laleh", email="laleh@example.org")


def ask(address: str, **more: Any) -> Any:
    return Client().post(FORGOTTEN, {"email": address}, **more)


def path_of_mail() -> str:
    found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_the_answer_does_not_tell_whether_the_user_exists(laleh: User) -> None:
    known, unknown = ask("LALEH@example.org"), ask("nobody@example.org")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [["laleh@example.org"]]


def test_a_link_sets_a_password_once(laleh: User) -> None:
    ask("laleh@example.org")
    path, client = path_of_mail(), Client()
    page = client.get(path)
    assert page["Location"].endswith("-set-password/"), "the token leaves the address before a page is shown"
    assert client.post(page["Location"], NEW).status_code == 302
    laleh.refresh_from_db()
    assert laleh.check_password("river table lamp")
    assert "no longer works" in Client().get(path).content.decode()
    again = client.post(page["Location"], {"password1": "another long one", "password2": "another long one"})
    assert "no longer works" in again.content.decode()


def test_no_host_header_reaches_the_mail(laleh: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["desk.example.org", ".example.net"]
    for host in ("evil.example", "desk.example.org@evil.example", "desk.example.org:evil"):
        assert ask("laleh@example.org", headers={"host": host}).status_code == 400
    ask("laleh@example.org", headers={"host": "evil.example.net"})
    assert not mail.outbox, "a host that only a wildcard admits is the sender's word"
    ask("laleh@example.org", headers={"host": "desk.example.org:8443", "X-Forwarded-Host": "evil.example"})
    assert "http://desk.example.org/password/new/" in mail.outbox[-1].body
    settings.PUBLIC_URL = "https://calls.example.org"
    ask("laleh@example.org", headers={"host": "evil.example.net"})
    assert "https://calls.example.org/password/new/" in mail.outbox[-1].body


def test_few_mails_go_to_one_mailbox_and_the_answer_stays(laleh: User) -> None:
    answers = {ask("laleh@example.org").status_code for _ in range(6)}
    assert answers == {302}
    assert len(mail.outbox) == 3


def test_a_user_who_is_switched_off_gets_none(laleh: User) -> None:
    User.objects.filter(pk=laleh.pk).update(is_active=False)
    assert ask("laleh@example.org").status_code == 302
    assert not mail.outbox


def test_without_mail_the_page_says_whom_to_ask(client: Client, laleh: User, settings: Any) -> None:
    settings.IS_EMAIL_SET = False
    page = client.get(FORGOTTEN).content.decode()
    assert "Ask an admin or the manager of your team" in page
    client.post(FORGOTTEN, {"email": "laleh@example.org"})
    assert not mail.outbox


def test_a_weak_password_is_refused_and_the_link_still_works(laleh: User) -> None:
    ask("laleh@example.org")
    client = Client()
    page = client.get(path_of_mail())["Location"]
    refused = client.post(page, {"password1": "callcenter2026", "password2": "callcenter2026"})
    assert "easy to guess" in refused.content.decode()
    assert client.post(page, NEW).status_code == 302
    assert client.get(reverse("account_reset_password_from_key_done")).status_code == 200
