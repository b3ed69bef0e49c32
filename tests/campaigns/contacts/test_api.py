"""Contacts, lists and the do-not-call list for programs: the rules, reach and versions of the pages."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from callcenter.access.models import Membership, Team, TwoPersonRequest
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.models import Call, Contact, DoNotCall
from providers.types import CallStatus
from tests.conftest import MARYAM, make_call, make_campaign, make_contact, make_list, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def test_a_person_is_created_and_changed_by_number(manager: User) -> None:
    program, gold = Program(manager), make_list(name="Gold")
    asked = {
        "phone": "0912 123 4567", "name": "Maryam", "variables": {"order": "47\n11"}, "tags": ["a", "b"],
        "consent_at": "2026-01-02", "list_id": gold.pk,
    }  # fmt: skip
    made = program.post("/people", asked)
    assert made.status_code == 201
    said = made.json()
    assert (said["phone"], said["name"], said["variables"], said["tags"]) == (
        MARYAM, "Maryam", {"order": "47 11"}, ["a", "b"],
    )  # fmt: skip
    assert said["lists"] == [{"id": gold.pk, "name": "Gold"}]
    # What is left out stays; the same number in another form is the same person.
    again = program.post("/people", {"phone": "+98 912 123 45 67", "name": "Maryam R."})
    assert (again.status_code, again.json()["id"], again.json()["tags"]) == (200, said["id"], ["a", "b"])
    assert (Contact.objects.get().owner, Contact.objects.get().region) == (manager, "IR")
    fields = [event.detail.get("fields") for event in AuditEvent.objects.filter(object_type="contact").order_by("pk")]
    assert fields == [None, ["name"]]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"consent_at": "2999-01-01"}, "consent_at"),
        ({"list_id": 10**9}, "list_id"),
    ],
)
def test_the_rules_of_the_forms_hold_with_their_sentences(manager: User, wrong: dict[str, object], field: str) -> None:
    answer = Program(manager).post("/people", {"phone": MARYAM, **wrong})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
    assert not Contact.objects.exists()


def test_only_what_was_read_is_changed(manager: User) -> None:
    program, contact = Program(manager), make_contact(name="Old", owner=manager)
    read = program.get(f"/people/{contact.pk}")
    changed = program.patch(f"/people/{contact.pk}", {"name": "New"}, If_Match=read["ETag"])
    assert (changed.status_code, changed["ETag"] != read["ETag"]) == (200, True)
    late = program.patch(f"/people/{contact.pk}", {"name": "Late"}, If_Match=read["ETag"])
    without = program.patch(f"/people/{contact.pk}", {"name": "Late"})
    contact.refresh_from_db()
    assert (late.status_code, without.status_code, contact.name) == (412, 428, "New")
    assert changed["ETag"] == program.get(f"/people/{contact.pk}")["ETag"]


def test_a_foreign_team_s_contact_is_shared_and_shows_nothing_before(manager: User) -> None:
    theirs = Team.objects.create(name="Theirs")
    Membership.objects.create(user=manager, team=Team.objects.create(name="Ours"))
    foreign = make_contact(name="Secret", team=theirs)
    program = Program(manager)
    assert program.post("/people/find", {"text": foreign.phone}).json()["items"] == []
    assert program.get(f"/people/{foreign.pk}").status_code == 404
    gold = make_list(name="Gold")
    assert program.post(f"/lists/{gold.pk}/people", {"people": [foreign.pk]}).status_code == 404
    shared = program.post("/people", {"phone": foreign.phone, "name": "Mine"})
    assert (shared.status_code, shared.json()["name"]) == (201, "Secret")
    assert AuditEvent.objects.filter(action="person.shared").exists()


def test_whoever_does_not_see_a_number_whole_changes_nobody(manager: User) -> None:
    contact = make_contact(name="Old")
    program = Program(manager, scopes=EVERYTHING - {"numbers"})
    assert program.get(f"/people/{contact.pk}").json()["phone"] == f"…{contact.phone[-4:]}"
    answer = program.patch(f"/people/{contact.pk}", {"name": "New"}, If_Match="*")
    assert (answer.status_code, "numbers" in answer.json()["detail"]) == (403, True)


def test_lists_hold_people_and_pages_follow_each_other(manager: User) -> None:
    program = Program(manager)
    gold = program.post("/lists", {"name": "Gold"}).json()["id"]
    people = [make_contact().pk for _ in range(5)]
    assert program.post(f"/lists/{gold}/people", {"people": people}).json() == {"changed": 5}
    assert program.post(f"/lists/{gold}/people", {"people": people[:2]}).json() == {"changed": 0}
    found, after = [], ""
    for _ in range(3):
        page = program.get(f"/people?list_id={gold}&limit=2{after}").json()
        found += [one["id"] for one in page["items"]]
        after = f"&older_than={page['next']}"
    assert (found, page["next"]) == (people[::-1], None)
    assert program.post(f"/lists/{gold}/people/remove", {"people": people[:3]}).json() == {"changed": 3}
    read = program.get(f"/lists/{gold}")
    assert read.json()["people"] == 2
    assert program.patch(f"/lists/{gold}", {"name": "Silver"}, If_Match=read["ETag"]).json()["name"] == "Silver"
    assert program.patch(f"/lists/{gold}", {"name": "Iron"}, If_Match=read["ETag"]).status_code == 412
    assert program.post("/lists", {"name": "Silver"}).status_code == 409
    made = AuditEvent.objects.filter(object_type="contactlist").order_by("pk").values_list("action", "detail__people")
    assert list(made) == [
        ("list.made", None),
        ("list.people_added", 5),
        ("list.people_removed", 3),
        ("list.renamed", None),
    ]
    assert program.ask("delete", f"/lists/{gold}").status_code == 204
    assert program.get(f"/lists/{gold}").status_code == 404


def test_a_list_in_use_stays(manager: User) -> None:
    used = make_list(1)
    make_campaign([used])
    answer = Program(manager).ask("delete", f"/lists/{used.pk}")
    assert (answer.status_code, "campaign uses" in answer.json()["detail"]) == (409, True)


def test_a_number_on_the_list_is_called_no_more(manager: User) -> None:
    program = Program(manager)
    waiting = make_call(to_number=MARYAM, status=CallStatus.PENDING, placing_at=None)
    added = program.post("/do-not-call", {"phone": MARYAM, "reason": "asked by mail"})
    assert (added.status_code, added.json()["skipped"]) == (201, 1)
    assert Call.objects.get(pk=waiting.pk).status == CallStatus.SKIPPED
    assert program.post("/do-not-call", {"phone": MARYAM, "reason": "again"}).status_code == 200
    assert program.post("/do-not-call/find", {"phone": "0912 1234567"}).json()["is_forbidden"] is True
    assert program.post("/do-not-call", {"phone": MARYAM, "reason": " "}).status_code == 422
    entry = added.json()["entry"]["id"]
    removed = program.post(f"/do-not-call/{entry}/remove", {"reason": "a mistake"})
    assert (removed.status_code, removed.json()["is_removed"], DoNotCall.objects.count()) == (200, True, 0)
    event = AuditEvent.objects.get(action="do_not_call.removed")
    assert (event.actor, event.detail["reason"]) == (manager, "a mistake")


def test_a_persons_own_opt_out_takes_two_people_here_too(manager: User) -> None:
    entry = DoNotCall.objects.create(phone=MARYAM, reason="said so", is_own_wish=True)
    answer = Program(manager).post(f"/do-not-call/{entry.pk}/remove", {"reason": "a mistake"})
    assert (answer.status_code, answer.json()["is_removed"]) == (202, False)
    assert DoNotCall.objects.filter(pk=entry.pk).exists()
    assert TwoPersonRequest.objects.get().asked_by == manager


def test_the_list_holds_for_numbers_whose_entry_is_out_of_reach() -> None:
    person = make_person(CALLER)
    Membership.objects.create(user=person, team=Team.objects.create(name="Ours"))
    DoNotCall.objects.create(phone=MARYAM, reason="said so", team=Team.objects.create(name="Theirs"))
    said = Program(person).post("/do-not-call/find", {"phone": MARYAM}).json()
    assert said == {"is_forbidden": True, "entry": None}
