"""The page of holidays: whose calendars are kept, days added and taken away, what lies ahead."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.audit.models import AuditEvent
from campaigns.core import installation
from campaigns.core.hours import hours_of
from campaigns.core.hours.ahead import holidays_ahead
from campaigns.models import InstallationSettings
from tests.shown import edit_form_at, sent

pytestmark = pytest.mark.django_db

DECEMBER = datetime.datetime(2026, 12, 24, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def save(client: Client, **typed: Any) -> Any:
    return client.post(reverse("holidays"), sent(edit_form_at(client, reverse("holidays")), **typed))


def test_an_admin_says_whose_holidays_are_kept_and_every_call_goes_by_it(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    assert client.get(reverse("holidays")).status_code == 200
    own = "2026-12-24 DE Company party\n2026-12-28 – 2026-12-29\n1405/10/20 IR"
    answer = save(client, holiday_countries=["DE", "IR"], own_holidays=own, working_days="2026-12-26")
    assert answer.status_code == 302, answer.context["form"].errors
    found = installation.current()
    assert found.holiday_countries == {"DE", "IR"}
    assert [day["dates"] for day in found.own_holidays] == ["2026-12-24", "2026-12-28/2026-12-29", "2027-01-10"]
    assert AuditEvent.objects.get(action="settings.changed").detail["holiday_countries"] == {
        "from": None,
        "to": ["DE", "IR"],
    }
    closed = hours_of(None).closed
    assert [
        (closed.on("Europe/Berlin", day) is not None, closed.on("Asia/Tehran", day) is not None)
        for day in (DECEMBER.date() + number * DAY for number in range(6))
    ] == [(True, False), (True, False), (False, False), (False, False), (True, True), (True, True)]
    assert closed.on("Asia/Tehran", datetime.date(2027, 1, 10)) is not None
    page = client.get(reverse("holidays"))
    assert "2026-12-28 – 2026-12-29" in page.content.decode()
    assert page.context["form"].initial["own_holidays"].splitlines()[0] == "2026-12-24 DE Company party"


def test_single_calls_may_be_left_out(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    assert save(client, holiday_countries=["DE"], single_calls_keep_holidays=[]).status_code == 302
    assert not hours_of(None).closed
    assert installation.current().campaigns_keep_holidays


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("soon", "“soon” does not start with a date."),
        ("2026-13-01", "“2026-13-01” does not start with a date."),
        ("2026-12-24 – 2026-12-01", "the last date must be after the first"),
        ("2026-12-24 " + "x" * 81, "the name is too long"),
        ("\n".join(["2026-12-24"] * 101), "At most 100 lines."),
    ],
)
def test_what_is_no_day_is_refused_with_its_line(client: Client, admin_person: User, typed: str, said: str) -> None:
    client.force_login(admin_person)
    answer = save(client, own_holidays=typed)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["own_holidays"])
    assert not InstallationSettings.objects.exists()


def test_what_lies_ahead_is_listed_with_what_was_added_and_taken_away(client: Client, admin_person: User) -> None:
    today = datetime.date(2026, 12, 1)
    InstallationSettings.objects.create(
        holiday_countries=["DE"],
        own_holidays=[{"dates": "2026-12-24", "country": "", "name": "Party"}],
        working_days=[{"dates": "2026-12-26", "country": "DE", "name": ""}],
    )
    found = [(one.day.day, one.country, one.name, one.is_kept) for one in holidays_ahead(installation.current(), today)]
    assert found[:3] == [
        (24, "", "Party", True),
        (25, "Germany", "Christmas Day", True),
        (26, "Germany", "Second Day of Christmas", False),
    ]
    client.force_login(admin_person)
    page = client.get(reverse("holidays")).content.decode()
    assert "Germany" in page
