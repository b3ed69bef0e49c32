"""Numbers of refused types: refused by an import, shown on the person's page, allowed one by one with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.audit.models import AuditEvent
from campaigns.calls import call_actions
from campaigns.contacts import allowed_numbers
from campaigns.contacts.allowed_numbers import allow, withdraw
from campaigns.contacts.importing.rows.validation import RowVerdict
from campaigns.core.refusals import Refusal
from campaigns.core.typed_numbers import understand_typed
from campaigns.models import AllowedNumber, Contact, ContactList, InstallationSettings
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import MARYAM, make_call, make_contact

pytestmark = pytest.mark.django_db
PREMIUM, SHARED, UAN, UNKNOWN = "+449098790123", "+491801234567", "+443001234567", "+989681234567"
LIST = "/people/allowed-numbers/"


def test_it_is_allowed_with_a_reason_shown_and_taken_back(client: Client, manager: User) -> None:
    client.force_login(manager)
    contact = make_contact(phone=PREMIUM)
    page = client.get(reverse("person", args=[contact.pk])).content.decode()
    assert "This is a premium rate number" in page
    assert f"{LIST}?phone=~" in page.replace("%7E", "~")
    client.post(LIST, {"phone": "+44 909 879 0123", "reason": "Their own hot line"})
    entry = AllowedNumber.objects.get()
    assert (entry.phone, entry.number_type, entry.reason, entry.allowed_by) == (
        PREMIUM,
        "premium_rate",
        "Their own hot line",
        manager,
    )
    for address in (LIST, reverse("person", args=[contact.pk])):
        assert "Their own hot line" in client.get(address).content.decode()
    client.post(reverse("allowed-number-withdraw", args=[entry.pk]), {"reason": " "})
    assert AllowedNumber.objects.exists()
    client.post(reverse("allowed-number-withdraw", args=[entry.pk]), {"reason": "Too dear"})
    assert not AllowedNumber.objects.exists()
    events = AuditEvent.objects.filter(action__startswith="number.").order_by("pk").values_list("action", "detail")
    assert list(events) == [
        ("number.allowed", {"type": "premium_rate", "reason": "Their own hot line"}),
        ("number.withdrawn", {"type": "premium_rate", "reason": "Too dear"}),
    ]


def test_only_managers_may(client: Client, caller: User, admin_person: User) -> None:
    for person in (caller, admin_person):
        client.force_login(person)
        assert client.get(LIST).status_code == 403
        assert client.post(LIST, {"phone": PREMIUM, "reason": "I like to"}).status_code == 403
    assert not AllowedNumber.objects.exists()


@pytest.mark.parametrize(
    ("phone", "reason", "sentence"),
    [
        ("+98110", "I like to", "it is never called"),
        ("+49112", "I like to", "it is never called"),
        (MARYAM, "I like to", "an ordinary number"),
        (PREMIUM, "  ", "Enter a reason"),
    ],
)
def test_what_cannot_be_allowed(phone: str, reason: str, sentence: str, manager: User) -> None:
    with pytest.raises(Refusal, match=sentence):
        allow(phone, reason=reason, person=manager)
    assert not AllowedNumber.objects.exists()


def test_withdrawing_twice_is_told(manager: User) -> None:
    entry = allow(UAN, reason="A doctor's practice", person=manager)
    assert withdraw(entry.pk, reason="Moved", person=manager)
    assert not withdraw(entry.pk, reason="Moved", person=manager)


def test_a_number_of_an_unknown_range_is_taken_where_it_is_typed(manager: User) -> None:
    assert understand_typed("0968 123 4567").code == "not_in_use"
    allow(UNKNOWN, reason="The range opened in May", person=manager)
    assert understand_typed("0968 123 4567").e164 == UNKNOWN
    assert understand_typed("0968 123 4568").code == "not_in_use"
    standing = allowed_numbers.number_standing(UNKNOWN)
    assert standing.allowed is not None
    assert standing.refusal is None


ROWS = {
    "Sara": MARYAM,
    "Prem": "+44 909 879 0123",
    "Share": "0049 180 1234567",
    "Uan": UAN,
    "Pager": "+44 7640 123456",
    "New": "0968 123 4567",
    "Free": "+1 800 234 5678",
}


def imported(tmp_path: Path) -> tuple[dict[str, int], set[str]]:
    """Import the rows; return the verdicts and the names that were saved."""
    path = tmp_path / "people.csv"
    path.write_text("Name,Mobile\n" + "".join(f"{name},{number}\n" for name, number in ROWS.items()))
    record = take(path, list_name=f"List {ContactList.objects.count()}")
    Contact.objects.all().delete()
    save(record)
    counts = {verdict: count for verdict, count in record.counts.items() if count and verdict in RowVerdict.values}
    return counts, set(Contact.objects.values_list("name", flat=True))


def test_an_import_refuses_types_and_takes_what_a_manager_allowed(tmp_path: Path, manager: User) -> None:
    assert imported(tmp_path) == ({"good": 1, "fixed": 1, "bad": 5}, {"Sara", "Free"})
    allow(PREMIUM, reason="Their own hot line", person=manager)
    allow(UNKNOWN, reason="The range opened in May", person=manager)
    assert imported(tmp_path)[1] == {"Sara", "Free", "Prem", "New"}
    InstallationSettings.objects.create(refused_number_types=["toll_free", "pager"])
    assert imported(tmp_path)[1] == {"Sara", "Prem", "New", "Share", "Uan"}


def test_the_bad_rows_say_why(tmp_path: Path, client: Client, manager: User) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"Name,Mobile\nPrem,{PREMIUM}\nNew,{UNKNOWN}\n")
    record = take(path, manager)
    client.force_login(manager)
    answer = client.get(reverse("import-bad-rows", args=[record.pk]))
    bad = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "premium rate number: a call costs far more than usual. A manager can allow one number" in bad
    assert "If its number range is new, a manager can accept it." in bad


def test_a_further_attempt_to_such_a_number_is_refused_until_it_is_allowed(manager: User) -> None:
    call = make_call(to_number=PREMIUM, status="no_answer")
    with pytest.raises(Refusal, match="premium rate number"):
        call_actions.call_again(call.pk, manager)
    allow(PREMIUM, reason="Their own hot line", person=manager)
    assert call_actions.call_again(call.pk, manager).to_number == PREMIUM
