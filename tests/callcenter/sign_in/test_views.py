"""The doors: log-in, log-out, one's own password, and the doors of Set-up that are the same ones."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from tests.conftest import make_person

PASSWORD = "a-long-password-1"
FOREIGN = ("//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "http://evil.example/")


def log_in(client: Client, **more: str) -> Any:
    return client.post(reverse("login"), {"username": "sara", "password": PASSWORD, **more})


def test_a_log_in_leads_to_pages_of_ours_alone(client: Client, caller: User) -> None:
    assert log_in(client, next="/people/?q=x")["Location"] == "/people/?q=x"
    assert client.get("/login/?next=/lists/")["Location"] == "/lists/"
    for foreign in FOREIGN:
        client.logout()
        assert log_in(client, next=foreign)["Location"] == reverse("start"), foreign
        page = client.get("/login/", {"next": foreign})
        assert page["Location"] == reverse("start")


def test_a_log_in_has_a_session_of_its_own(client: Client, caller: User) -> None:
    client.get("/login/")
    session = client.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    log_in(client)
    assert client.session.session_key != before


def test_log_out_is_a_press_and_is_recorded(client: Client, caller: User) -> None:
    log_in(client)
    assert client.get("/logout/").status_code in (302, 405)
    assert client.get("/people/").status_code == 200
    assert client.post("/logout/")["Location"] == reverse("login")
    assert client.get("/people/").status_code == 302
    assert AuditEvent.objects.filter(action="login.ended", actor=caller).count() == 1


def test_nobody_signs_up(client: Client, db: None) -> None:
    assert client.get("/login/new/")["Location"] == reverse("login")
    assert client.post("/login/new/", {"username": "me", "password1": PASSWORD})["Location"] == reverse("login")
    assert not User.objects.exists()


def test_the_doors_of_set_up_are_the_same_ones(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    page = client.get("/setup/").content.decode()
    assert reverse("admin:logout") in page
    assert reverse("admin:password_change") in page
    assert client.get(reverse("admin:password_change"))["Location"] == reverse("account_change_password")
    assert client.post(reverse("admin:logout"))["Location"] == reverse("login")
    assert client.get("/setup/").status_code == 302


def test_everybody_changes_their_own_password_and_other_sessions_end(client: Client, caller: User) -> None:
    other = Client()
    log_in(other)
    log_in(client)
    page = reverse("account_change_password")
    wrong = client.post(page, {"oldpassword": "x", "password1": "river table lamp", "password2": "river table lamp"})
    assert "This is not your current password." in wrong.content.decode()
    given = {"oldpassword": PASSWORD, "password1": "river table lamp", "password2": "river table lamp"}
    assert client.post(page, given).status_code == 302
    assert client.get("/people/").status_code == 200
    assert other.get("/people/").status_code == 302
    caller.refresh_from_db()
    assert caller.check_password("river table lamp")
    assert AuditEvent.objects.filter(action="password.changed").exists()


def test_guesses_at_the_present_password_are_limited(client: Client, caller: User) -> None:
    log_in(client)
    page = reverse("account_change_password")
    with time_machine.travel(timezone.now(), tick=False):
        answers = [client.post(page, {"oldpassword": f"guess {n}"}).status_code for n in range(8)]
    assert answers[-1] == 429


def test_passwords_can_be_switched_off(client: Client, caller: User, settings: Any) -> None:
    settings.PASSWORD_LOGIN = False
    assert log_in(client).status_code == 403
    assert client.get(reverse("account_reset_password")).status_code == 404
    assert 'type="password"' not in client.get("/login/").content.decode()


@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_page_of_a_door_has_no_inline_script(client: Client, db: None, language: str) -> None:
    person = make_person(username="laleh")
    client.cookies["django_language"] = language
    pages = ["/login/", reverse("account_reset_password")]
    texts = [client.get(page).content.decode() for page in pages]
    client.force_login(person)
    inside = ["account_change_password", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn"]
    texts += [client.get(reverse(name)).content.decode() for name in inside]
    for text in texts:
        assert "onload=" not in text
        assert "<script>" not in text
        assert "style=" not in text
