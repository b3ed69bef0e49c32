"""The pages of sources: added from a saved import, paused, read, removed; the address is never shown whole."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter.audit.models import AuditEvent
from campaigns.contacts.importing.sources import keeping
from campaigns.core.refusals import Refusal
from campaigns.models import ContactImport, ImportSource
from tests.conftest import make_list, make_person
from tests.programs import Program

pytestmark = pytest.mark.django_db

ADDRESS = "https://files.example.org/people.csv?key=secret"


@pytest.fixture
def first(caller: User, settings: Settings) -> ContactImport:
    settings.OUTBOUND_HOSTS = ["files.example.org"]
    return ContactImport.objects.create(
        original_name="people.csv", owner=caller, status="saved", contact_list=make_list(0, owner=caller),
        counts={"made": 0, "joined": 0, "forbidden": 0}, saved_at=timezone.now(),
    )  # fmt: skip


def test_it_is_added_paused_read_and_removed(client: Client, caller: User, first: ContactImport) -> None:
    client.force_login(caller)
    new = reverse("import-source-new", args=[first.pk])
    assert new in client.get(reverse("import", args=[first.pk])).content.decode()
    assert client.get(new).status_code == 200
    refused = client.post(new, {"address": "https://elsewhere.org/a.csv", "every_hours": "6"})
    assert (refused.status_code, "OUTBOUND_HOSTS" in refused.content.decode()) == (422, True)
    assert client.post(new, {"address": ADDRESS, "every_hours": "5"}).status_code == 422
    assert client.post(new, {"address": ADDRESS, "every_hours": "6"}).status_code == 302
    source = ImportSource.objects.get()
    page = client.get(reverse("import-sources")).content.decode()
    assert ("files.example.org" in page, "secret" in page) == (True, False)
    assert not [event for event in AuditEvent.objects.all() if "secret" in str(event.detail)]
    client.post(reverse("import-source-switch", args=[source.pk]))
    assert ImportSource.objects.get().next_at is None
    assert not keeping.read_now(source.pk, caller)
    client.post(reverse("import-source-switch", args=[source.pk]))
    client.post(reverse("import-source-read", args=[source.pk]))
    assert ImportSource.objects.get().next_at is not None
    client.post(reverse("import-source-remove", args=[source.pk]))
    assert not ImportSource.objects.exists()
    found = set(AuditEvent.objects.filter(action__startswith="import_source").values_list("action", flat=True))
    assert found == {f"import_source.{act}" for act in ("added", "paused", "resumed", "removed")}


def test_only_a_saved_import_of_contacts_is_repeated(client: Client, caller: User, first: ContactImport) -> None:
    client.force_login(caller)
    for change in ({"status": "undone"}, {"status": "saved", "contact_list": None}, {"purpose": "do_not_call"}):
        ContactImport.objects.filter(pk=first.pk).update(**change)
        answer = client.post(reverse("import-source-new", args=[first.pk]), {"address": ADDRESS, "every_hours": "24"})
        assert answer.status_code == 422
    assert not ImportSource.objects.exists()


def test_a_halted_source_is_told_where_files_are_imported(client: Client, caller: User, first: ContactImport) -> None:
    ImportSource.objects.create(owner=caller, pattern=first, address=ADDRESS, halted_at=timezone.now(), problem="away")
    words = "An import source was paused"
    client.force_login(caller)
    assert words in client.get(reverse("import-new")).content.decode()
    assert "away" in client.get(reverse("import-sources")).content.decode()
    client.force_login(make_person())
    assert words not in client.get(reverse("import-new")).content.decode()


def stored(source: ImportSource) -> str:
    return str(ImportSource.objects.filter(pk=source.pk).extra(select={"raw": "sealed"}).values())


def test_the_address_is_stored_sealed_as_a_key_is(caller: User, first: ContactImport, settings: Settings) -> None:
    source = keeping.add(caller, first, ADDRESS, 6)
    source.refresh_from_db()
    assert (source.address, keeping.host_of(source)) == ("https://files.example.org/", "files.example.org")
    assert keeping.address_of(source) == ADDRESS
    assert "key=" not in stored(source)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Refusal, match="FIELD_KEYS"):
        keeping.address_of(source)


def test_addresses_of_the_version_before_are_sealed_once(caller: User, first: ContactImport) -> None:
    before = ImportSource.objects.create(owner=caller, pattern=first, address=ADDRESS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_importsource SET sealed = NULL")
    before.refresh_from_db()
    assert keeping.address_of(before) == ADDRESS
    assert (keeping.seal_those_before(), keeping.seal_those_before()) == (1, 0)
    before.refresh_from_db()
    assert (before.address, keeping.address_of(before)) == ("https://files.example.org/", ADDRESS)
    assert "key=" not in stored(before)


def test_a_program_adds_pauses_and_resumes_it(caller: User, first: ContactImport) -> None:
    program = Program(caller)
    assert [one["id"] for one in program.get("/imports").json()["items"]] == [first.pk]
    asked = {"first_import": first.pk, "address": ADDRESS, "every_hours": 6}
    made = program.post("/import-sources", asked)
    assert (made.status_code, made.json()["host"], made.json()["state"]) == (201, "files.example.org", "read")
    address = f"/import-sources/{made.json()['id']}"
    for act, is_read in (("pause", False), ("pause", False), ("read", False), ("resume", True), ("resume", True)):
        assert program.post(f"{address}/{act}").json() == {"is_read": is_read}, act
    assert "secret" not in program.get("/import-sources").content.decode()
    unknown = program.post("/import-sources", {**asked, "first_import": 1_000_000})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "first_import")
    assert program.ask("delete", address).status_code == 204
