"""A person sets a call's disposition: on its page and by the API; it is a column, a filter and a part of every file."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.calls import call_columns, call_log_conditions
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core.refusals import Refusal
from campaigns.dispositions import setting
from campaigns.exports import json_rows
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Call, CallDisposition, Disposition
from tests.answers import html_of, text_of
from tests.campaigns.dispositions.words import ended_call, followed, name_of, open_campaign, worded
from tests.conftest import make_call, make_person
from tests.programs import Program
from tests.shown import shown_to


def test_it_is_kept_with_a_name_shown_and_audited(client: Client, manager: User) -> None:
    offer = worded(manager, "Wants an offer")
    call = ended_call(open_campaign(manager), manager)
    client.force_login(manager)
    page = reverse("call", args=[call.pk])
    address = reverse("call-disposition", args=[call.pk])
    seen = shown_to(client, page, address)
    assert client.post(address, seen | {"disposition": offer.pk}).status_code == 302
    shown = text_of(client.get(page))
    assert "Wants an offer" in shown
    assert "Disposition set." in shown
    event = AuditEvent.objects.get(action="call.disposition_set")
    assert (event.actor, event.detail) == (manager, {"disposition": "Wants an offer"})
    # The same again is nothing new; an empty choice takes it back.
    assert not setting.set_by(manager, call, offer)
    seen = shown_to(client, page, address)
    assert client.post(address, seen | {"disposition": ""}).status_code == 302
    assert name_of(call) == ""
    assert AuditEvent.objects.filter(action="call.disposition_removed").count() == 1


def test_who_may_not_do_what_follows_is_not_offered_it(manager: User) -> None:
    team = Team.objects.create(name="North")
    caller = make_person(CALLER)
    for person in (caller, manager):
        Membership.objects.create(user=person, team=team)
    call = ended_call(None, caller, team=team)
    never, plain = worded(manager, "Asked us to stop", "never"), worded(manager, "Wants an offer")
    foreign = Disposition.objects.create(name="Elsewhere", team=Team.objects.create(name="South"))
    Disposition.objects.create(name="Old", is_offered=False)
    assert setting.choices_for(caller, call) == [never, plain]
    caller.groups.clear()
    for person in (caller, make_person(CALLER)):
        with pytest.raises(PermissionDenied):
            setting.set_by(User.objects.get(pk=person.pk), call, plain)
    with pytest.raises(Refusal, match="is not available here"):
        setting.set_by(manager, call, foreign)
    assert not CallDisposition.objects.exists()


def test_the_log_finds_calls_by_it_few_and_many(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    offer, other = worded(manager, "Wants an offer"), worded(manager, "Wrong person")
    calls = [make_call(owner=manager) for _ in range(5)]
    for call, disposition in zip(calls, (offer, other, None, offer, offer), strict=True):
        if disposition is not None:
            CallDisposition.objects.create(call=call, disposition=disposition)
    for few in (10_000, 1):
        monkeypatch.setattr(call_log_conditions, "FEW", few)
        for is_walked in (True, False):
            found = find_calls(CallFilters(disposition=offer), manager, is_walked=is_walked)
            assert set(found.values_list("pk", flat=True)) == {calls[0].pk, calls[3].pk, calls[4].pk}
    stored = CallFilters(disposition=offer).to_json()
    assert CallFilters.from_json(stored).disposition == offer


def test_pages_and_files_show_it(client: Client, manager: User) -> None:
    call = make_call(owner=manager)
    CallDisposition.objects.create(call=call, disposition=worded(manager, "=Wants"))
    client.force_login(manager)
    asked = {"column": ["call", "disposition"], "disposition": Disposition.objects.get().pk}
    page = client.get(reverse("call-log"), asked)
    assert "<bdi>=Wants</bdi>" in html_of(page)
    columns = [call_columns.BY_KEY[key] for key in ("call", "disposition")]
    sheet = CallSheet(Call.objects.all(), shows_numbers=True, columns=columns)
    values = list(sheet.values())
    assert (sheet.names, values) == (["call", "disposition"], [(call.pk, "=Wants")])
    assert '"disposition": "=Wants"' in json_rows.rows_of(sheet.names, values, is_first=True)
    # No spreadsheet takes it for a formula.
    assert next(iter(sheet.rows()))[1] == "'=Wants"


def test_programs_read_and_set_it(manager: User) -> None:
    retry = worded(manager, "Not now", "retry")
    call = ended_call(open_campaign(manager), manager)
    program = Program(manager)
    listed: list[dict[str, Any]] = program.get("/dispositions").json()["items"]
    assert [(one["id"], one["name"], one["follows"], one["minutes"]) for one in listed] == [
        (retry.pk, "Not now", "retry", 60)
    ]
    sent = [program.post(f"/calls/{call.pk}/disposition", {"disposition": retry.pk}).json() for _ in range(2)]
    assert [one["is_changed"] for one in sent] == [True, False]
    assert sent[0]["name"] == "Not now"
    assert followed(call) == [("retry", "done")]
    assert program.get(f"/calls/{call.pk}").json()["disposition"] == {"id": retry.pk, "name": "Not now"}
    found = program.get(f"/calls?disposition={retry.pk}").json()["items"]
    assert [one["id"] for one in found] == [call.pk]
    assert program.post(f"/calls/{call.pk}/disposition", {"disposition": 10**9}).status_code == 404
    assert program.post(f"/calls/{call.pk}/disposition", {"disposition": None}).json()["name"] == ""
