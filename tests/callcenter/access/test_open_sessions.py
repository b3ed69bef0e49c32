"""A user's own sessions: known by device and address, ended by hand and by whatever takes rights away, for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from callcenter.access.models import OpenSession
from callcenter.access.rights import MANAGER
from callcenter.access.sessions import BEGAN_AT, USED_AT
from callcenter.audit.models import AuditEvent
from callcenter.formats.browsers import browser_words

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


@pytest.fixture
def user(caller: User) -> User:
    caller.set_password(PASSWORD)
    caller.save()
    return caller


def logged_in(user: User, agent: str = FIREFOX, address: str = "203.0.113.9") -> Client:
    """Log in as a browser does."""
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    answer = client.post(reverse("login"), {"username": user.get_username(), "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("preferences")).status_code == 200


def cookie(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return client


def test_the_page_names_devices_and_addresses_and_ends_one_for_good(user: User) -> None:
    here, there = logged_in(user), logged_in(user, PHONE, "2001:db8::7")
    page = here.get(reverse("sessions")).content.decode()
    for words in ("Firefox on Windows", "Safari on iPhone", "203.0.113.9", "2001:db8::7", "This device"):
        assert words in page
    copied = cookie(there)
    assert cookie(here) not in page
    assert copied not in page
    theirs = OpenSession.objects.get(key=copied)
    here.post(reverse("session-end", args=[theirs.pk]))
    assert not is_in(there)
    assert not is_in(with_cookie(copied))
    assert is_in(here)
    assert AuditEvent.objects.filter(action="session.ended", actor=user).count() == 1
    assert here.post(reverse("session-end", args=[theirs.pk]), follow=True).status_code == 200


def test_ending_the_own_one_logs_out(user: User) -> None:
    here = logged_in(user)
    copied = cookie(here)
    here.post(reverse("session-end", args=[OpenSession.objects.get(key=copied).pk]))
    assert not is_in(here)
    assert not is_in(with_cookie(copied))


def test_nobody_ends_sessions_of_others(user: User, manager: User) -> None:
    theirs = logged_in(user)
    other = Client()
    other.force_login(manager)
    other.post(reverse("session-end", args=[OpenSession.objects.get(key=cookie(theirs)).pk]))
    other.post(reverse("sessions-end-others"))
    assert is_in(theirs)
    assert "203.0.113.9" not in other.get(reverse("sessions")).content.decode()


def test_all_others_end_those_too_that_were_never_noted(user: User) -> None:
    here, there, before = logged_in(user), logged_in(user), logged_in(user)
    OpenSession.objects.filter(key=cookie(before)).delete()
    here.post(reverse("sessions-end-others"))
    assert [is_in(client) for client in (here, there, before)] == [True, False, False]


def switched_off_and_on(user: User) -> None:
    for is_active in (False, True):
        user.is_active = is_active
        user.save(update_fields=["is_active"])


def switched_off_past_the_model(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def given_another_password(user: User) -> None:
    user.set_password("another-long-password-2")
    user.save()


ENDINGS: dict[str, Callable[[User], Any]] = {
    "another password": given_another_password,
    "switched off, and on again": switched_off_and_on,
    "a further role": lambda user: user.groups.add(Group.objects.get(name=MANAGER)),
    "a role less": lambda user: user.groups.remove(*user.groups.all()),
    "no role": lambda user: user.groups.clear(),
    "other roles": lambda user: user.groups.set(Group.objects.filter(name=MANAGER)),
    "from the role's side": lambda user: user.groups.get().user_set.remove(user),
    "the role's members cleared": lambda user: user.groups.get().user_set.clear(),
    "admin's rights": lambda user: User.objects.get(pk=user.pk).save() or _superuser(user),
}


def _superuser(user: User) -> None:
    user.is_superuser = True
    user.save()


@pytest.mark.parametrize("what", ENDINGS)
def test_whatever_changes_rights_ends_all_sessions(what: str, user: User, manager: User) -> None:
    client, other = logged_in(user), Client()
    other.force_login(manager)
    assert is_in(client)
    ENDINGS[what](User.objects.get(pk=user.pk))
    assert not is_in(client)
    assert not Session.objects.filter(session_key=cookie(client)).exists()
    assert is_in(other), "of nobody else"


def test_a_user_who_was_switched_off_past_the_model_does_not_come_back(user: User) -> None:
    client = logged_in(user)
    copied = cookie(client)
    switched_off_past_the_model(user)
    assert not is_in(client)
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert not is_in(with_cookie(copied))


def test_a_save_that_changes_no_right_ends_nothing(user: User) -> None:
    client = logged_in(user)
    found = User.objects.get(pk=user.pk)
    found.first_name = "Sara"
    found.save()
    found.groups.add(*found.groups.all())
    assert is_in(client)


@pytest.mark.parametrize(
    ("key", "seconds", "stays"),
    [
        (USED_AT, settings.SESSION_COOKIE_AGE - 60, True),
        (USED_AT, settings.SESSION_COOKIE_AGE + 700, False),
        (BEGAN_AT, settings.SESSION_MAX_HOURS * 3600 - 60, True),
        (BEGAN_AT, settings.SESSION_MAX_HOURS * 3600 + 60, False),
    ],
)
def test_a_session_ends_when_unused_and_in_any_case(key: str, seconds: int, stays: bool, user: User) -> None:
    client = logged_in(user)
    copied, session = cookie(client), client.session
    session[key] -= seconds
    session.save()
    assert is_in(client) is stays
    assert is_in(with_cookie(copied)) is stays, "the database says so, whatever the cookie's age"


def test_a_log_in_gets_another_key(user: User) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "k" * 32
    client.post(reverse("login"), {"username": user.get_username(), "password": PASSWORD})
    assert cookie(client) != "k" * 32


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on macOS"),
        ("python-requests/2.32", "Python"),
        ("", "Unknown device"),
        ("<script>", "Unknown device"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words
