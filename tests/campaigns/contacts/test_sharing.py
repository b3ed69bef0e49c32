"""One row is one number: teams that work with the same number share its contact, and each is told what another did."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.calls.number_check import judge_number
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.contacts import duplicates, people
from campaigns.contacts.contact_history import history_of
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.importing.saved.undoing import undo_import
from campaigns.core import scope
from campaigns.models import Contact, ContactTeam, DialingSwitch, DoNotCall
from tests.answers import text_of
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import MARYAM, make_agent, make_contact, make_list, make_person, make_provider
from tests.files import write

pytestmark = pytest.mark.django_db
CSV = f"name,phone,order\nAnother name,{MARYAM},4711\n"


@pytest.fixture
def teams(db: None) -> tuple[Team, Team]:
    return Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")


@pytest.fixture
def carl(teams: tuple[Team, Team]) -> User:
    person = make_person(CALLER)
    Membership.objects.create(user=person, team=teams[1])
    return person


@pytest.fixture
def maryam(teams: tuple[Team, Team]) -> Contact:
    anna = make_person(CALLER)
    Membership.objects.create(user=anna, team=teams[0])
    return make_contact(phone=MARYAM, name="Maryam Hosseini", team=teams[0], owner=anna, variables={"vip": "yes"})


def test_before_a_team_has_the_number_it_learns_nothing_of_it(carl: User, maryam: Contact, client: Client) -> None:
    assert not scope.may_see(carl, maryam)
    assert judge_number(MARYAM, viewer=carl).contact is None
    client.force_login(carl)
    page = client.post(reverse("quick-call-check"), {"number": MARYAM})
    assert "Maryam" not in page.content.decode()
    assert client.get(reverse("person", args=[maryam.pk])).status_code == 404


def test_an_import_shows_only_that_the_number_exists_and_shares_it(
    carl: User, maryam: Contact, tmp_path: Path, client: Client
) -> None:
    record = take(write(tmp_path / "a.csv", CSV), carl)
    client.force_login(carl)
    shown = client.get(reverse("import-check", args=[record.pk])).content.decode()
    assert "Maryam" not in shown
    assert record.counts["known"] == 1
    save(record, carl)
    assert scope.may_change(carl, maryam)
    maryam.refresh_from_db()
    assert (maryam.name, maryam.team.name) == ("Maryam Hosseini", "Ours")
    event = AuditEvent.objects.get(action="person.shared")
    assert (event.actor, event.object_id) == (carl, str(maryam.pk))


def test_undoing_the_import_ends_the_sharing(carl: User, maryam: Contact, tmp_path: Path) -> None:
    record = save(take(write(tmp_path / "a.csv", CSV), carl), carl)
    undo_import(record.pk, carl)
    assert not scope.may_see(carl, maryam)
    assert Contact.objects.filter(pk=maryam.pk).exists()


def test_an_import_that_updates_known_people_tells_the_other_team(
    carl: User, maryam: Contact, tmp_path: Path, client: Client
) -> None:
    save(take(write(tmp_path / "a.csv", CSV), carl, update_known=True), carl)
    maryam.refresh_from_db()
    assert maryam.name == "Another name"
    client.force_login(maryam.owner)
    text = text_of(client.get(reverse("person", args=[maryam.pk])))
    assert "Shared with another team (import) ( Theirs )" in text
    assert "Changed (import) ( Theirs )" in text


def test_whoever_is_in_no_team_changes_no_contact_of_one_by_an_import(maryam: Contact, tmp_path: Path) -> None:
    loner = make_person(CALLER)
    save(take(write(tmp_path / "a.csv", CSV), loner, update_known=True), loner)
    maryam.refresh_from_db()
    assert maryam.name == "Maryam Hosseini"
    assert not scope.may_see(loner, maryam)


def test_adding_a_known_number_shares_it_and_keeps_what_is_known(carl: User, maryam: Contact) -> None:
    contact_list = make_list(team=carl.membership.team)
    values = {"phone": MARYAM, "name": "Someone", "region": "IR"}
    made = people.add_person(values, contact_list, carl, note="of ours")
    assert made == maryam
    assert made.name == "Maryam Hosseini"
    assert list(contact_list.contacts.all()) == [maryam]
    people.change_person(maryam.pk, {"name": "M. Hosseini"}, carl)
    assert history_of(maryam)[0].words == "Changed: name"


def test_a_quick_call_shares_the_number(carl: User, maryam: Contact, settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    DialingSwitch.objects.get_or_create(pk=1)
    provider = make_provider()
    place_single_call(SingleCall(to_number=MARYAM, provider=provider, agent=make_agent(provider)), person=carl)
    assert scope.may_see(carl, maryam)


def test_what_is_everybodys_is_not_shared_by_rows(carl: User, tmp_path: Path) -> None:
    make_contact(phone=MARYAM)
    save(take(write(tmp_path / "a.csv", CSV), carl), carl)
    assert not ContactTeam.objects.exists()


def test_merged_entries_keep_every_team(carl: User, maryam: Contact, teams: tuple[Team, Team]) -> None:
    other = make_contact(name="Mary", team=teams[1])
    duplicates.merge_people(maryam.pk, other.pk, maryam.owner)
    assert scope.may_change(carl, maryam)
    everybodys = make_contact(name="M.")
    duplicates.merge_people(maryam.pk, everybodys.pk, maryam.owner)
    assert Contact.objects.get(pk=maryam.pk).team is None


def test_an_opt_out_holds_for_all_and_is_everybodys_once_two_teams_asked(carl: User, maryam: Contact) -> None:
    forbid(MARYAM, reason="asked", source=DoNotCall.Source.PERSON, person=maryam.owner)
    entry = DoNotCall.objects.get()
    assert (entry.team, scope.may_see(carl, entry)) == (maryam.team, False)
    assert not judge_number(MARYAM, viewer=carl).may_be_called
    forbid(MARYAM, reason="asked again", source=DoNotCall.Source.PERSON, person=carl)
    entry.refresh_from_db()
    assert entry.team is None
    assert scope.may_see(carl, entry)
