"""Whose numbers are shown whole on a page of many is asked of the database once, not for each of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from campaigns.models import Contact, ContactTeam, ListMembership
from tests.conftest import make_campaign, make_contact, make_list, make_person

pytestmark = pytest.mark.django_db


def test_a_page_of_many_asks_for_their_teams_once(client: Client) -> None:
    ours = Team.objects.create(name="Ours")
    caller, colleague = make_person(CALLER), make_person(CALLER)
    Membership.objects.create(user=caller, team=ours)
    Membership.objects.create(user=colleague, team=ours)
    people = make_list(0, owner=caller, team=ours)
    campaign = make_campaign([people], owner=caller, team=ours)

    def more(count: int) -> list[Contact]:
        # Everybody's to call, a colleague's to show: whether a team of the viewer shares them is to be asked.
        made = [make_contact(name="Sara", owner=colleague) for _ in range(count)]
        ListMembership.objects.bulk_create(ListMembership(contact_list=people, contact=one) for one in made)
        return made

    (first,) = more(1)
    pages = {
        "people": reverse("people"),
        "list": reverse("list", args=[people.pk]),
        "check": reverse("campaign-check-people", args=[campaign.pk, "everybody"]),
    }
    client.force_login(caller)

    def asked(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            answer = client.get(address)
        assert answer.status_code == 200
        return len(found)

    few = {name: asked(address) for name, address in pages.items()}
    made = more(5)
    assert {name: asked(address) for name, address in pages.items()} == few
    whole = first.phone[-7:]
    assert whole not in client.get(pages["people"]).content.decode().replace(" ", "")
    ContactTeam.objects.create(contact=made[0], team=ours)
    shown = client.get(pages["people"]).content.decode().replace("\u00a0", "").replace(" ", "")
    assert made[0].phone[-7:] in shown
    assert made[1].phone[-7:] not in shown
