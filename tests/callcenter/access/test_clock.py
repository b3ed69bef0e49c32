"""A user's time zone: chosen, else the browser's, else the installation's; kept for jobs and mails."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.access import clock
from callcenter.access.models import PersonalClock
from tests.conftest import make_person


def zone_shown(client: Client) -> str:
    """Return the zone that the foot of a page names."""
    page = client.get(reverse("people")).content.decode()
    found = re.search(r"Times are shown in\s+<bdi[^>]*>([^<]+)</bdi>\.", page)
    assert found, page
    return html.unescape(found[1])


def offers(client: Client) -> bool:
    return "the time zone of your browser" in client.get(reverse("people")).content.decode()


def test_the_setting_wins_over_the_browser_and_that_over_the_installation(
    client: Client, caller: User, settings: Any
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    client.force_login(caller)
    assert zone_shown(client) == "Europe/Berlin"
    assert not offers(client)
    client.cookies[clock.COOKIE] = "Asia/Tehran"
    assert zone_shown(client) == "Asia/Tehran"
    assert offers(client)
    clock.choose_zone(caller, "Asia/Kathmandu")
    assert zone_shown(client) == "Asia/Kathmandu"
    assert not offers(client)
    assert str(clock.zone_of(caller)) == "Asia/Kathmandu"


@pytest.mark.parametrize("told", ["", "Tehran", "../../etc/passwd", "Asia/" + "x" * 5000, "\u0000"])
def test_a_zone_that_is_none_is_not_believed(client: Client, caller: User, told: str) -> None:
    client.force_login(caller)
    client.cookies[clock.COOKIE] = told
    assert zone_shown(client) == "UTC"


def test_the_browsers_zone_is_kept_at_the_log_in_until_one_is_chosen(client: Client, db: None, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    person = make_person(username="laleh")
    person.set_password("a-long-password-1")
    person.save()
    given = {"username": "laleh", "password": "a-long-password-1"}
    client.post(reverse("login"), given)
    assert not PersonalClock.objects.exists()
    for told, kept in (("Asia/Tehran", "Asia/Tehran"), ("Nowhere", "Asia/Tehran"), ("Asia/Tokyo", "Asia/Tokyo")):
        client.logout()
        client.cookies[clock.COOKIE] = told
        client.post(reverse("login"), given)
        assert str(clock.zone_of(person)) == kept
    # "Keep this zone", as the banner offers it.
    answer = client.post(reverse("preferences"), {"time_zone": "Asia/Tokyo", "next": reverse("lists")})
    assert answer.headers["Location"] == reverse("lists")
    client.logout()
    client.cookies[clock.COOKIE] = "America/New_York"
    client.post(reverse("login"), given)
    assert str(clock.zone_of(person)) == "Asia/Tokyo"


def test_preferences_change_the_zone_and_lead_to_no_other_site(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = client.get(reverse("preferences")).content.decode()
    assert re.search(r'<option value="UTC"\s+selected', page)
    answer = client.post(
        reverse("preferences"), {"time_zone": "America/New_York", "next": "https://elsewhere.example/"}
    )
    assert answer.headers["Location"] == reverse("preferences")
    assert zone_shown(client) == "America/New_York"
    refused = client.post(reverse("preferences"), {"time_zone": "Mars/Base"})
    assert refused.status_code == 422
    assert zone_shown(client) == "America/New_York"


def test_preferences_are_for_people_who_are_logged_in(client: Client, db: None) -> None:
    assert client.get(reverse("preferences")).status_code == 302


def test_outside_requests_an_unknown_zone_is_the_installations(caller: User, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"
    assert str(clock.zone_of(None)) == str(clock.zone_of(caller)) == "Asia/Kathmandu"
    PersonalClock.objects.create(user=caller, time_zone="Gone/Zone", is_confirmed=True)
    assert str(clock.zone_of(caller)) == "Asia/Kathmandu"
