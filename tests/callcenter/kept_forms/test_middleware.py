"""A form whose session has ended is kept, comes back filled after the log-in, and is never carried out by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from callcenter.access.models import KeptForm
from callcenter.kept_forms import keeping
from campaigns.models import Call, Campaign, Contact, ContactNote
from providers import registry
from providers.forms import SECRET, provider_form
from tests.answers import text_of
from tests.callcenter.kept_forms.tab import PASSWORD, Tab, field_of, form_in
from tests.conftest import make_agent, make_campaign, make_contact, make_provider
from tests.shown import sent

pytestmark = pytest.mark.django_db


def test_a_persons_form_comes_back_filled_and_is_saved_once(tab: Tab) -> None:
    contact = make_contact(name="Ann", variables={"city": "Pune"})
    page = reverse("person-edit", args=[contact.pk])
    form = tab.form(page, "name")
    tab.end_session()
    typed = {"name": 'Ann <b>"Lee"</b> & Co', "variables": "city: Pune\norder: 1 </textarea>", "tags": "vip، نو"}
    answer = tab.post(form, page, **typed)
    assert not Contact.objects.filter(name__startswith="Ann ").exists()
    shown = tab.get(answer.url)
    assert "Log in, and the form comes back with what you entered." in text_of(shown)
    back = tab.follow(answer)
    assert back.request["PATH_INFO"] == page
    assert "You were logged out. What you entered is still here. Nothing was sent yet." in text_of(back)
    again = form_in(back, "variables")
    values = dict(again.fields)
    assert {name: values[name].replace("\r\n", "\n") for name in typed} == typed
    contact.refresh_from_db()
    assert contact.name == "Ann", "nothing is carried out by itself"
    # Opened again it is still there; sent, it is saved, and gone.
    assert field_of(tab.get(page), "name") == [typed["name"]]
    assert tab.post(again, page).status_code == 302
    contact.refresh_from_db()
    assert contact.name == typed["name"]
    assert contact.variables == {"city": "Pune", "order": "1 </textarea>"}
    assert not KeptForm.objects.exists()
    assert "What you entered is still here. Nothing was sent yet." not in text_of(tab.get(page))


def test_what_somebody_changed_meanwhile_is_seen_after_the_log_in(tab: Tab) -> None:
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    form = tab.form(page, "name")
    tab.end_session()
    answer = tab.post(form, page, name="Anne")
    Contact.objects.filter(pk=contact.pk).update(name="Anna", tags=["new"])
    back = tab.follow(answer)
    answer = tab.post(form_in(back, "variables"), page)
    assert answer.status_code == 422
    assert "Theirs: Anna" in text_of(answer)
    contact.refresh_from_db()
    assert (contact.name, contact.tags) == ("Anna", ["new"])


def test_a_quick_call_is_placed_once_however_often_it_was_sent(tab: Tab) -> None:
    agent = make_agent(make_provider(), name="Sales")
    make_agent(make_provider(vendor="vocode"), name="Other")
    page = reverse("quick-call")
    form = tab.form(page, "number")
    typed = {"number": "0912 123 4567", "provider": agent.provider_id, "agent": agent.pk, "kind": "agent"}
    tab.end_session()
    answer = tab.post(form, page, do="call", **typed)
    assert not Call.objects.exists()
    back = tab.follow(answer)
    again = form_in(back, "number")
    values = dict(again.fields)
    assert (values["number"], values["provider"], values["agent"]) == (
        "0912 123 4567",
        str(agent.provider_id),
        str(agent.pk),
    )
    assert values["form_token"] == dict(form.fields)["form_token"], "one form acts once"
    assert values["csrfmiddlewaretoken"] != dict(form.fields)["csrfmiddlewaretoken"]
    assert tab.post(again, page, do="call").status_code == 302
    (call,) = Call.objects.all()
    # The first tab's button once more, from before the log-in: shown again, and it leads to the call that was made.
    back = tab.get(tab.post(form, page, do="call", **typed).url)
    assert "You logged in again. What you entered is still here." in text_of(back)
    assert tab.post(form_in(back, "number"), page, do="call").url == reverse("call", args=[call.pk])
    assert Call.objects.count() == 1


def test_the_builder_offers_what_the_kept_choice_needs(tab: Tab) -> None:
    bolna, bitel = make_agent(make_provider(), name="Sales", variables=["order"]), make_provider(vendor="bitel")
    page = reverse("campaign-new")
    form = tab.form(page, "name")
    tab.end_session()
    typed = {"name": "Autumn", "provider": bolna.provider_id, "agent": bolna.pk, "then_busy": "again"}
    typed |= {"retry_busy": "5, 50", "variable_0_name": "order", "variable_0_text": "{city}", "then": "save"}
    back = tab.follow(tab.post(form, page, **typed))
    assert back.status_code == 200
    assert "Please check the marked fields" not in text_of(back)
    again = form_in(back, "agent")
    values = dict(again.fields)
    assert (values["name"], values["agent"], values["retry_busy"]) == ("Autumn", str(bolna.pk), "5, 50")
    assert (values["variable_0_name"], values["variable_0_text"]) == ("order", "{city}")
    assert tab.post(again, page, then="save").status_code == 302
    made = Campaign.objects.get()
    assert (made.name, made.agent, made.retries["busy"]) == ("Autumn", bolna, [5, 50])
    assert bitel.pk


def test_htmx_opens_the_log_in_and_what_was_typed_comes_back(tab: Tab) -> None:
    agent = make_agent(make_provider(), name="Sales")
    page = reverse("quick-call")
    form = tab.form(page, "number")
    tab.end_session()
    form.action = reverse("quick-call-check")
    asks = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}?person="}
    answer = tab.post(form, page, asks, number="0912 123 45", provider=agent.provider_id)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/login/?next=%2Fquick-call%2F%3Fperson%3D"
    tab.log_in(answer["HX-Redirect"])
    assert field_of(tab.get(f"{page}?person="), "number") == ["0912 123 45"]
    assert field_of(tab.get(page), "number") == [""], "another page than the one it was typed on"
    # What htmx asks for by itself keeps nothing, and says where the log-in is.
    tab.end_session()
    answer = tab.get(reverse("campaigns"), **{"HX-Request": "true"})
    assert answer.url.startswith("/login/")
    assert KeptForm.objects.count() == 1


def test_a_form_within_a_page_comes_back_on_that_page(tab: Tab) -> None:
    contact = make_contact(name="Ann", tags=["old"])
    page = reverse("person", args=[contact.pk])
    note, tags = tab.form(page, "text", "notes/"), tab.form(page, "tags", "tags/")
    tab.end_session()
    tab.post(note, page, text="Call after five")
    answer = tab.post(tags, page, tags="old, vip")
    back = tab.follow(answer)
    assert back.request["PATH_INFO"] == page
    assert field_of(back, "text", "notes/") == ["\nCall after five".strip()]
    assert field_of(back, "tags", "tags/") == ["old, vip"]
    assert "<details open" in back.content.decode().replace("  ", " ")
    tab.post(form_in(back, "text", "notes/"), page)
    assert ContactNote.objects.get().text == "Call after five"
    assert KeptForm.objects.count() == 1, "the other one is still there"
    # From a page that was an answer to a form itself, it comes back on the page above.
    tab.end_session()
    answer = tab.post(tags, reverse("person-tags", args=[contact.pk]), tags="x, y")
    back = tab.follow(answer)
    assert back.request["PATH_INFO"] == page
    assert field_of(back, "tags", "tags/") == ["x, y"]


def test_a_button_is_not_pressed_by_itself(tab: Tab) -> None:
    campaign = make_campaign(owner=tab.person)
    page = reverse("campaign", args=[campaign.pk])
    form = tab.form(page, "form_token", "copy/")
    tab.end_session()
    back = tab.follow(tab.post(form, page))
    assert "You were logged out, so nothing was done. Press the button again." in text_of(back)
    assert Campaign.objects.count() == 1
    assert tab.post(form_in(back, "form_token", "copy/"), page).status_code == 302
    assert Campaign.objects.count() == 2


def test_a_second_log_in_in_another_tab_throws_nothing_away(tab: Tab) -> None:
    contact = make_contact(name="Ann")
    page = reverse("person-edit", args=[contact.pk])
    form, login = tab.form(page, "name"), "/login/?next=/people/"
    tab.end_session()
    waiting = tab.form(login, "username")
    tab.log_in(login)
    answer = tab.post(form, page, name="Anne")
    assert answer.status_code == 302
    assert answer.url == page
    back = tab.get(page)
    assert "You logged in again. What you entered is still here." in text_of(back)
    assert tab.post(form_in(back, "variables"), page).status_code == 302
    contact.refresh_from_db()
    assert contact.name == "Anne"
    # A log-in page that was open in a further tab leads on.
    answer = tab.post(waiting, login, username=tab.person.get_username(), password=PASSWORD)
    assert answer.url == login
    assert tab.get(login).url == "/people/"


def test_htmx_after_a_second_log_in_opens_its_page_again(tab: Tab) -> None:
    page = reverse("campaign-new")
    form = tab.form(page, "name")
    tab.end_session()
    tab.log_in()
    asks = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    answer = tab.post(form, page, asks, name="Autumn", then="stay")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, page)
    assert field_of(tab.get(page), "name") == ["Autumn"]


def test_set_up_too_and_no_key_is_kept(admin_person: User) -> None:
    tab = Tab(admin_person)
    tab.log_in()
    provider = make_provider(name="Desk")
    page = reverse("admin:providers_provider_change", args=[provider.pk])
    form = tab.form(page, "max_lines")
    tab.end_session()
    back = tab.follow(tab.post(form, page, max_lines="7", secret_api_key="a-new-key-0123456789"))
    text = back.content.decode()
    assert field_of(back, "max_lines") == ["7"]
    assert "a-new-key" not in text
    assert "Files, keys and passwords are never saved" in text_of(back)
    (kept,) = keeping.find(admin_person.pk, page)
    assert not [name for name in kept.fields if name.startswith(SECRET)]
    assert "a-new-key" not in str(kept)


def test_no_form_has_a_key_or_password_that_would_be_kept() -> None:
    from django.contrib.auth.forms import AdminPasswordChangeForm

    from callcenter.sign_in.forms import InvitedForm, NewPasswordForm

    classes: list[Any] = [*(provider_form(slug) for slug in registry.slugs()), AdminPasswordChangeForm]
    classes += [InvitedForm, NewPasswordForm]
    names = [
        name
        for one in classes
        for name, field in one.base_fields.items()
        if isinstance(field.widget, forms.PasswordInput)
    ]
    assert len(names) > 6
    assert [name for name in names if not keeping.is_secret(name)] == []
    for name in ("form_token", "shown", "take:name", "variable_0_name", "number", "reason", "monkey", "keep_untested"):
        assert not keeping.is_secret(name), name
    for name in ("api_key", "key", "webhook_secret", "csrfmiddlewaretoken", "new_password", "access_token"):
        assert keeping.is_secret(name), name


def test_files_are_not_kept_and_the_page_says_so(tab: Tab) -> None:
    page = reverse("do-not-call-import")
    form = tab.form(page, "region")
    tab.end_session()
    file = SimpleUploadedFile("no.csv", b"number\n0912")
    told = {"Referer": f"http://testserver{page}"}
    answer = tab.client.post(page, {**sent(form, region="US"), "file": file}, headers=told)
    back = tab.follow(answer)
    assert dict(form_in(back, "region").fields)["region"] == "US"
    assert "Files, keys and passwords are never saved" in text_of(back)
