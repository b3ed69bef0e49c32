"""Set-up: every page opens for admins alone, in few queries, and no key ever comes out."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent, record
from campaigns.models import AllowedNumber, Call, DoNotCall, InstallationSettings
from campaigns.models.installation import SETTINGS_ID
from providers.models import Agent, CallerId, Dialer, Provider, Voice
from providers.services import checking
from tests.conftest import (
    make_agent,
    make_call,
    make_caller_id,
    make_campaign,
    make_contact,
    make_list,
    make_person,
    make_provider,
)
from tests.providers.fake_vendor import answering
from tests.providers.form_data import CANARY, filled
from tests.shown import shown_at

pytestmark = pytest.mark.django_db
GOOD = {"/user/me": (200, json.dumps({"name": "Bruce", "wallet": 42.5}))}
DEAD = {"/user/me": (401, '{"message": "Access denied"}')}
READ_ONLY = {AllowedNumber, Call, DoNotCall, AuditEvent}


@pytest.fixture
def setup(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


@pytest.fixture
def one_of_each(admin_person: User) -> Provider:
    provider = make_provider(secrets={"api_key": CANARY}, name="Our Bolna")
    bitel = make_provider(vendor="bitel")
    make_agent(provider)
    make_caller_id(provider)
    Voice.objects.create(provider=bitel, remote_id="v1", name="Reminder")
    Dialer.objects.create(provider=bitel, remote_id="d1", name="First")
    contact = make_contact(phone="+989351112233")
    make_list(2)
    make_call(contact=contact, campaign=make_campaign(provider=provider), variables={"name": "Secret words"})
    DoNotCall.objects.create(phone="+989351112234", added_by=admin_person)
    Team.objects.create(name="North")
    AllowedNumber.objects.create(phone="+989093511122", reason="Their club's line", allowed_by=admin_person)
    InstallationSettings.objects.create(pk=SETTINGS_ID)
    record(admin_person, "provider.tested", provider, outcome="ok")
    return provider


def url(model: type[Any], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def change(setup: Client, row: Any, sent: dict[str, Any]) -> Any:
    """Send a row's form as its page had shown it."""
    page = url(type(row), "change", row.pk)
    return setup.post(page, sent | shown_at(setup, page))


def pages() -> list[Any]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_the_hidden_rooms_are_absent() -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == {"providers", "auth", "access", "campaigns", "audit"}
    assert apps.is_installed("django_q")


@pytest.mark.parametrize("model", pages(), ids=lambda model: model._meta.label)
def test_lists_open_in_few_queries(
    setup: Client, one_of_each: Provider, model: type[Any], django_assert_max_num_queries: Any
) -> None:
    # The settings have one row, and so no list but their page.
    with django_assert_max_num_queries(20 if model is InstallationSettings else 14):
        response = setup.get(url(model, "changelist"), follow=True)
    assert response.status_code == 200
    assert CANARY not in response.content.decode()
    assert "93511122" not in response.content.decode()
    searched = setup.get(url(model, "changelist"), {"q": "zz"}, follow=True)
    assert searched.status_code == 200


@pytest.mark.parametrize("model", pages(), ids=lambda model: model._meta.label)
def test_rows_open_and_none_is_deleted(setup: Client, one_of_each: Provider, model: type[Any]) -> None:
    row = model._default_manager.order_by("pk").last()
    response = setup.get(url(model, "change", row.pk))
    assert response.status_code == 200
    shown = response.content.decode()
    assert CANARY not in shown
    assert "Secret words" not in shown
    assert setup.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert setup.get(url(model, "history", row.pk)).status_code == 200
    # Of roles only the built-in ones are read-only: such is the row here.
    if model in READ_ONLY | {Group}:
        assert setup.post(url(model, "change", row.pk), {}).status_code == 403
    if model in READ_ONLY:
        assert setup.get(url(model, "add")).status_code == 403


def test_the_front_page_speaks_the_works_words(setup: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(10):
        shown = setup.get(reverse("admin:index")).content.decode()
    order = [shown.index(word) for word in ("Provider companies", "Users and roles", "Calling", "Records")]
    assert order == sorted(order)
    assert "Django" not in shown
    assert reverse("today") in shown
    for label in ("providers", "auth", "campaigns", "audit"):
        assert setup.get(reverse("admin:app_list", args=[label])).status_code == 200


def test_strangers_go_to_the_desks_log_in_and_others_are_refused(client: Client, caller: User, manager: User) -> None:
    target = reverse("admin:index")
    response = client.get(target, follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("login"))
    for person in (caller, manager):
        client.force_login(person)
        assert client.get(target, follow=True).status_code == 403
        assert client.get(url(Provider, "changelist"), follow=True).status_code == 403


# Providers


def test_the_vendor_is_chosen_first(setup: Client) -> None:
    shown = setup.get(url(Provider, "add")).content.decode()
    for label in ("Bitel", "UnleashX", "Bolna", "Voicy", "Vocode"):
        assert label in shown
    assert setup.get(url(Provider, "add") + "?vendor=nobody").status_code == 200
    for slug in ("bitel", "unleashx", "bolna", "voicy", "vocode"):
        assert 'name="secret_api_key"' in setup.get(url(Provider, "add") + f"?vendor={slug}").content.decode()


def test_a_provider_is_added_with_a_tested_key_that_shows_nowhere(
    setup: Client, admin_person: User, caplog: pytest.LogCaptureFixture
) -> None:
    add = url(Provider, "add") + "?vendor=bolna"
    with caplog.at_level(logging.DEBUG):
        with answering(DEAD):
            refused = setup.post(add, filled("bolna"))
        assert not Provider.objects.exists()
        with answering(GOOD) as asked:
            response = setup.post(add, filled("bolna"), follow=True)
    assert [path for path, _headers in asked] == ["/user/me"] * 2, "its test, and whose account it is"
    provider = Provider.objects.get()
    assert provider.secrets.open() == {"api_key": CANARY}
    assert provider.created_by == admin_person
    assert provider.account["label"] == "Bruce"
    told = [str(message) for message in response.context["messages"]]
    assert told[0].startswith("The key works: Bruce")
    assert "Speaks through an agent." in told[0]
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["provider.created", "provider.key_set"]
    seen = [
        refused.content.decode(),
        response.content.decode(),
        setup.get(url(Provider, "change", provider.pk)).content.decode(),
        setup.get(url(Provider, "history", provider.pk)).content.decode(),
        setup.get(url(AuditEvent, "changelist")).content.decode(),
        setup.get(reverse("provider", args=[provider.pk])).content.decode(),
        caplog.text,
        repr(provider),
        str(provider),
        json.dumps(list(AuditEvent.objects.values("detail", "object_name"))),
        " ".join(LogEntry.objects.values_list("change_message", flat=True)),
    ]
    assert not any(CANARY in text for text in seen)
    assert "does not accept the key" in seen[0]


def test_an_edit_writes_only_what_was_edited(setup: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_provider(name="Ours", secrets={"api_key": "the-old-key-0123"})
    get_object = admin.site._registry[Provider].get_object
    seen: list[Any] = []

    def halted_meanwhile(*args: Any, **kwargs: Any) -> Any:
        found = get_object(*args, **kwargs)
        seen.append(found)
        Provider.objects.filter(pk=provider.pk).update(halted_reason="meanwhile", pace_tat=7)
        return found

    monkeypatch.setattr(admin.site._registry[Provider], "get_object", halted_meanwhile)
    with answering(GOOD) as asked:
        response = change(setup, provider, filled("bolna", secret_api_key="", max_lines="9"))
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert asked == []
    provider.refresh_from_db()
    assert (provider.max_lines, provider.halted_reason, provider.pace_tat) == (9, "meanwhile", 7)
    assert provider.secrets.open() == {"api_key": "the-old-key-0123"}
    assert AuditEvent.objects.get().action == "provider.changed"


def test_a_refused_key_leaves_the_old_one(setup: Client) -> None:
    provider = make_provider(name="Ours", secrets={"api_key": "the-old-key-0123"})
    with answering(DEAD):
        response = change(setup, provider, filled("bolna", max_lines="9"))
    assert response.status_code == 200
    assert CANARY not in response.content.decode()
    provider.refresh_from_db()
    assert provider.secrets.open() == {"api_key": "the-old-key-0123"}
    assert provider.max_lines != 9
    with answering(DEAD):
        change(setup, provider, filled("bolna", keep_untested="on"))
    provider.refresh_from_db()
    assert provider.secrets.open() == {"api_key": CANARY}


def test_keys_are_dropped_when_the_address_changes(setup: Client, settings: Any) -> None:
    settings.VENDOR_HOSTS = ["api.bolna.ai", "eu.bolna.ai"]
    held = {"api_key": "the-old-key-0123", "webhook_secret": "the-old-hook-0123"}
    provider = make_provider(name="Ours", vendor="voicy", secrets=held, options={"base_url": "https://api.bolna.ai"})
    shown = setup.get(url(Provider, "change", provider.pk)).content.decode()
    assert "A new address removes the saved keys" in shown
    moved = filled("voicy", option_base_url="https://eu.bolna.ai", secret_api_key="", secret_webhook_secret="")
    with answering(GOOD) as asked:
        response = change(setup, provider, moved)
    assert "Nothing is saved yet: paste the key for the new address" in response.content.decode()
    assert asked == []
    provider.refresh_from_db()
    assert provider.secrets.open() == held
    with answering(GOOD) as asked:
        response = change(setup, provider, moved | {"secret_api_key": CANARY, "keep_untested": "on"})
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert not any("the-old-key" in str(headers) for _path, headers in asked), "not even for a comparison"
    provider.refresh_from_db()
    assert provider.secrets.open() == {"api_key": CANARY}
    told = list(AuditEvent.objects.order_by("id").values_list("action", "detail__key", "detail__reason"))[1:]
    assert told == [
        ("provider.key_removed", "api_key", "the address changed"),
        ("provider.key_removed", "webhook_secret", "the address changed"),
        ("provider.key_set", "api_key", None),
    ]


def test_a_stored_key_is_not_tried_at_another_address(settings: Any) -> None:
    settings.VENDOR_HOSTS = ["api.bolna.ai", "eu.bolna.ai"]
    provider = make_provider(
        vendor="voicy", secrets={"api_key": "the-old-key-0123"}, options={"base_url": "https://api.bolna.ai"}
    )
    for options, is_sent in (({}, True), ({"base_url": "https://eu.bolna.ai"}, False)):
        with answering(GOOD) as asked:
            checking.try_secrets(provider, {"webhook_secret": "a-new-hook-0123"}, options)
        assert ("the-old-key" in str(asked)) is is_sent


def test_a_stored_key_is_not_asked_for_its_account_at_another_address(settings: Any) -> None:
    settings.VENDOR_HOSTS = ["api.bolna.ai", "eu.bolna.ai"]
    provider = make_provider(secrets={"api_key": "the-old-key-0123"}, options={})
    for options, is_sent in (({}, True), ({"base_url": "https://eu.bolna.ai"}, False)):
        with answering({"/user/me": (200, json.dumps({"id": "u1", "name": "Bruce"}))}) as asked:
            checking.try_secrets(provider, {"api_key": CANARY}, options)
        assert CANARY in str(asked)
        assert ("the-old-key" in str(asked)) is is_sent


def test_another_path_at_the_same_host_keeps_the_keys(setup: Client) -> None:
    provider = make_provider(name="Ours", options={"base_url": "https://api.bolna.ai"})
    with answering(GOOD):
        change(setup, provider, filled("bolna", option_base_url="https://API.bolna.ai:443/", secret_api_key=""))
    assert Provider.objects.get().secrets.holds("api_key")


def test_voices_of_bitel_are_typed_in(setup: Client) -> None:
    assert setup.get(url(Agent, "add")).status_code == 403
    bitel, bolna = make_provider(vendor="bitel"), make_provider()
    form = setup.get(url(Voice, "add")).context["adminform"].form
    assert list(form.fields["provider"].queryset) == [bitel]
    typed = {"provider": bitel.pk, "name": "Reminder", "remote_id": "abc", "is_present": "on"}
    assert setup.post(url(Voice, "add"), typed).status_code == 302
    assert Voice.objects.get().provider == bitel
    assert setup.post(url(Voice, "add"), typed | {"provider": bolna.pk}).status_code == 200
    assert AuditEvent.objects.filter(action="voice.created").exists()


def test_synced_rows_are_not_edited_by_hand(setup: Client) -> None:
    row = make_caller_id(make_provider())
    assert setup.post(url(CallerId, "change", row.pk), {"name": "x"}).status_code == 403


# People


PASSWORD = "a-quite-long-password-7"


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def edited(person: User, *roles: str, **more: Any) -> dict[str, Any]:
    return {
        "username": person.username,
        "is_active": "on",
        "roles": [role(name) for name in roles],
    } | more


def test_the_admin_role_opens_set_up_and_its_loss_closes_it(setup: Client, client: Client) -> None:
    person = make_person(CALLER)
    change(setup, person, edited(person, ADMIN, CALLER))
    person = User.objects.get(pk=person.pk)
    assert person.is_staff
    assert person.has_perm("access.manage_providers")
    change(setup, person, edited(person, CALLER))
    person = User.objects.get(pk=person.pk)
    assert not person.is_staff
    assert not person.has_perm("access.manage_providers")


def test_nobody_raises_oneself(setup: Client, admin_person: User) -> None:
    response = change(setup, admin_person, edited(admin_person, ADMIN, MANAGER, first_name="A"))
    assert response.status_code == 302
    admin_person.refresh_from_db()
    assert admin_person.first_name == "A"
    assert [group.name for group in admin_person.groups.all()] == [ADMIN]
    change(setup, admin_person, {"username": admin_person.username})
    admin_person.refresh_from_db()
    assert admin_person.is_active


def test_an_admin_may_be_demoted_while_another_stays(setup: Client) -> None:
    second = make_person(ADMIN)
    assert change(setup, second, edited(second, CALLER)).status_code == 302
    assert not User.objects.get(pk=second.pk).has_perm("access.manage_providers")


def test_the_last_admin_stays(admin_person: User) -> None:
    from callcenter.access.forms import UserForm

    # Only an admin takes this role away, so it is another one, who is switched off in this moment.
    other = make_person(ADMIN)
    User.objects.filter(pk=other.pk).update(is_active=False)
    form_class = type("UserForm", (UserForm,), {"editor": other, "__module__": __name__})
    form = form_class(edited(admin_person, CALLER), instance=admin_person)
    assert not form.is_valid()
    assert "last user who can change settings" in str(form.errors)


def test_those_who_may_do_everything_are_not_edited_by_admins(setup: Client) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    assert setup.post(url(User, "change", root.pk), edited(root, CALLER)).status_code == 403


# Many rows


def test_a_long_list_is_counted_no_further_than_ten_thousand(setup: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from callcenter.access import setup as setup_pages

    monkeypatch.setattr(setup_pages, "MOST_COUNTED", 3)
    provider = make_provider()
    for _number in range(5):
        make_call(provider=provider)
    assert setup.get(url(Call, "changelist")).context["cl"].result_count == 3
