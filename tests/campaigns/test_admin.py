"""The settings of the installation in Set-up: admins change them; an empty field is the environment's."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns.core import installation
from campaigns.models import InstallationSettings
from tests.end_to_end.browser import forms_of
from tests.shown import SHOWN

pytestmark = pytest.mark.django_db
PAGE = "admin:campaigns_installationsettings_change"


def answers(page: Any, **changes: Any) -> dict[str, Any]:
    """Return what the form would send, with changes."""
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields} | changes
    shown = dict(field for form in forms_of(page.content.decode()) for field in form.fields if field[0] == SHOWN)
    return {name: value for name, value in sent.items() if value not in (None, "")} | shown


def test_an_admin_changes_them_on_one_page(client: Client, admin_person: User, settings: Settings) -> None:
    settings.QUIET_PERIOD_HOURS = 31
    client.force_login(admin_person)
    assert (
        reverse("admin:campaigns_installationsettings_changelist")
        in client.get(reverse("admin:index")).content.decode()
    )
    page = client.get(reverse("admin:campaigns_installationsettings_changelist"), follow=True)
    assert page.request["PATH_INFO"] == reverse(PAGE, args=[1])
    assert "Empty: 31 (server default)." in page.content.decode()
    sent = answers(
        page,
        number_types_decided="here",
        refused_number_types=["premium_rate", "voip"],
        person_calls_a_day="3",
        single_call_start="10:00",
        single_call_end="18:30",
    )
    page = client.post(reverse(PAGE, args=[1]), sent, follow=True)
    assert "Settings saved." in page.content.decode()
    found = installation.current()
    assert found.refused_number_types == {"premium_rate", "voip"}
    assert (found.person_calls_a_day, found.quiet_period_hours) == (3, 31)
    assert f"{found.single_call_start:%H:%M}-{found.single_call_end:%H:%M}" == "10:00-18:30"
    # Back to the environment.
    client.post(
        reverse(PAGE, args=[1]), answers(page, number_types_decided="environment", person_calls_a_day=""), follow=True
    )
    found = installation.current()
    assert found.refused_number_types == installation.from_environment().refused_number_types
    assert found.person_calls_a_day == installation.from_environment().person_calls_a_day


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"single_call_start": "10:00"}, "Enter both times, or neither."),
        ({"person_calls_a_day": "5", "person_calls_a_week": "4"}, "The weekly limit must be at least the daily limit"),
        ({"refused_number_types": ["mobile"]}, "mobile"),
    ],
)
def test_what_cannot_hold_is_said_and_nothing_is_saved(
    changes: dict[str, Any], sentence: str, client: Client, admin_person: User
) -> None:
    client.force_login(admin_person)
    page = client.get(reverse(PAGE, args=[1]))
    page = client.post(reverse(PAGE, args=[1]), answers(page, **changes))
    assert sentence in page.content.decode()
    assert not InstallationSettings.objects.exists()


def test_only_admins_open_it(client: Client, caller: User, manager: User) -> None:
    for person in (caller, manager):
        client.force_login(person)
        assert client.get(reverse(PAGE, args=[1]), follow=True).status_code == 403
