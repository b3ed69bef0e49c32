"""Passwords made of the words that somebody who knows this installation would try first."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from callcenter.access.models import Membership, Team
from tests.conftest import make_person


@pytest.fixture
def laleh(db: None, settings: Any) -> User:
    settings.PUBLIC_URL = "https://desk.goldenclinic.example"
    person = make_person(username="laleh.rad", first_name="Laleh", last_name="Karimi")
    Membership.objects.create(user=person, team=Team.objects.create(name="Reminders"))
    return person


def test_names_of_the_product_the_installation_the_user_and_the_team_are_refused(laleh: User) -> None:
    for password in (
        "callcenter2026",
        "C4llc3nter!123",
        "goldenclinic12",
        "desk.goldenclinic.example",
        "laleh.rad-2026",
        "Reminders12345",
        "LalehReminders1",
    ):
        with pytest.raises(ValidationError):
            validate_password(password, laleh)


def test_good_ones_pass_also_where_such_a_word_is_in_them(laleh: User) -> None:
    for password in ("river table orange lamp", "callcenter river table orange", "zq8-Tm4.vR2w"):
        validate_password(password, laleh)
