"""An erased person is found in no table and no file; who opted out is never called again, and counts stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection, models
from django.utils import timezone

from campaigns.contacts.people import add_person
from campaigns.core import stored_files
from campaigns.core.eligibility_facts import numbers_now
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.refusals import Refusal
from campaigns.exports import files
from campaigns.exports.people_filters import PeopleFilters
from campaigns.models import (
    AllowedNumber,
    Call,
    CallExport,
    CallTranscript,
    Contact,
    ContactImport,
    ContactNote,
    DoNotCall,
    Erasure,
    KeptOptOut,
    OtherNumber,
    RefusedRow,
    SavedFilter,
    TranscriptWords,
)
from campaigns.privacy import erasure, inventory
from campaigns.privacy.finding import person_of_contact
from providers.fields import EncryptedJSONField
from providers.models import Provider
from tests.conftest import make_call, make_contact, make_provider
from tests.filled import fill_every_table

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    return make_provider()


NUMBER = "+989125550417"
FURTHER = "+982155504178"
NAME = "Zbigniew Canarius"
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField)


def tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def found_in_tables() -> list[str]:
    """Return the places of the database in which the number or the name stands, in plain text."""
    found = []
    for model in tables():
        columns = [field for field in model._meta.concrete_fields if isinstance(field, TEXTS)]
        if not columns:
            continue
        with connection.cursor() as cursor:
            names = ", ".join(f'"{field.column}"' for field in columns)
            cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}"')
            for row in cursor.fetchall():
                for field, value in zip(columns, row, strict=True):
                    text = str(value)
                    if any(sign in text for sign in ("9125550417", "2155504178", NAME)):
                        found.append(f"{model._meta.label_lower}.{field.name}")
    return sorted(set(found))


def found_in_files(root: Path) -> list[str]:
    return [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and any(sign in path.read_bytes() for sign in (b"9125550417", NAME.encode()))
    ]


def everywhere(owner: User) -> Contact:
    """Put a person into every place that may hold one."""
    fill_every_table()
    contact = make_contact(phone=NUMBER, name=NAME, variables={"order": NUMBER}, tags=[NAME], owner=owner)
    OtherNumber.objects.create(contact=contact, phone=FURTHER)
    ContactNote.objects.create(contact=contact, text=f"{NAME} rang from {NUMBER}")
    provider = make_provider()
    call = make_call(provider=provider, contact=contact, to_number=NUMBER, status="completed", remote_id="theirs-1")
    Call.objects.filter(pk=call.pk).update(
        text=f"Hello {NAME}", variables={"name": NAME}, extracted={"name": NAME}, failure_detail=NAME,
        end_reason=NUMBER, vendor_options={"x": NUMBER},
    )  # fmt: skip
    words = f"I am {NAME}, {NUMBER}"
    transcript = CallTranscript.objects.create(call=call, turns=[words], text=words, summary=words)
    TranscriptWords.objects.create(call=call, transcript=transcript, words=words)
    # Whatever hangs on a call or a contact, with the person in each of its texts.
    for model in tables():
        for relation in model._meta.concrete_fields:
            if relation.related_model not in (Call, Contact, CallTranscript) or model in (Call, Contact):
                continue
            row = model._base_manager.first()
            if row is None or model in (CallTranscript, OtherNumber, ContactNote, TranscriptWords):
                continue
            target = {Call: call, Contact: contact, CallTranscript: transcript}[relation.related_model]
            if relation.remote_field.on_delete is models.CASCADE:
                setattr(row, relation.attname, target.pk)
                fill(row)
    AllowedNumber.objects.create(phone=NUMBER, reason=NAME)
    filled = ContactImport.objects.filter(pk=ContactImport.objects.first().pk)
    filled.update(samples={"0": [NAME, NUMBER]}, original_name=f"{NAME}.csv")
    upload = filled.get()
    stored_files.store(upload.file, "canary.csv", ContentFile(f"name,phone\n{NAME},{NUMBER}\n".encode()))
    upload.save()
    RefusedRow.objects.create(contact_import=upload, row=7, name=NAME, written="0912 555 0417", digits="9125550417")
    SavedFilter.objects.create(owner=owner, name="mine", query="person=0912+555+0417")
    export = CallExport.objects.create(
        owner=owner,
        format="csv",
        state="ready",
        file="canary-1.csv",
        words=[["Name", NAME]],
        filters={"person": NUMBER},
    )
    path = stored_files.path_here("written.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{NAME},{NUMBER}\n")
    stored_files.keep(files.name_of(export), path)
    task = apps.get_model("django_q.Task")
    task._base_manager.create(
        id="c" * 32, name="canary", func="f", started=timezone.now(), stopped=timezone.now(), success=False,
        result=f"failed for {NUMBER}",
    )  # fmt: skip
    return contact


def fill(row: models.Model) -> None:
    for field in row._meta.concrete_fields:
        label = row._meta.label_lower
        texts = " ".join(inventory.PERSONAL.get(label, {}).values()).split()
        if field.name in texts and isinstance(field, models.CharField | models.TextField):
            setattr(row, field.attname, (NUMBER if field.max_length == 16 else NAME)[: field.max_length])
    row.save()


def test_nothing_of_an_erased_person_is_left_anywhere(manager: User, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    contact = everywhere(manager)
    before = set(found_in_tables())
    personal = {
        f"{label}.{name}" for label, how in inventory.PERSONAL.items() for names in how.values()
        for name in names.split()
    }  # fmt: skip
    assert {"campaigns.call.to_number", "campaigns.calltranscript.text", "campaigns.refusedrow.name"} <= before
    assert len(before & personal) > 20
    assert found_in_files(tmp_path)
    done = erasure.ask(manager, "asked for it", contact_id=contact.pk)
    assert done.done_at is not None
    assert found_in_tables() == []
    assert found_in_files(tmp_path) == []
    assert not done.sealed
    assert ["provider", make_name(), ["theirs-1"]] in done.tasks
    assert done.tasks[0][0] == "backups"


def make_name() -> str:
    return str(Provider.objects.order_by("-pk").values_list("name", flat=True).first())


def test_every_column_of_texts_is_in_the_inventory() -> None:
    missing, gone = [], []
    for model in tables():
        label = model._meta.label_lower
        if model._meta.app_label in inventory.WHOLE_TABLES:
            continue
        known = " ".join([*inventory.PERSONAL.get(label, {}).values(), inventory.NOT_PERSONAL.get(label, "")]).split()
        columns = {
            field.name for field in model._meta.concrete_fields
            if isinstance(field, (*TEXTS, EncryptedJSONField)) and field.remote_field is None
        }  # fmt: skip
        missing += [f"{label}.{name}" for name in sorted(columns - set(known))]
        gone += [f"{label}.{name}" for name in known if name not in {one.name for one in model._meta.get_fields()}]
    assert missing == [], "Decide in campaigns/privacy/inventory.py whether these hold something of a person."
    assert gone == []


def test_whoever_opted_out_is_never_called_again_and_counts_stay(manager: User, provider: Provider) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    OtherNumber.objects.create(contact=contact, phone=FURTHER)
    make_call(provider=provider, contact=contact, to_number=NUMBER, status="completed")
    DoNotCall.objects.create(phone=NUMBER, reason="said no")
    calls = Call.objects.count()
    erasure.ask(manager, "asked", contact_id=contact.pk)
    assert not DoNotCall.objects.exists()
    assert KeptOptOut.objects.count() == 2
    assert forbidden_numbers([NUMBER, FURTHER, "+989120000009"]) == {NUMBER, FURTHER}
    assert Call.objects.count() == calls
    # The number comes back by an import or by hand: known as one that must not be called, of nobody.
    add_person({"phone": NUMBER, "name": "Anew"}, None, manager)
    assert numbers_now([NUMBER], timezone.now(), None).forbidden == {NUMBER}


def test_who_did_not_opt_out_may_be_called_again(manager: User) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    erasure.ask(manager, "asked", contact_id=contact.pk)
    assert forbidden_numbers([NUMBER]) == set()
    assert not KeptOptOut.objects.exists()


def test_an_export_that_waits_for_a_search_of_the_person_is_not_written_of_everybody(manager: User) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    asked = PeopleFilters(text=NAME)
    export = CallExport.objects.create(owner=manager, kind="people", format="csv", filters=asked.to_json())
    erasure.ask(manager, "asked", contact_id=contact.pk)
    export.refresh_from_db()
    assert (export.state, export.filters) == (CallExport.State.DELETED, {})


def test_a_live_call_is_waited_for(manager: User, provider: Provider) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    call = make_call(provider=provider, contact=contact, to_number=NUMBER, status="ringing")
    asked = erasure.ask(manager, "asked", contact_id=contact.pk)
    assert asked.done_at is None
    assert NAME not in json.dumps(asked.counts)
    assert erasure.carry_out_open() == 0
    assert Contact.objects.get(pk=contact.pk).name == NAME
    Call.objects.filter(pk=call.pk).update(status="completed", rank=100)
    assert erasure.carry_out_open() == 1
    assert found_in_tables() == []
    assert erasure.carry_out_open() == 0


def test_a_waiting_call_is_never_made(manager: User, provider: Provider) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    call = make_call(provider=provider, contact=contact, to_number=NUMBER, status="pending")
    erasure.ask(manager, "asked", contact_id=contact.pk)
    assert Call.objects.get(pk=call.pk).status == "skipped"


def test_a_shared_number_stays_with_whoever_has_it_too(manager: User) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    other = make_contact(name="Somebody else")
    for one in (contact, other):
        OtherNumber.objects.create(contact=one, phone=FURTHER)
    assert person_of_contact(contact.pk).numbers == {NUMBER}
    erasure.ask(manager, "asked", contact_id=contact.pk)
    assert OtherNumber.objects.get().contact == other


def test_it_needs_a_reason_and_something_that_is_held(manager: User) -> None:
    contact = make_contact(phone=NUMBER, name=NAME)
    with pytest.raises(Refusal):
        erasure.ask(manager, " ", contact_id=contact.pk)
    with pytest.raises(Refusal):
        erasure.ask(manager, "asked", number="+989120000009")
    assert not Erasure.objects.exists()
