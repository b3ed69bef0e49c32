"""The import in four steps, as a person without scripts walks through it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from campaigns import queue
from campaigns.contacts.importing.saved import saving
from campaigns.contacts.views import imports
from campaigns.models import Contact, ContactImport, ContactList, DoNotCall, ListMembership
from tests.conftest import make_contact, make_list, make_person, of_a_page
from tests.messy import write_messy_csv, write_messy_xlsx

pytestmark = pytest.mark.django_db
Status = ContactImport.Status
TEXT = "Name,Mobile,City\nAnn,0912 123 4567,Pune\nBob,09131234567,Goa\nBob again,+989131234567,Goa\nX,12,\n"


def upload(client: Client, content: bytes | str = TEXT, name: str = "people.csv", region: str = "IR") -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return client.post(reverse("import-new"), {"file": SimpleUploadedFile(name, raw), "region": region}, follow=True)


def answers(page: Any, **changes: Any) -> dict[str, Any]:
    """Return what the columns' form would send, with changes."""
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (sent | changes).items() if value not in (None, False)}


def check(client: Client, **changes: Any) -> Any:
    page = upload(client)
    return client.post(page.request["PATH_INFO"], answers(page, **changes), follow=True)


def test_four_steps(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = upload(client)
    assert page.request["PATH_INFO"].endswith("/columns/")
    guessed = {name: value for name, value in answers(page).items() if name.startswith("column_")}
    assert guessed == {"column_0": "name", "column_1": "phone", "column_2": "kept"}
    assert "0912 123 4567" in page.content.decode()
    page = client.post(page.request["PATH_INFO"], answers(page, list_name="Spring"), follow=True)
    text = page.content.decode()
    assert page.request["PATH_INFO"].endswith("/check/")
    for words in (
        "Into the new list “Spring”",
        "Save 2 people",
        "same as row 3",
        "digits are missing",
        "+98 912 123 4567",
    ):
        assert words in text
    assert Contact.objects.count() == ContactList.objects.count() == 0
    record = ContactImport.objects.get()
    bad = b"".join(client.get(reverse("import-bad-rows", args=[record.pk])).streaming_content).decode()  # type: ignore[attr-defined]
    assert "X,12,,5,The number is too short: digits are missing." in bad
    page = client.post(
        reverse("import-save", args=[record.pk]), {"tags": "vip, new", "consent_source": "Web form"}, follow=True
    )
    text = page.content.decode()
    assert page.request["PATH_INFO"] == reverse("import", args=[record.pk])
    assert "Undo import" in text
    ann = Contact.objects.get(name="Ann")
    assert (ann.tags, ann.consent_source, ann.variables) == (["vip", "new"], "Web form", {"City": "Pune"})
    assert ContactList.objects.get().name == "Spring"
    # Once more: a double click, a reload, the back button.
    client.post(reverse("import-save", args=[record.pk]), {"tags": "", "consent_source": ""})
    assert client.get(reverse("import-check", args=[record.pk])).status_code == 302
    assert client.get(reverse("import-map", args=[record.pk])).status_code == 302
    assert Contact.objects.count() == 2
    page = client.post(reverse("import-undo", args=[record.pk]), follow=True)
    assert "2 contacts were removed." in page.content.decode()
    assert Contact.objects.count() == ContactList.objects.count() == 0
    assert "Undone " in client.get(reverse("import", args=[record.pk])).content.decode()


def test_wrong_columns_are_said_at_the_field(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = check(client, column_1="kept")
    assert (page.status_code, "Choose the column with the phone number." in page.content.decode()) == (422, True)
    assert "Only one column can be the phone number" in check(client, column_0="phone").content.decode()
    make_list(name="Taken")
    assert "A list with this name" in check(client, list_name="Taken").content.decode()
    assert "Name the new list" in check(client, list_name=" ").content.decode()
    assert not Contact.objects.exists()


def test_the_first_row_may_be_a_person(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = upload(client, "Mary,09121234567,Pune\nBob,09131234567,Goa\n")
    assert "Column 1" in page.content.decode()
    address = page.request["PATH_INFO"]
    page = client.post(address, answers(page, titles="0:1"), follow=True)
    record = ContactImport.objects.get()
    assert (record.headers, record.total_rows) == (["Mary", "09121234567", "Pune"], 1)
    page = client.post(address, answers(page, titles="0:0"), follow=True)
    record.refresh_from_db()
    assert (record.headers[0], record.total_rows) == ("Column 1", 2)
    # Two columns of words without titles: which is the name is asked, and the other needs a name to be kept.
    page = client.post(address, answers(page, column_2="kept"))
    assert page.status_code == 422
    for words in ("Choose one of these columns.", "Name this column, or skip it."):
        assert words in page.content.decode()
    page = client.post(address, answers(page, column_2="kept", variable_2="Town", asked_name="0"), follow=True)
    record.refresh_from_db()
    assert (record.counts["good"], record.mapping["0"], record.mapping["2"]) == (2, "name", "var:Town")


def test_into_an_existing_list_and_with_newer_values(client: Client, caller: User) -> None:
    client.force_login(caller)
    spring = make_list(name="Spring")
    ann = make_contact(phone="+989121234567", name="Old", variables={})
    ListMembership.objects.create(contact_list=spring, contact=ann)
    page = check(client, contact_list=spring.pk, list_name="", update_known="on")
    record = ContactImport.objects.get()
    assert (record.counts["in_list"], record.counts["good"]) == (1, 1)
    client.post(reverse("import-save", args=[record.pk]))
    assert spring.contacts.count() == 2
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b"%PDF-1.4", "a.csv", "not a table"),
        (b"PK\x03\x04junk", "a.xlsx", "damaged"),
        (b"name,phone\n", "a.csv", "titles but no rows"),
    ],
)
def test_a_refused_file_stays_at_its_field(client: Client, caller: User, content: bytes, name: str, words: str) -> None:
    client.force_login(caller)
    page = upload(client, content, name)
    assert (page.status_code, words in page.content.decode()) == (422, True)
    assert not ContactImport.objects.exists()


def test_a_file_too_large_is_not_read(client: Client, caller: User, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    client.force_login(caller)
    assert upload(client, "a" * 1500).status_code == 422
    page = upload(client, "a" * (imports.FORM_BYTES + 2000))
    assert (page.status_code, "Split it into smaller files" in page.content.decode()) == (413, True)
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.*"))


def test_the_form_s_token_is_checked(caller: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(caller)
    assert upload(strict).status_code == 403


def test_a_large_file_is_saved_in_the_background(
    client: Client, caller: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(saving, "SMALL", 1)
    nudged: list[int] = []
    monkeypatch.setattr(queue, "nudge_import", nudged.append)
    client.force_login(caller)
    check(client)
    record = ContactImport.objects.get()
    page = client.post(reverse("import-save", args=[record.pk]), follow=True)
    assert nudged == [record.pk]
    assert "0 of 4 rows" in page.content.decode()
    live = client.get(reverse("import-progress", args=[record.pk]))
    assert (live.status_code, "<progress" in live.content.decode()) == (200, True)
    client.post(reverse("import-save", args=[record.pk]))
    assert nudged == [record.pk] * 2
    assert saving.save_import(record.pk)
    live = client.get(reverse("import-progress", args=[record.pk]))
    assert (live.status_code, live["HX-Refresh"]) == (286, "true")


def test_imports_are_seen_by_their_owner_and_managers(
    client: Client, caller: User, manager: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(caller)
    check(client)
    record = ContactImport.objects.get()
    pages = ["import-map", "import-check", "import-bad-rows", "import-progress"]
    client.force_login(make_person())
    assert [client.get(reverse(name, args=[record.pk])).status_code for name in pages] == [404] * 4
    assert client.post(reverse("import-save", args=[record.pk])).status_code == 404
    assert client.post(reverse("import-undo", args=[record.pk])).status_code == 404
    assert ">people.csv<" not in client.get(reverse("import-new")).content.decode()
    client.force_login(manager)
    with django_assert_max_num_queries(of_a_page(12)):
        assert ">people.csv<" in client.get(reverse("import-new")).content.decode()
    assert client.get(reverse("import-check", args=[record.pk])).status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_template_can_be_imported(client: Client, caller: User, kind: str) -> None:
    client.force_login(caller)
    answer = client.get(reverse(f"import-template-{kind}"))
    assert answer["Content-Disposition"] == f'attachment; filename="people.{kind}"'
    page = upload(client, answer.content, f"people.{kind}")
    assert answers(page)["column_1"] == "phone"
    assert "+989121234567" in page.content.decode()
    client.post(page.request["PATH_INFO"], answers(page, list_name="Spring"), follow=True)
    assert ContactImport.objects.get().counts["good"] == 1


def test_dangerous_words_stay_text(client: Client, caller: User) -> None:
    client.force_login(caller)
    evil = "<img src=x onerror=alert(1)>"
    page = upload(client, f"{evil},Mobile\n{evil},09121234567\n{evil},{evil}\n", f"{evil}.csv")
    assert evil not in page.content.decode()
    page = client.post(page.request["PATH_INFO"], answers(page, list_name=evil), follow=True)
    assert evil not in page.content.decode()
    record = ContactImport.objects.get()
    page = client.post(reverse("import-save", args=[record.pk]), follow=True)
    assert evil not in page.content.decode()


# The command


@pytest.mark.parametrize("writer", [write_messy_csv, write_messy_xlsx])
def test_command_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str], writer: Any) -> None:
    messy = writer(tmp_path / "messy")
    DoNotCall.objects.bulk_create(DoNotCall(phone=phone) for phone in messy.do_not_call)
    call_command("import_contacts", str(messy.path), "--list", "Spring", "--json")
    told = json.loads(capsys.readouterr().out)
    assert {verdict: told[verdict] for verdict in messy.counts} == messy.counts
    assert told["made"] == told["joined"] == len(messy.callable)
    call_command("import_contacts", str(messy.path), "--list", "Spring")
    words = capsys.readouterr().out
    assert words.startswith("0 new people, 0 joined “Spring”; of 240 rows: ")
    assert f"{len(messy.callable)} already in this list" in words


@pytest.mark.parametrize(
    ("name", "content", "arguments", "words"),
    [
        ("none.csv", None, ["--list", "L"], "it is not there"),
        ("a.csv", "name,city\nAnn,Pune", ["--list", "L"], "No column of this file holds phone numbers"),
        ("a.csv", "", ["--list", "L"], "empty"),
        ("a.csv", TEXT, ["--list", "L", "--region", "XX"], "XX is no country"),
        ("a.csv", TEXT, ["--list", " "], "1 to 120 letters"),
    ],
)
def test_command_says_what_is_wrong(
    tmp_path: Path, name: str, content: str | None, arguments: list[str], words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_contacts", str(path), *arguments)
    assert not Contact.objects.exists()
