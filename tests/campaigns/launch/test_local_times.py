"""Beside a campaign's start or hours stands what time it then is for the first of its people."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.formats.zones import earliest_local
from campaigns import time_zones
from campaigns.launch import local_times
from campaigns.launch.audience_query import people_of
from campaigns.models import ListMembership
from tests.conftest import make_campaign, make_contact, make_list

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 12, 7, 12, tzinfo=datetime.UTC)


def campaign_of(*people: dict[str, str], **fields: Any) -> Any:
    listed = make_list(0)
    for one in people:
        ListMembership.objects.create(contact_list=listed, contact=make_contact(**one))
    return make_campaign([listed], **fields)


def test_it_is_the_earliest_clock_of_all_the_people(django_assert_num_queries: Any) -> None:
    campaign = campaign_of(
        {"phone": "+989121110000"},
        {"phone": "+989121110001", "time_zone": "Asia/Tehran"},
        {"phone": "+12125550142"},
        {"phone": "+12135550143"},
        {"phone": "+442079460001"},
        status="running",
    )
    everybody = {
        zone for one in people_of(campaign) for zone in time_zones.zones_of(one.phone, one.time_zone)
    }  # fmt: skip
    assert "America/Los_Angeles" in everybody
    assert local_times.first_of(campaign, NOON) == local_times.first_there(NOON, everybody)
    # Numbers that begin alike are told by one of them: the statements do not grow with the people.
    with django_assert_num_queries(3):
        local_times.first_of(campaign, NOON)


@pytest.mark.parametrize("status", ["draft", "waiting", "paused", "stopped", "finished"])
def test_at_any_other_time_nothing_is_said(status: str) -> None:
    campaign = campaign_of({"phone": "+442079460001"}, status=status, starts_at=NOON)
    assert local_times.first_of(campaign, NOON) == ""


def test_the_pages_of_a_campaign_say_it(client: Client, manager: User) -> None:
    client.force_login(manager)
    start = NOON + datetime.timedelta(days=3650)
    planned = campaign_of({"phone": "+442079460001"}, status="scheduled", starts_at=start, owner=manager)
    found = earliest_local(start, ["Europe/London"])
    assert found is not None
    said = local_times.first_there(start, ["Europe/London"])
    for page in ("campaign", "campaign-live", "campaign-settings"):
        assert "in London." in client.get(reverse(page, args=[planned.pk])).content.decode(), page
    assert said.endswith("London.")
    running = campaign_of({"phone": "+442079460002"}, status="running", owner=manager)
    page = client.get(reverse("campaign-settings", args=[running.pk])).content.decode()
    assert "Now:" in page
    assert "in London." in page
