"""A number is found whole on no page, in no address and in no log of a person without the right to see it."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.formats.phones import spaced
from campaigns.models import AllowedNumber, Call, Campaign, Contact, ContactList, DoNotCall, HeardOptOut, OtherNumber
from tests.security.addresses import PUBLIC, Browsers, addresses

CANARY = "+989125550417"
OTHER = "+989125550418"
FORBIDDEN = "+989125550419"
ALLOWED = "+989125550416"
NUMBERS = (CANARY, OTHER, FORBIDDEN, ALLOWED)


def shows(text: str) -> list[str]:
    """Return the numbers that a text shows whole, however they are written."""
    # Where digits are apart by more than what a number is written with, they are of two numbers.
    joined = re.sub(r"(?<=\d)(?:[ \u00a0().-]|&nbsp;|%20|%2B|\+)+(?=\d)", "", text)
    return [number for number in NUMBERS if number[3:] in joined or number in text or spaced(number) in text]


@pytest.fixture
def browsers(db: None) -> Browsers:
    """Open a browser for each role, over rows with numbers that none of callers and admins may see whole."""
    found = Browsers()
    owner = User.objects.get(username="of-all-roles")
    long_ago = timezone.now() - datetime.timedelta(days=8)
    Contact.objects.update(phone=CANARY, owner=owner, team=None)
    OtherNumber.objects.update(phone=OTHER)
    Call.objects.update(to_number=CANARY, ended_at=long_ago)
    DoNotCall.objects.update(phone=FORBIDDEN)
    AllowedNumber.objects.update(phone=ALLOWED)
    HeardOptOut.objects.update(phone=CANARY, decided_at=None)
    # Of no team, so that they are within the reach of managers, and the entries within everybody's.
    for model in (Call, Campaign, ContactList, DoNotCall):
        model.objects.update(team=None)
    # Callers are led through pages of calls of their own.
    Call.objects.update(owner=User.objects.get(username=f"of-{CALLER}"))
    return found


def pages(browsers: Browsers, role: str) -> Iterator[tuple[str, str]]:
    for address in addresses():
        answer = browsers.clients[role].get(address.path)
        streamed = getattr(answer, "streaming_content", None)
        body = answer.content if streamed is None else b"".join(streamed)
        headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        yield address.name, headers + "\n" + body.decode("utf-8", "replace")


@pytest.mark.parametrize("role", [PUBLIC, CALLER, ADMIN])
def test_no_page_shows_a_whole_number_without_the_right(
    browsers: Browsers, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    found = {name: shown for name, text in pages(browsers, role) if (shown := shows(text))}
    assert found == {}
    assert shows(caplog.text) == []


def test_the_walk_finds_numbers_where_they_may_be_seen(browsers: Browsers) -> None:
    found = {name for name, text in pages(browsers, MANAGER) if shows(text)}
    assert {"people", "person", "call-log", "do-not-call", "do-not-call-export", "allowed-numbers"} <= found


PLACES = ("people", "do-not-call", "call-log", "campaign-people", "list")


@pytest.mark.parametrize("number", [CANARY, "0912 555-0417", "۰۹۱۲۵۵۵۰۴۱۷"])
def test_a_searched_number_stands_in_no_address(
    browsers: Browsers, number: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client, by_name = browsers.clients[MANAGER], {one.name: one for one in addresses()}
    plain = ("9125550417", "555-0417", "۵۵۵۰۴۱۷", "%DB%B5%DB%B5%DB%B5")
    for name in PLACES:
        field = "person" if name == "call-log" else "q"
        answer = client.post(by_name[name].path, {field: number, "_search": "1", "state": "x"})
        assert answer.status_code == 303, name
        target = answer.headers["Location"]
        assert f"{field}=~" in target.replace("%7E", "~")
        assert not any(sign in target for sign in plain)
        page = client.get(target)
        assert page.status_code == 200
        # What was typed stands in the field, and in no link.
        text = page.content.decode()
        assert number in text
        links = re.findall(r'(?:href|action|hx-get)="([^"]*)"', text)
        assert not [link for link in links if any(sign in link for sign in plain)], name
    assert not any(sign in caplog.text for sign in plain)


def test_a_sealed_search_opens_for_its_user_only(browsers: Browsers) -> None:
    target = browsers.clients[MANAGER].post("/people/", {"q": CANARY, "_search": "1"}).headers["Location"]
    assert CANARY in browsers.clients[MANAGER].get(target).content.decode()
    assert CANARY not in browsers.clients["all roles"].get(target).content.decode()
    assert shows(browsers.clients[CALLER].get(target).content.decode()) == []


def test_a_masked_number_cannot_be_found_out_by_parts(browsers: Browsers) -> None:
    for role, path, finds in [
        (CALLER, "/do-not-call/?q=5550", False),
        (CALLER, "/do-not-call/?q=0419", True),
        (MANAGER, "/do-not-call/?q=5550", True),
        (CALLER, "/calls/?person=5550", False),
        (CALLER, "/calls/?person=0417", True),
    ]:
        text = browsers.clients[role].get(path).content.decode()
        assert ("0417" in text or "0419</bdi>" in text) == finds, (role, path)
    admin = browsers.clients[ADMIN]
    for path in ("campaigns/contact/?phone__startswith=%2B98912555", "campaigns/call/?to_number__startswith=%2B98912"):
        assert admin.get(reverse("admin:index") + path).status_code == 400, path


def test_a_caller_sees_numbers_of_own_and_of_the_teams_contacts(client: Client, caller: User) -> None:
    from callcenter.access.models import Membership, Team

    team = Team.objects.create(name="One")
    Membership.objects.create(user=caller, team=team)
    colleague = User.objects.create_user("colleague")
    colleague.groups.add(Group.objects.get(name=CALLER))
    for number, owner, of_team in [(CANARY, caller, None), (OTHER, colleague, team), (FORBIDDEN, colleague, None)]:
        Contact.objects.create(phone=number, owner=owner, team=of_team)
    client.force_login(caller)
    text = client.get("/people/").content.decode()
    assert set(shows(text)) == {CANARY, OTHER}
