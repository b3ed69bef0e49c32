"""A cell that may say "do not call" holds its numbers beyond the import, until a person decides about them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.audit.models import AuditEvent
from campaigns import minute_job
from campaigns.contacts import doubtful_wishes, heard_opt_outs
from campaigns.contacts.importing.saved.forgetting import forget_files
from campaigns.contacts.importing.saved.undoing import undo_import
from campaigns.core import decision_kinds
from campaigns.core.eligibility_facts import numbers_now, numbers_set_apart
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Contact, ContactImport, DoNotCall, HeardOptOut, OtherNumber, StopRequest
from campaigns.reports import today
from tests.campaigns.contacts.imported_files import save, save_opt_outs, take, take_opt_outs
from tests.conftest import MANAGER, make_call, make_contact, make_person
from tests.files import write

pytestmark = pytest.mark.django_db
KNOWN, LANDLINE, NEW, SURE = "+989120000001", "+982188770001", "+989120000002", "+989120000003"
TEXT = f"Name,Phone,DNC\nKnown,{KNOWN},perhaps\nNew,{NEW},perhaps\nSure,{SURE},no\nAsked,+989120000004,who knows\n"


def saved(tmp_path: Path, person: User | None = None) -> ContactImport:
    contact = make_contact(phone=KNOWN, owner=person)
    OtherNumber.objects.create(contact=contact, phone=LANDLINE)
    return save(take(write(tmp_path / "wishes.csv", TEXT), person))


def held() -> set[str]:
    """Return whom the launch check and the commit point hold, which must agree."""
    numbers, now = [KNOWN, LANDLINE, NEW, SURE], timezone.now()
    apart = numbers_set_apart(now).held
    at_launch = {number for number in numbers if number in apart}
    assert numbers_now(numbers, now, None).held == at_launch
    return at_launch


def test_all_numbers_of_the_row_and_its_person_are_held_with_file_and_row(tmp_path: Path) -> None:
    ringing = make_call(to_number=LANDLINE, status="queued", rank=20, remote_id="b", placing_at=timezone.now())
    record = saved(tmp_path)
    assert held() == {KNOWN, LANDLINE, NEW}
    rows = HeardOptOut.objects.filter(contact_import=record).order_by("row", "phone")
    assert {(row.phone, row.row, row.said) for row in rows} >= {
        (KNOWN, 2, "perhaps"), (LANDLINE, 2, "perhaps"), (NEW, 3, "perhaps"), ("+989120000004", 5, "who knows"),
    }  # fmt: skip
    assert StopRequest.objects.get(closed_at=None).call == ringing
    # What looks after opt-outs heard in calls leaves them alone, and no call needs a decision.
    assert heard_opt_outs.unfinished() == []
    minute_job.sweep()
    assert decision_kinds.count(Call.objects.all(), timezone.now())["opt_out"] == 0
    assert held() == {KNOWN, LANDLINE, NEW}


def test_they_stay_held_whatever_list_the_numbers_come_from_later(tmp_path: Path) -> None:
    saved(tmp_path)
    save(take(write(tmp_path / "later.csv", f"Name,Phone\nNew,{NEW}\n"), list_name="Later"))
    assert NEW in held()


def test_a_doubtful_row_of_a_do_not_call_file_is_held_too(tmp_path: Path) -> None:
    save_opt_outs(take_opt_outs(write(tmp_path / "a.csv", f"Phone,Do not call\n{KNOWN},yes\n{NEW},hm\n")))
    assert held() == {NEW}
    assert DoNotCall.objects.get().phone == KNOWN


def test_a_manager_decides_what_the_cells_say_at_once(client: Client, manager: User, tmp_path: Path) -> None:
    record = saved(tmp_path, manager)
    client.force_login(manager)
    assert today.overview(manager).doubtful_wishes == 2
    assert "2 values in files may mean" in client.get("/today/").content.decode()
    page = client.get("/decisions/").content.decode()
    for words in ("wishes.csv", "perhaps", "who knows", "Row 2", "Row 3", "2 rows"):
        assert words in page, words
    first = HeardOptOut.objects.get(phone=KNOWN)
    address = f"/imports/doubtful-wishes/{first.pk}/"
    assert address in page
    said = client.post(address, {"answer": "allow", "reason": ""}, follow=True).content.decode()
    assert "Enter a reason" in said
    assert KNOWN in held()
    client.post(address, {"answer": "allow", "reason": "they meant letters"})
    assert held() == set()
    assert HeardOptOut.objects.undecided().get().said == "who knows"
    other = HeardOptOut.objects.undecided().get()
    client.post(f"/imports/doubtful-wishes/{other.pk}/", {"answer": "forbid", "reason": ""})
    entry = DoNotCall.objects.get()
    assert (entry.phone, entry.is_own_wish, entry.reason) == (other.phone, True, "wishes.csv: who knows")
    decided = AuditEvent.objects.filter(action="do_not_call.decided").order_by("id")
    assert [event.detail["forbidden"] for event in decided] == [False, True]
    with pytest.raises(Refusal, match="already been decided"):
        doubtful_wishes.may_be_called(record, "perhaps", manager, "again")
    assert today.overview(manager).doubtful_wishes == 0


def test_the_persons_page_names_the_file_and_the_row(client: Client, manager: User, tmp_path: Path) -> None:
    saved(tmp_path, manager)
    client.force_login(manager)
    page = client.get(f"/people/{Contact.objects.get(phone=KNOWN).pk}/").content.decode()
    assert "may have opted out" in page
    assert "A file says “perhaps” in row 2." in page
    assert "wishes.csv" in page


def test_undo_takes_back_what_is_undecided_and_lets_the_calls_go_on(tmp_path: Path, manager: User) -> None:
    ringing = make_call(to_number=KNOWN, status="queued", rank=20, remote_id="b", placing_at=timezone.now())
    record = saved(tmp_path, manager)
    doubtful_wishes.put_on_the_list(record, "who knows", manager, "they told me")
    undo_import(record.pk, manager)
    assert held() == set()
    assert StopRequest.objects.get(call=ringing).answer == "dropped"
    # What a person decided stays.
    assert DoNotCall.objects.get().phone == "+989120000004"


def test_a_second_number_given_later_is_held_with_the_person(tmp_path: Path) -> None:
    record = saved(tmp_path)
    text = f"Name,Phone,Second phone\nKnown,{KNOWN},+982188770009\n"
    save(take(write(tmp_path / "more.csv", text), list_name="More", update_known=True))
    row = HeardOptOut.objects.get(phone="+982188770009")
    assert (row.contact_import, row.row, row.call) == (record, 2, None)


def test_who_may_not_decide_sees_it_and_changes_nothing(client: Client, caller: User, tmp_path: Path) -> None:
    record = saved(tmp_path, caller)
    client.force_login(caller)
    row = HeardOptOut.objects.get(phone=KNOWN)
    page = client.get("/decisions/").content.decode()
    assert "perhaps" in page
    assert "Add to the do-not-call list" not in page
    assert client.post(f"/imports/doubtful-wishes/{row.pk}/", {"answer": "forbid"}).status_code == 403
    with pytest.raises(PermissionDenied):
        doubtful_wishes.put_on_the_list(record, "perhaps", caller, "x")


def test_another_team_sees_nothing_of_it(tmp_path: Path, manager: User) -> None:
    record = saved(tmp_path, manager)
    theirs = Team.objects.create(name="Theirs")
    other = make_person(MANAGER)
    Membership.objects.create(user=other, team=Team.objects.create(name="Mine"))
    assert doubtful_wishes.count_for(other) == 2, "what is of no team, managers see"
    ContactImport.objects.filter(pk=record.pk).update(team=theirs)
    assert doubtful_wishes.count_for(other) == 0
    assert doubtful_wishes.questions_for(other) == []


def test_what_decided_cells_said_goes_with_the_file(tmp_path: Path, manager: User) -> None:
    record = saved(tmp_path, manager)
    doubtful_wishes.may_be_called(record, "perhaps", manager, "asked them")
    forget_files(timezone.now() + datetime.timedelta(days=400))
    assert set(HeardOptOut.objects.values_list("said", flat=True)) == {"", "who knows"}
