"""Whose address counts for the lock on log-ins."""

from __future__ import annotations

from typing import Any

import pytest
from axes.helpers import get_client_ip_address
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

PASSWORD = "a-long-password-1"


@pytest.mark.parametrize(
    ("is_behind", "header", "address"),
    [
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (True, "", "127.0.0.1"),
        (False, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_address_is_what_the_proxy_saw(is_behind: bool, header: str, address: str, settings: Any) -> None:
    settings.BEHIND_PROXY = is_behind
    headers = {"X-Forwarded-For": header} if header else {}
    assert get_client_ip_address(RequestFactory().get("/", headers=headers)) == address


@pytest.mark.django_db
def test_somebody_else_behind_the_same_proxy_cannot_lock_a_person_out(settings: Any) -> None:
    settings.AXES_ENABLED = settings.BEHIND_PROXY = True
    User.objects.create_user("sara", password=PASSWORD)

    def log_in(address: str, password: str) -> int:
        form = {"username": "sara", "password": password}
        return Client().post(reverse("login"), form, headers={"X-Forwarded-For": address}).status_code

    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in("198.51.100.1", "wrong")
    assert log_in("198.51.100.1", PASSWORD) == 429
    assert log_in("203.0.113.9", PASSWORD) == 302
