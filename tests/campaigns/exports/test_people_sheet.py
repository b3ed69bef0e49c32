"""A file of people holds whom it is asked of, and an import of it elsewhere makes the same people again."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from callcenter.access.fresh import PROVED_AT
from callcenter.access.models import Membership, Team
from callcenter.audit.models import AuditEvent
from callcenter.formats.placeholders import name_of
from callcenter.formats.plain_text import plain_text
from campaigns import queue
from campaigns.contacts.importing import upload
from campaigns.contacts.importing.columns import own_titles
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.files.cell_values import CELL_ERRORS
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.tags import read_tags
from campaigns.core import stored_files
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.installation_changes import change_settings
from campaigns.exports import contents, files, job, people_sheet, requests
from campaigns.exports.people_filters import PeopleFilters
from campaigns.models import (
    CallExport,
    Contact,
    ContactImport,
    ContactList,
    DoNotCall,
    HeardOptOut,
    ListMembership,
    OtherNumber,
)
from tests.campaigns.contacts.imported_files import save, save_opt_outs, take, take_opt_outs
from tests.conftest import ADMIN, CALLER, MANAGER, make_contact, make_list, make_person

WORDS = [*"ab0۱7=+-@'\" ,;|،{}.…سارا\u200c", "no", "yes", "بله"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map("".join)
NAMES = st.lists(st.sampled_from(["City", "Phone", "نام", "name", "=x", "-", ";", "|", "1", " ", "tags", "DNC"]),
                 min_size=1, max_size=3).map(lambda parts: name_of("".join(parts)))  # fmt: skip
LINES = TEXTS.map(lambda text: plain_text(text, 200))
SOURCES = st.sampled_from(["", "Web form", "Without reserve", "=x", "n. 7"])
MOMENTS = st.datetimes(datetime.datetime(2019, 1, 1), datetime.datetime(2025, 1, 1), timezones=st.just(datetime.UTC))
ZONES = st.sampled_from(["", "Asia/Tehran", "Europe/Berlin"])
NUMBERS = st.integers(0, 9_999).map(lambda n: f"+98912000{n:04d}")
DRAWN_PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "phone": NUMBERS,
            "name": LINES,
            "time_zone": ZONES,
            "tags": TEXTS.map(read_tags),
            "variables": st.dictionaries(NAMES.filter(bool), LINES, max_size=3),
            "consent": st.none() | st.tuples(SOURCES, MOMENTS),
            "others": st.lists(st.integers(0, 9_999).map(lambda n: f"+982188{n:04d}00"), max_size=2, unique=True),
            "is_forbidden": st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda drawn: drawn["phone"],
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def not_nudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "nudge_export", lambda pk: None)


def export_of(person: User, file_format: str = "csv", **filters: Any) -> CallExport:
    export = requests.ask_for_people(person, PeopleFilters(**filters), file_format=file_format)
    job.write(export.pk)
    export.refresh_from_db()
    return export


def bytes_of(export: CallExport) -> bytes:
    assert export.state == CallExport.State.READY, export.error
    return stored_files.path_here(files.name_of(export)).read_bytes()


def rows_of(export: CallExport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes_of(export).decode().removeprefix("\ufeff"))))


def people_now() -> list[dict[str, Any]]:
    """Return all that a file of people keeps of each person."""
    forbidden = forbidden_numbers(Contact.objects.values_list("phone", flat=True))
    return [
        {
            "phone": one.phone,
            "region": one.region,
            "name": one.name,
            "time_zone": one.time_zone,
            "tags": one.tags,
            "variables": {name: value for name, value in one.variables.items() if value},
            "consent": (one.consent_source, one.consent_at),
            "others": sorted(one.other_numbers.values_list("phone", flat=True)),
            "is_forbidden": one.phone in forbidden,
        }
        for one in Contact.objects.order_by("phone")
    ]


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Do something in an installation of its own: nothing of it is left afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_drawn(drawn: list[dict[str, Any]]) -> None:
    for one in drawn:
        source, given_at = one["consent"] or ("", None)
        contact = make_contact(
            **{name: one[name] for name in ("phone", "name", "time_zone", "tags")},
            variables={name: value for name, value in one["variables"].items() if value not in CELL_ERRORS},
            consent_source=source, consent_at=given_at,
        )  # fmt: skip
        for other in one["others"]:
            OtherNumber.objects.create(contact=contact, phone=other)
        if one["is_forbidden"]:
            DoNotCall.objects.create(phone=contact.phone)


def import_again(path: Path, content: bytes) -> ContactImport:
    path.write_bytes(content)
    record = take(path)
    assert record.status == ContactImport.Status.CHECKED, record.refused_reason
    return save(record)


def with_separator(content: bytes, separator: str) -> bytes:
    """Return a CSV file as a spreadsheet of another country saves it again."""
    written = io.StringIO()
    rows = csv.reader(io.StringIO(content.decode().removeprefix("\ufeff")))
    csv.writer(written, delimiter=separator).writerows(rows)
    return written.getvalue().encode()


# There and back


@pytest.mark.django_db
@pytest.mark.parametrize("form", [",", ";", "\t", "|", "xlsx"])
def test_people_come_back_as_they_left(manager: User, tmp_path: Path, form: str) -> None:
    languages = iter(["en", "fa", "en", "fa"])

    # Each example writes and reads whole files, in processes of their own: few examples of many people, not shrunk.
    @how(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])
    @given(DRAWN_PEOPLE)
    def there_and_back(drawn: list[dict[str, Any]]) -> None:
        with elsewhere():
            make_drawn(drawn)
            before = people_now()
            with translation.override(next(languages, "fa")):
                content = bytes_of(export_of(manager, "xlsx" if form == "xlsx" else "csv"))
        content = content if form == "xlsx" else with_separator(content, form)
        with elsewhere():
            record = import_again(tmp_path / f"people.{'xlsx' if form == 'xlsx' else 'csv'}", content)
            assert sum(record.counts.get(key, 0) for key in ("bad", "duplicate_in_file", "held")) == 0
            assert people_now() == before

    there_and_back()


@pytest.mark.django_db
def test_whatever_somebody_says_of_consent_since_counts(manager: User, tmp_path: Path) -> None:
    moment = timezone.now() - datetime.timedelta(days=3)
    with elsewhere():
        for name in ("Kept", "Said no", "Taken back"):
            make_contact(name=name, consent_source="Web form", consent_at=moment)
        content = bytes_of(export_of(manager)).decode()
    lines = content.splitlines(keepends=True)
    edited = [
        line.replace("Web form", "No") if "Said no" in line else line.replace("yes", "no") if "Taken" in line else line
        for line in lines
    ]
    import_again(tmp_path / "people.csv", "".join(edited).encode())
    assert {one.name: one.has_consent for one in Contact.objects.all()} == {
        "Kept": True, "Said no": False, "Taken back": False,
    }  # fmt: skip


@pytest.mark.django_db
def test_a_file_of_ours_keeps_its_variables_in_the_form_and_what_was_added(manager: User, tmp_path: Path) -> None:
    with elsewhere():
        make_contact(name="Sara", variables={"Phone": "0912", "name": "x"})
        lines = bytes_of(export_of(manager)).decode().splitlines()
    text = "\r\n".join([lines[0] + ",Shop", lines[1] + ",North"])
    path = tmp_path / "people.csv"
    path.write_text(text)
    with path.open("rb") as file:
        record = upload.take_file(file, path.name, "IR", manager)
    mapping = ColumnMapping.from_json(record.mapping)
    assert mapping.is_own_export
    assert sorted(mapping.variables().values()) == ["Phone", "Shop", "name"]
    client = Client()
    client.force_login(manager)
    page = client.get(reverse("import-map", args=[record.pk]))
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    answer = client.post(reverse("import-map", args=[record.pk]), sent | {"list_name": "Back"})
    assert answer.status_code == 302, answer.context["form"].errors
    record.refresh_from_db()
    assert ColumnMapping.from_json(record.mapping).columns == mapping.columns


@pytest.mark.django_db
@pytest.mark.parametrize("language", sorted(own_titles.TITLES))
def test_titles_are_known_in_each_language_and_by_each_column(language: str) -> None:
    kinds = [own_titles.title_of(key, language) for key in own_titles.TITLES[language] if key != own_titles.MASKED]
    found = own_titles.own_columns(kinds)
    assert found is not None
    assert not found.is_masked
    # Without any one of them it is not our file, but any file.
    others = {own_titles.title_of("other_phone", language)}
    for title in kinds:
        left = own_titles.own_columns([kept for kept in kinds if kept != title])
        assert (left is not None) == (title in others), title


@pytest.mark.django_db
def test_taken_as_do_not_call_numbers_it_forbids_who_asked_and_saves_nobody(manager: User, tmp_path: Path) -> None:
    with elsewhere():
        asked = make_contact().phone
        DoNotCall.objects.create(phone=asked)
        make_contact()
        content = bytes_of(export_of(manager))
    (tmp_path / "people.csv").write_bytes(content)
    save_opt_outs(take_opt_outs(tmp_path / "people.csv"))
    assert DoNotCall.objects.get().phone == asked
    assert not Contact.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("language", sorted(own_titles.TITLES))
def test_who_was_held_is_held_again(manager: User, tmp_path: Path, language: str) -> None:
    with elsewhere():
        held = make_contact(name="Held").phone
        HeardOptOut.objects.create(phone=held, said="perhaps")
        with translation.override(language):
            content = bytes_of(export_of(manager))
    record = import_again(tmp_path / "people.csv", content)
    assert HeardOptOut.objects.undecided().get().phone == held
    assert Contact.objects.get().name == "Held"
    assert not record.contact_list or not record.contact_list.contacts.exists()


# Masked files


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@pytest.mark.parametrize("purpose", ContactImport.Purpose.values)
def test_a_masked_file_is_refused_with_a_sentence(
    manager: User, tmp_path: Path, file_format: str, purpose: str
) -> None:
    contact = make_contact(phone="+989121234567")
    OtherNumber.objects.create(contact=contact, phone="+982188770001")
    export = requests.ask_for_people(manager, PeopleFilters(), file_format=file_format)
    CallExport.objects.update(shows_numbers=False)
    job.write(export.pk)
    export.refresh_from_db()
    content = bytes_of(export)
    if file_format == "csv":
        (row,) = rows_of(export)
        assert (row["Number (masked)"], row["Other number"]) == ("…4567", "…0001")
    path = tmp_path / f"masked.{file_format}"
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(FileRefused, match="are masked"):
        upload.take_file(file, path.name, "IR", None, purpose)
    if file_format == "csv":
        # Whatever somebody called the columns since.
        path.write_text("who,mobile\nSara,…4567\nOmid,…1234\n")
        with path.open("rb") as file, pytest.raises(FileRefused, match="are masked"):
            upload.take_file(file, path.name, "IR", None, purpose)
    assert not ContactImport.objects.exists()


# Of whom


@pytest.mark.django_db
def test_a_file_is_of_a_list_a_search_a_tag_or_everybody(manager: User) -> None:
    listed = make_list(people=1)
    inside = listed.contacts.get()
    tagged = make_contact(name="Tagged", tags=["vip", "new"])
    merged = make_contact(name="Old entry", phone="+989120001234", merged_into=tagged)
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {inside.phone, tagged.phone}),
        ({"contact_list": listed}, {inside.phone}),
        ({"text": "agge"}, {tagged.phone}),
        ({"text": merged.phone}, {tagged.phone}),
        ({"tag": "vip"}, {tagged.phone}),
        ({"tag": "vi"}, set()),
        ({"tag": "vip", "contact_list": listed}, set()),
    ]
    for filters, phones in cases:
        rows = rows_of(export_of(manager, **filters))
        assert {row["Number"] for row in rows} == phones, filters
    everybody = {row["Number"]: row for row in rows_of(export_of(manager))}
    assert everybody[inside.phone]["Lists"] == listed.name
    assert everybody[tagged.phone]["Other number"] == merged.phone


@pytest.mark.django_db
def test_a_file_holds_only_whom_and_which_lists_its_owner_sees() -> None:
    mine, theirs = Team.objects.create(name="Mine"), Team.objects.create(name="Theirs")
    person = make_person(MANAGER)
    Membership.objects.create(user=person, team=mine)
    own = make_contact(team=mine, owner=person)
    make_contact(name="Foreign", team=theirs, owner=make_person(CALLER))
    hidden = ContactList.objects.create(name="Hidden", team=theirs, owner=make_person(CALLER))
    ListMembership.objects.create(contact_list=hidden, contact=own)
    rows = rows_of(export_of(User.objects.get(pk=person.pk)))
    assert [(row["Number"], row["Lists"]) for row in rows] == [(own.phone, "")]
    assert rows_of(export_of(User.objects.get(pk=person.pk), contact_list=hidden)) == []


@pytest.mark.django_db
def test_a_file_is_asked_for_on_the_pages(client: Client, manager: User) -> None:
    client.force_login(manager)
    listed = make_list(people=2)
    address = f"{reverse('people-export')}?list={listed.pk}"
    assert address in client.get(reverse("list", args=[listed.pk])).content.decode()
    assert reverse("people-export") in client.get(reverse("people")).content.decode()
    page = client.get(address)
    assert "2 people" in page.content.decode()
    token = page.content.decode().split('name="form_token" value="')[1].split('"')[0]
    sent = {"query": page.context["query"], "file_format": "csv", "form_token": token}
    for _twice in range(2):
        assert client.post(reverse("people-export"), sent).status_code == 302
    export = CallExport.objects.get()
    assert (export.kind, export.words) == ("people", [["List", listed.name]])
    assert job.write(export.pk)
    fetched = client.get(reverse("export-fetch", args=[export.pk]))
    assert fetched["Content-Disposition"].startswith('attachment; filename="people-')
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert [action for action in actions if "export" in action] == ["people.exported", "calls.export_fetched"]


@pytest.mark.django_db
def test_a_large_file_asks_for_a_fresh_sign_in_and_a_day_has_its_limit(client: Client, manager: User) -> None:
    client.force_login(manager)
    make_list(people=3)
    change_settings({"large_export_rows": 2, "exports_a_day": 1}, make_person(ADMIN))
    session = client.session
    session.pop(PROVED_AT)
    session.save()
    token = "6f1c8a52-7c0e-4b6e-9d5e-0a4b3c2d1e0f"
    answer = client.post(reverse("people-export"), {"file_format": "csv", "form_token": token})
    assert answer.status_code == 302
    assert not CallExport.objects.exists()
    export_of(manager)
    with pytest.raises(requests.Refusal):
        export_of(manager)


# What cannot be written


@pytest.mark.django_db
def test_what_has_no_room_for_its_columns_says_so(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_sheet, "MOST_TOLD", 2)
    monkeypatch.setattr(contents, "MOST_TOLD", 2)
    contact = make_contact(variables={"a": "1", "b": "2", "empty": ""})
    assert list(rows_of(export_of(manager))[0])[-2:] == ["{a}", "{b}"]
    OtherNumber.objects.create(contact=contact, phone="+982188770001")
    export = export_of(manager)
    assert export.state == CallExport.State.FAILED
    assert "3 variables and other numbers" in export.error
