"""Every form that edits a row, in two tabs: neither undoes the other, and what both changed is shown to choose from."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.urls import reverse

import callcenter
import campaigns
import providers
from callcenter.access.models import Team
from callcenter.access.rights import ADMIN, MANAGER
from callcenter.access.setup import JoinsHere, ReadOnlyAdmin
from callcenter.edits.forms import EditsModelRow, EditsRow
from campaigns.calls import remarks
from campaigns.models import CallReview, Campaign, Disposition
from providers.forms import KeysForm
from providers.models import Agent, CallerId, Dialer, Provider, Voice
from tests.answers import text_of
from tests.callcenter.edits.cases import CASES, Case, again, running
from tests.conftest import (
    make_agent,
    make_call,
    make_contact,
    make_person,
    make_provider,
)
from tests.end_to_end.browser import forms_of
from tests.shown import edit_form_at, sent

pytestmark = pytest.mark.django_db

EDITS_NO_ROW = {
    "KeyForm": "adds",
    "SecondProviderForm": "adds a consent, which nobody changes afterwards",
    "SourceForm": "adds",
    "NewWebhookForm": "adds",
    "WebhookFields": "is a part of the forms of webhooks",
    "LogForm": "asks",
    "CallNoteForm": "adds",
    "TagForm": "adds",
    "GivesRights": "is a part of the forms of accounts",
    "AuditForm": "asks",
    "SignInForm": "logs in",
    "ForgottenForm": "asks for a link",
    "CodeForm": "logs in",
    "CodeAgainForm": "proves who it is",
    "NewAppForm": "adds",
    "OfKey": "is a part of the forms of security keys",
    "ProvesByKey": "is a part of the forms of security keys",
    "NewKeyForm": "adds",
    "KeyAgainForm": "proves who it is",
    "PeopleExportForm": "asks for a file",
    "NewPasswordForm": "one person's own password, after the present one",
    "InvitedForm": "one person's own password, by a link that works once",
    "NewPersonForm": "adds",
    "ContactNoteForm": "adds",
    "ForbidForm": "adds",
    "OptOutFileForm": "adds",
    "AllowNumberForm": "adds",
    "OwnNumberForm": "adds",
    "OtherNumberForm": "adds",
    "OptOutForm": "adds",
    "ExportForm": "adds",
    "QuickCallForm": "adds",
    "LaterFields": "is a part of the forms of callbacks",
    "MaybeLater": "is a part of Quick call",
    "NewCallbackForm": "adds",
    "FileForm": "adds",
    "EraseForm": "erases for good",
    "EraseNumberForm": "erases for good",
    "HeldForm": "asks",
    "CallFilterForm": "asks",
    "PeopleFilterForm": "asks",
    "ReportForm": "asks",
    "MergeForm": "asks which of two numbers shown",
    "TryForm": "calls",
    "StartAtForm": "starts, checked against the status",
    "SaveForm": "saves an import, checked against its status",
    "OptOutSaveForm": "saves an import, checked against its status",
    "OptOutMappingForm": "an import of one user, whose rows are judged anew with each mapping",
    "AnswersForm": "answers what an import asks, whose rows are judged anew",
    "TwoNumbersForm": "answers what an import asks, whose rows are judged anew",
    "RuleForm": "adds",
    "PointForm": "adds",
    "ResultsForm": "asks",
    "RowForm": "one row of an import of one user, which is judged anew",
    "ClockForm": "one person's own clock, one field",
    "NoticeSettingsForm": "one person's own choice",
    "ChatForm": "one person's own chat, whose address no page shows",
    "MappingForm": "an import of one user, whose rows are judged anew with each mapping",
}
"""Forms that write over nothing that a page had shown, and why."""


def forms_of_the_product() -> Iterator[type[forms.BaseForm]]:
    for package in (callcenter, campaigns, providers):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "forms" not in found.name.split("."):
                continue
            module = importlib.import_module(found.name)
            for _name, one in inspect.getmembers(module, inspect.isclass):
                if issubclass(one, forms.BaseForm) and one.__module__ == found.name:
                    yield one


def test_every_form_edits_by_the_mixin_or_says_why_not() -> None:
    found = {one.__name__: one for one in forms_of_the_product()}
    missing = [name for name, one in found.items() if not issubclass(one, EditsRow) and name not in EDITS_NO_ROW]
    assert not missing, "Give the form the mixin EditsRow, or name it in EDITS_NO_ROW with the reason."
    assert set(EDITS_NO_ROW) <= set(found), "forms that are gone"
    parts = {
        "EditsRow", "EditsModelRow", "VariablesForm", "PolicyForm", "HoursForm", "PaceForm", "LivingForm",
        "KeysForm", "NewPersonForm",
    }  # fmt: skip
    tried = {case.form for case in CASES}
    assert {name for name, one in found.items() if issubclass(one, EditsRow)} - parts <= tried, "forms without a case"


def test_every_page_of_set_up_edits_by_the_mixin(rf: RequestFactory, admin_person: User) -> None:
    request = rf.get("/")
    request.user = admin_person
    provider = make_provider(vendor="bitel")
    rows = {Provider: provider} | {kind: kind(pk=1, provider=provider) for kind in (Agent, CallerId, Dialer, Voice)}
    for model, page in admin.site._registry.items():
        row = rows.get(model) or model(pk=1)
        if isinstance(page, ReadOnlyAdmin) or not page.has_change_permission(request):
            continue
        form = page.get_form(request, row, change=True)
        assert issubclass(form, EditsModelRow), model
        assert issubclass(form, JoinsHere), model
        assert form.who == admin_person
        assert not page.list_editable, "a list that is edited in place would write over what others changed"


@dataclass
class Desk:
    """One person at a row's form, in as many tabs as are wanted."""

    client: Client
    case: Case
    row: Any

    def open(self) -> Any:
        return edit_form_at(self.client, self.case.page(self.row))

    def save(self, form: Any, **typed: Any) -> Any:
        changes = {name: self.chosen(name, value) for name, value in typed.items()} | self.case.more
        address = (self.case.post or self.case.page)(self.row)
        return self.client.post(address, sent(form, **changes))

    def chosen(self, name: str, value: Any) -> Any:
        """Return the key of a row that is named by its name."""
        if name == "roles":
            return [Group.objects.get(name=one).pk for one in value]
        if name == "team":
            return (Team.objects.first() or Team.objects.create(name="North")).pk
        if name == "disposition":
            return Disposition.objects.get(name=value).pk
        if name == "person":
            return User.objects.get(first_name=value).pk
        return value


@pytest.fixture(params=CASES, ids=[f"{place}-{case.form}" for place, case in enumerate(CASES)])
def desk(request: pytest.FixtureRequest, client: Client) -> Desk:
    case: Case = request.param
    person = make_person(case.role)
    client.force_login(person)
    return Desk(client, case, case.make(person))


def expected(value: Any) -> Any:
    """Return what is expected, with the key of the team that was made in place of 1."""
    return {Team.objects.get().pk: amount for amount in value.values()} if isinstance(value, dict) else value


def test_two_tabs_keep_each_others_work(desk: Desk) -> None:
    case = desk.case
    if case.apart is None:
        return
    Team.objects.create(name="North")
    first, second = desk.open(), desk.open()
    assert desk.save(first, **case.both[0]).status_code == 302
    assert desk.save(second, **case.apart[0]).status_code == 302
    assert case.read(desk.row) == case.apart[1]
    # What was shown and not touched is not written either, and says so.
    assert desk.save(first, **case.both[0]).status_code == 302
    assert case.read(desk.row) == case.apart[1]


@pytest.mark.parametrize("takes", ["mine", "theirs"])
def test_what_both_changed_is_shown_and_either_is_taken(desk: Desk, takes: str) -> None:
    case = desk.case
    first, second = desk.open(), desk.open()
    assert desk.save(first, **case.both[0]).status_code == 302
    answer = desk.save(second, **case.both[1])
    assert answer.status_code == (200 if case.is_set_up else 422)
    assert case.read(desk.row) == expected(case.stored[0]), "nothing is saved before one is chosen"
    said = text_of(answer)
    assert f"Theirs: {case.words[0]}" in said
    assert f"Yours: {case.words[1]}" in said
    (form,) = [one for one in forms_again(answer) if one.holds("shown")]
    choice = next(name for name, _value in form.fields if name.startswith("take:"))
    assert dict(form.fields)[choice] == "mine"
    # What was typed stands in the form still; the browser sends it with the choice.
    typed = dict(form.fields) if case.form != "ReviewForm" else {}
    for name, value in case.both[1].items():
        if isinstance(value, str) and typed:
            assert typed.get(name) == str(desk.chosen(name, value))
    assert desk.save(form, **{choice: takes}).status_code == 302
    assert case.read(desk.row) == expected(case.stored[takes == "mine"])


def forms_again(answer: Any) -> list[Any]:
    return forms_of(answer.content.decode())


def test_a_form_that_does_not_say_what_it_showed_writes_over_nothing(desk: Desk) -> None:
    case = desk.case
    form = desk.open()
    before = [one for one in form.fields if one[0] != "shown"]
    for spoiled in ("", "x", dict(form.fields)["shown"][:-3] + "abc"):
        form.fields = [*before, ("shown", spoiled)]
        answer = desk.save(form, **case.both[0])
        if case.form == "SaveFilterForm":
            assert answer.status_code == 302, "nothing is stored yet that could be written over"
            return
        assert answer.status_code == (200 if case.is_set_up else 422)
    assert "Another user changed this" in text_of(answer)


def test_who_changed_it_is_named(client: Client, manager: User) -> None:
    campaign = running(manager)
    page = reverse("campaign-edit", args=[campaign.pk])
    other = Client()
    other.force_login(make_person(MANAGER, first_name="Mina", last_name="Rad"))
    client.force_login(manager)
    mine, theirs = edit_form_at(client, page), edit_form_at(other, page)
    assert other.post(page, sent(theirs, hours_start="12:00", then="save")).status_code == 302
    # The worker writes its own columns meanwhile: nobody is asked about that.
    Campaign.objects.update(spent_cost=3, pace_tat=9)
    answer = client.post(page, sent(mine, hours_start="13:00", calls_per_minute="5", then="save"))
    assert "changed by Mina Rad" in text_of(answer)
    campaign.refresh_from_db()
    assert (campaign.hours_start.hour, campaign.calls_per_minute, campaign.spent_cost) == (12, None, 3)


def test_the_choice_is_kept_where_the_form_is_refused_for_another_reason(client: Client, manager: User) -> None:
    client.force_login(manager)
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    mine, theirs = edit_form_at(client, page), edit_form_at(client, page)
    client.post(page, sent(theirs, name="Anna"))
    client.post(page, sent(mine, name="Anne"))
    again_shown = edit_form_at(client, page)
    choice = {"take:name": "theirs", "name": "Anne"}
    answer = client.post(page, sent(again_shown, time_zone="Mars/Base", **choice))
    assert answer.status_code == 422
    (form,) = [one for one in forms_again(answer) if one.holds("shown")]
    assert dict(form.fields)["take:name"] == "theirs"
    assert client.post(page, sent(form, time_zone="")).status_code == 302
    contact.refresh_from_db()
    assert contact.name == "Anna"


def test_keys_that_somebody_else_stored_are_not_replaced_unseen(client: Client, admin_person: User) -> None:
    from providers.services.keys import store_secrets

    provider = make_provider(secrets={"api_key": "the-old-key-0123"})
    client.force_login(admin_person)
    form = edit_form_at(client, reverse("provider", args=[provider.pk]))
    store_secrets(provider.pk, {"api_key": "their-new-key-0123"}, person=make_person(ADMIN))
    answer = client.post(reverse("provider-key", args=[provider.pk]), sent(form, secret_api_key="my-new-key-01234"))
    assert answer.status_code == 422
    assert "Another user saved keys here" in text_of(answer)
    assert "my-new-key-01234" not in answer.content.decode()
    assert again(provider).secrets.open() == {"api_key": "their-new-key-0123"}
    assert KeysForm.edited is not None
    assert "secrets" not in KeysForm.edited.columns


def test_what_a_page_showed_of_one_row_counts_for_no_other(client: Client, manager: User) -> None:
    client.force_login(manager)
    ann, ben = make_contact(name="Ann"), make_contact(name="Ben")
    form = edit_form_at(client, reverse("person-edit", args=[ann.pk]))
    answer = client.post(reverse("person-edit", args=[ben.pk]), sent(form, phone=ben.phone))
    assert answer.status_code == 422
    assert again(ben).name == "Ben"


def test_a_review_says_nothing_twice(caller: User) -> None:
    call = make_call(owner=caller)
    remarks.review(call, caller, 3, "fine")
    remarks.review(call, caller, 3, "fine")
    assert CallReview.objects.get().score == 3
    assert make_agent().pk
