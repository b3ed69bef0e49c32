"""The pages of retention, erasure and access, the commands, and the cap on exports."""

from __future__ import annotations

import datetime
import io
import json
import uuid
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.fresh import PROVED_AT
from callcenter.access.models import Membership, Team
from callcenter.audit.models import AuditEvent
from campaigns.core import export_limits
from campaigns.core.installation import current
from campaigns.core.installation_changes import change_settings
from campaigns.core.refusals import Refusal
from campaigns.models import Alert, Call, CallExport, CallNote, CallTranscript, Contact, DoNotCall, Erasure
from campaigns.notices import shared_alerts
from tests.conftest import make_call, make_contact
from tests.shown import edit_form_at, sent

pytestmark = pytest.mark.django_db
NUMBER = "+989125550417"
NAME = "Zbigniew Canarius"


@pytest.fixture
def contact(manager: User) -> Contact:
    made = make_contact(phone=NUMBER, name=NAME, owner=manager, variables={"order": "4711"})
    call = make_call(contact=made, to_number=NUMBER, status="completed", remote_id="theirs-1")
    CallTranscript.objects.create(call=call, text="=cmd <script>alert(1)</script>")
    CallNote.objects.create(call=call, text="wants an offer")
    return made


def test_a_contact_is_erased_with_a_reason(client: Client, manager: User, contact: Contact) -> None:
    client.force_login(manager)
    url = reverse("person-erase", args=[contact.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "asked"}).status_code == 422
    assert Contact.objects.get(pk=contact.pk).name == NAME
    assert client.post(url, {"reason": "asked", "sure": "on"}).status_code == 302
    page = client.get(reverse("erasures")).content.decode()
    assert "theirs-1" in page
    assert "asked" in page
    assert Contact.objects.get(pk=contact.pk).name == ""


def test_a_number_is_erased_by_page_and_command(client: Client, manager: User, contact: Contact) -> None:
    client.force_login(manager)
    answer = client.post(reverse("erasures"), {"phone": "0912 000 0009", "reason": "asked", "sure": "on"})
    assert answer.status_code == 422
    out = io.StringIO()
    call_command("erase_person", "0912 555 0417", reason="by letter", stdout=out)
    assert "theirs-1" in out.getvalue()
    assert Erasure.objects.get().done_at is not None
    with pytest.raises(CommandError):
        call_command("erase_person", "0912 555 0417", reason="again")


def test_all_that_is_held_is_in_one_file(client: Client, manager: User, contact: Contact, tmp_path: Path) -> None:
    client.force_login(manager)
    answer = client.post(reverse("person-export", args=[contact.pk]))
    assert NUMBER not in answer["Content-Disposition"]
    package = zipfile.ZipFile(io.BytesIO(answer.content))
    whole = json.loads(package.read("person.json"))
    text = json.dumps(whole)
    for sign in (NUMBER, NAME, "4711", "wants an offer", "theirs-1", "=cmd"):
        assert sign in text, sign
    page = package.read("person.html").decode()
    assert "<script>" not in page
    assert "wants an offer" in page
    assert AuditEvent.objects.filter(action="person.exported", actor=manager, object_id=str(contact.pk)).exists()
    # Who looked stands in the next one.
    call_command("export_person", NUMBER, str(tmp_path / "one.zip"))
    again = json.loads(zipfile.ZipFile(tmp_path / "one.zip").read("person.json"))
    assert "person.exported" in json.dumps(again)
    assert (tmp_path / "one.zip").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["person-erase", "erasures", "person-export", "person-export-number", "retention"])
def test_callers_have_none_of_it(client: Client, caller: User, contact: Contact, name: str) -> None:
    client.force_login(caller)
    arguments = [contact.pk] if name in ("person-erase", "person-export") else []
    assert client.post(reverse(name, args=arguments)).status_code == 403
    assert not Erasure.objects.exists()


def test_a_shorter_time_is_saved_once_its_consequence_was_shown(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    call = make_call(status="completed")
    CallTranscript.objects.create(call=call, text="hello")
    Call.objects.update(changed_at=timezone.now() - datetime.timedelta(days=50))
    url = reverse("retention")
    form = edit_form_at(client, url)
    page = client.post(url, sent(form, keep_conversation_days="30"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Nothing is saved yet" in text
    assert current().keep_conversation_days == 90
    # Other figures than those that were shown are shown first.
    client.post(url, sent(form, keep_conversation_days="20", seen="30,1826,365"))
    assert current().keep_conversation_days == 90
    assert client.post(url, sent(form, keep_conversation_days="30", seen="30,1826,365")).status_code == 302
    assert current().keep_conversation_days == 30
    # A longer one needs no look.
    form = edit_form_at(client, url)
    assert client.post(url, sent(form, keep_conversation_days="60")).status_code == 302
    form = edit_form_at(client, url)
    assert client.post(url, sent(form, keep_call_days="5")).status_code == 422


def test_exports_of_a_day_are_capped_told_and_counted(client: Client, manager: User, contact: Contact) -> None:
    change_settings({"exports_a_day": 2}, manager)
    client.force_login(manager)
    for _ in range(2):
        assert client.post(reverse("person-export", args=[contact.pk])).status_code == 200
    assert client.post(reverse("person-export", args=[contact.pk])).status_code == 302
    assert client.get(reverse("do-not-call-export")).status_code == 302
    with pytest.raises(Refusal):
        export_limits.refuse_above_cap(manager)
    assert AuditEvent.objects.filter(action="exports.capped", actor=manager).exists()
    assert (Alert.Kind.EXPORTS_CAPPED, "user", [manager.pk]) in shared_alerts.found()
    change_settings({"exports_a_day": 0}, manager)
    assert client.post(reverse("person-export", args=[contact.pk])).status_code == 200


def test_a_large_export_asks_who_it_is(client: Client, manager: User, contact: Contact) -> None:
    change_settings({"large_export_rows": 1}, manager)
    client.force_login(manager)
    session = client.session
    session[PROVED_AT] = 1
    session.save()
    form = {"query": "", "file_format": "csv", "form_token": str(uuid.uuid4())}
    DoNotCall.objects.create(phone=NUMBER)
    for answer in (client.post(reverse("calls-export"), form), client.get(reverse("do-not-call-export"))):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("prove"))
    assert not CallExport.objects.exists()
    change_settings({"large_export_rows": 5}, manager)
    assert client.post(reverse("calls-export"), form)["Location"] == reverse("exports")


@pytest.mark.parametrize("name", ["erasures", "person-export-number"])
def test_a_number_reaches_nobody_of_another_team(client: Client, manager: User, name: str) -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    Membership.objects.create(user=manager, team=ours)
    contact = make_contact(phone="+989125550417", team=theirs)
    client.force_login(manager)
    answer = client.post(reverse(name), {"phone": contact.phone, "reason": "Asked", "sure": "on"})
    assert answer.status_code == 403
    assert Contact.objects.filter(pk=contact.pk).exists()
    make_call(to_number="+989125550418", team=theirs, contact=None)
    known = {"phone": "+989125550418", "reason": "Asked", "sure": "on"}
    assert client.post(reverse(name), known).status_code == 403, "a number that is known of their calls alone"
    assert not Erasure.objects.exists()
    make_call(to_number="+989125550418", team=ours, contact=None)
    assert client.post(reverse(name), known).status_code != 403
