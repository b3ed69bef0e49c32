"""Sessions end so long after their last use; what pages ask for by themselves is no use."""

from __future__ import annotations

import datetime

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.sessions import USED_AT
from callcenter.middleware import SLID_EVERY

pytestmark = pytest.mark.django_db


def let_pass(client: Client, seconds: int) -> None:
    """Make the session as old as that."""
    session = client.session
    session[USED_AT] -= seconds
    session.save()
    Session.objects.update(
        expire_date=timezone.now() + datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE - seconds)
    )


def left(client: Client) -> float:
    (session,) = Session.objects.all()
    return (session.expire_date - timezone.now()).total_seconds()


def test_a_session_slides_with_use_and_is_not_written_at_each_request(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = reverse("people")
    answer = client.get(page)
    assert settings.SESSION_COOKIE_NAME not in answer.cookies
    let_pass(client, SLID_EVERY - 30)
    assert settings.SESSION_COOKIE_NAME not in client.get(page).cookies
    let_pass(client, 11 * 3600)
    answer = client.get(page)
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == settings.SESSION_COOKIE_AGE
    assert left(client) > settings.SESSION_COOKIE_AGE - 60


def test_a_live_page_is_no_use_and_a_form_is(client: Client, caller: User) -> None:
    client.force_login(caller)
    let_pass(client, 11 * 3600)
    client.get(reverse("campaigns"), headers={"HX-Request": "true"})
    assert left(client) < 3700
    client.post(reverse("campaign-new"), {"then": "stay"}, headers={"HX-Request": "true"})
    assert left(client) > settings.SESSION_COOKIE_AGE - 60


def test_nobody_gets_a_session_by_looking(client: Client) -> None:
    client.get(reverse("login"))
    assert not Session.objects.exists()
