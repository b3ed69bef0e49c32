"""The page of the audit log: in plain words, whose acts a person may see, searched, paged by key, exported."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit import often
from callcenter.audit.models import AuditEvent, record, write
from callcenter.audit_log import search
from callcenter.audit_log.search import Asked, find_events, page_of
from callcenter.audit_log.words import lines_of
from tests.conftest import make_call, make_campaign, make_contact, make_list, make_person

pytestmark = pytest.mark.django_db
PAGE = "/audit/"


@pytest.fixture(autouse=True)
def a_new_process() -> None:
    often.forget()


@pytest.fixture
def teams() -> dict[str, User]:
    """Two teams, each with a manager and a caller."""
    people = {}
    for name in ("north", "south"):
        team = Team.objects.create(name=name)
        for role in (MANAGER, CALLER):
            person = make_person(role, username=f"{name}-{role}".lower())
            Membership.objects.create(user=person, team=team)
            people[person.username] = person
    for person in people.values():
        record(person, "list.made", make_list())
    record(None, "list.made", make_list())
    return people


def seen_by(viewer: User, **asked: Any) -> list[str]:
    page = page_of(find_events(Asked(**asked), viewer), {})
    return [event.actor_name or "Callcenter" for event in page.rows]


def test_everybody_sees_what_is_theirs(teams: dict[str, User], admin_person: User) -> None:
    assert seen_by(admin_person) == ["Callcenter", "south-callers", "south-managers", "north-callers", "north-managers"]
    assert seen_by(teams["north-managers"]) == ["north-callers", "north-managers"]
    assert seen_by(teams["north-callers"]) == ["north-callers"]
    assert seen_by(teams["north-managers"], person=teams["south-callers"].pk) == []
    assert seen_by(admin_person, person=teams["south-callers"].pk) == ["south-callers"]


def test_a_large_team_is_read_as_one(teams: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PEOPLE", 1)
    assert seen_by(teams["north-managers"]) == ["north-callers", "north-managers"]


def test_pages_follow_each_other_for_a_team(teams: dict[str, User]) -> None:
    manager, caller = teams["north-managers"], teams["north-callers"]
    for number in range(9):
        record(caller if number % 2 else manager, "list.made", make_list())
    found = find_events(Asked(), manager)
    first = page_of(found, {}, 4)
    second = page_of(found, {"older_than": str(first.older)}, 4)
    third = page_of(found, {"older_than": str(second.older)}, 4)
    rows = [event.pk for page in (first, second, third) for event in page.rows]
    assert rows == sorted(rows, reverse=True)
    assert len(set(rows)) == 11
    assert (first.newer, third.older) == (None, None)
    back = page_of(found, {"newer_than": str(third.newer)}, 4)
    assert [event.pk for event in back.rows] == [event.pk for event in second.rows]


def test_narrowed_by_thing_kind_group_and_time(admin_person: User) -> None:
    campaign, contact = make_campaign(name="Spring visits"), make_contact(name="Maryam Hosseini")
    call, now = make_call(), timezone.now()
    record(admin_person, "campaign.paused", campaign)
    record(admin_person, "person.changed", contact, fields=["name"])
    record(admin_person, "call.recording_played", call)
    old = AuditEvent(action="list.made", actor=admin_person, detail={})
    write(old, at=now - datetime.timedelta(days=400))

    def actions(**asked: Any) -> set[str]:
        return {event.action for event in page_of(find_events(Asked(**asked), admin_person), {}).rows}

    assert actions(thing="spring") == {"campaign.paused"}
    assert actions(thing="hosseini") == {"person.changed"}
    assert actions(thing=str(call.pk), group="hearing") == {"call.recording_played"}
    assert actions(thing="no such thing") == set()
    assert actions(group="campaigns") == {"campaign.paused"}
    assert actions(group="hearing") == {"call.recording_played"}
    assert actions(until=now - datetime.timedelta(days=300)) == {"list.made"}
    assert "list.made" not in actions(since=now - datetime.timedelta(days=300))
    assert actions(since=now + datetime.timedelta(days=1)) == set()


def test_words_show_before_and_after_with_labels_and_links(admin_person: User) -> None:
    contact, campaign = make_contact(name="Maryam Hosseini"), make_campaign()
    change = {"hours_start": {"from": "09:00:00", "to": "10:00:00"}}
    record(admin_person, "campaign.edited", campaign, fields=["hours_start", "name"], changes=change)
    record(None, "person.changed", contact, fields=["name"])
    record(None, "settings.changed", None, person_calls_a_day={"from": None, "to": 3})
    settings_line, contact_line, campaign_line = lines_of(AuditEvent.objects.order_by("-pk"))
    (one,) = campaign_line.changes
    assert (one.name, one.before, one.after) == ("calling from", "09:00:00", "10:00:00") or one.before == "09:00:00"
    assert campaign_line.url == reverse("campaign", args=[campaign.pk])
    assert campaign_line.details == [("Changed", "name")]
    assert "Maryam Hosseini" in contact_line.thing, "the name is looked up now, it does not stand in the log"
    assert contact_line.who == "Callcenter"
    assert [(one.before, one.after) for one in settings_line.changes] == [("–", "3")]
    contact.delete()
    (gone,) = lines_of([AuditEvent.objects.get(action="person.changed")])
    assert (gone.url, "erased or removed" in gone.thing) == ("", True)


def test_the_page_and_its_file(client: Client, admin_person: User) -> None:
    record(admin_person, "campaign.paused", make_campaign(name="=1+1"), reason="too loud")
    client.force_login(admin_person)
    text = client.get(PAGE, {"group": "campaigns"}).content.decode()
    assert "Campaign paused" in text
    assert "too loud" in text
    assert AuditEvent.objects.get(action="audit.viewed").detail["filters"] == {"group": "campaigns"}
    answer = client.get("/audit/export.csv", {"group": "campaigns"})
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "Campaign paused" in lines[1]
    assert ",=1+1" not in lines[1]
    assert AuditEvent.objects.get(action="audit.exported").actor == admin_person
    assert client.get(PAGE, {"since": "nonsense"}).status_code == 422


def test_a_caller_reaches_their_own_from_the_preferences(client: Client, caller: User, manager: User) -> None:
    record(manager, "list.made", make_list(name="Not theirs"))
    client.force_login(caller)
    assert PAGE in client.get("/preferences/").content.decode()
    text = client.get(PAGE).content.decode()
    assert "Not theirs" not in text
    assert client.get("/audit/", {"person": manager.pk}).status_code == 422
