"""Searching people by an index: the same people as without one, whatever was written to their rows."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from campaigns.contacts import search, search_index
from campaigns.contacts.search import SearchPart
from campaigns.models import Contact
from tests.conftest import make_call, make_contact, make_phone

NAMES = (
    "Maryam Hosseini",
    "maryam",
    "MARYAMI",
    "مریم حسینی",
    "مريم كريمي",
    'O"Neil 50%',
    "Ann_Lee",
    "é",
    "Jo",
    "",
    "Banjo Ali-Reza",
    "Ann jones",
    "علی\u200cرضا",
)
TEXTS = (
    "maryam",
    "MAR",
    "حسینی",
    "مريم",
    "کریمی",
    'O"Neil',
    "50%",
    "n_L",
    "Jo",
    "jO",
    "re",
    "j",
    "رض",
    "رضا",
    "é",
    "arya",
    "nobody",
    "  ",
    "OR",
    "*",
)


@pytest.fixture
def people(db: None) -> list[Contact]:
    return [make_contact(name=name, phone=make_phone(4_560_000 + n * 1117)) for n, name in enumerate(NAMES)]


def slowly(text: str) -> set[int]:
    """Find people without any index."""
    spellings = [spelling.casefold() for spelling in search.spellings(text)]
    return {contact.pk for contact in Contact.objects.all() if any(holds(contact.name, one) for one in spellings)}


def holds(name: str, text: str) -> bool:
    """Tell whether a name holds a text: anywhere, one or two letters where a word begins."""
    found = (match.start() for match in re.finditer(re.escape(text), name.casefold()))
    return any(len(text) > 2 or at == 0 or name[at - 1] in " -\u200c" for at in found)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.usefixtures("people")
def test_names_are_found_as_without_an_index(text: str) -> None:
    part = SearchPart(search.spellings(text))
    assert set(part.ids() or []) == slowly(text)


@pytest.mark.parametrize("digits", ["456", "4561117", "98912", "117", "000"])
@pytest.mark.parametrize("is_ending", [False, True])
@pytest.mark.usefixtures("people")
def test_numbers_are_found_as_without_an_index(digits: str, is_ending: bool) -> None:
    how = "phone__endswith" if is_ending else "phone__contains"
    expected = set(Contact.objects.filter(**{how: digits}).values_list("pk", flat=True))
    assert set(SearchPart(digits=digits, is_ending=is_ending).ids() or []) == expected


@pytest.mark.usefixtures("people")
def test_a_common_part_finds_the_same_by_walking(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [make_call(contact=contact) for contact in Contact.objects.all()]
    part = SearchPart(("maryam",))
    few = set(type(calls[0]).objects.filter(search.rows_of_people_with(part)).values_list("pk", flat=True))
    people = set(search.people_with(part, Contact.objects.all()))
    monkeypatch.setattr(search, "NAMED_UP_TO", 1)
    assert part.ids() is None
    assert set(type(calls[0]).objects.filter(search.rows_of_people_with(part)).values_list("pk", flat=True)) == few
    loose = search.rows_of_people_with(part, is_walked=False)
    assert set(type(calls[0]).objects.filter(loose).values_list("pk", flat=True)) == few
    assert set(search.people_with(part, Contact.objects.all())) == people


def test_the_index_follows_every_change(people: list[Contact]) -> None:
    first = people[0]
    Contact.objects.filter(pk=first.pk).update(name="Zubaida", phone=make_phone(7_654_321))
    assert SearchPart(("ubaid",)).ids() == [first.pk]
    assert SearchPart(digits="7654321").ids() == [first.pk]
    assert first.pk not in (SearchPart(("maryam",)).ids() or [])
    Contact.objects.filter(pk=first.pk).delete()
    assert SearchPart(("ubaid",)).ids() == []


@pytest.mark.usefixtures("people")
def test_a_lost_trigger_comes_back_with_what_was_missed() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its indexes by itself")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {search_index.SEARCH}_added")
    missed = make_contact(name="Quentin")
    assert SearchPart(("Quent",)).ids() == []
    assert search_index.make_search_index()
    assert SearchPart(("Quent",)).ids() == [missed.pk]


@pytest.mark.django_db
def test_the_index_is_used() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'campaigns_contact'"
            )
            assert cursor.fetchone() == (3,)
    else:
        # An empty table is read by any path.
        Contact.objects.bulk_create(Contact(name=f"Somebody {n}", phone=make_phone(n)) for n in range(3000))
        with connection.cursor() as cursor:
            # What was just written waits outside of the index, which makes it look dear.
            cursor.execute("SELECT gin_clean_pending_list('contact_name_parts')")
            cursor.execute("ANALYZE campaigns_contact")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN SELECT id FROM campaigns_contact WHERE UPPER(name::text) LIKE UPPER('%marya%')")
            assert any("contact_name_parts" in row[0] for row in cursor.fetchall())
