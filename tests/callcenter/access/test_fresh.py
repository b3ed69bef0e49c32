"""A fresh sign-in: asked for where it is old, by the page and by the form, and leading back."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.access.fresh import PROVED_AT
from callcenter.access.models import KeptForm
from callcenter.access.setup import ReadOnlyAdmin
from callcenter.kept_forms.keeping import find
from providers.models import Provider
from tests.conftest import make_person, make_provider

PASSWORD = "a-long-password-1"


@pytest.fixture
def stale(client: Client, admin_person: User) -> Client:
    """Hand out a browser whose admin logged in an hour ago."""
    client.force_login(admin_person)
    session = client.session
    session[PROVED_AT] = int(time.time()) - 3600
    session.save()
    return client


def protected(person: User, provider: Provider) -> list[tuple[str, str]]:
    return [
        ("get", f"/setup/auth/user/{person.pk}/change/"),
        ("post", f"/setup/auth/user/{person.pk}/change/"),
        ("get", "/setup/auth/group/add/"),
        ("post", "/setup/auth/group/add/"),
        ("get", f"/setup/auth/group/{person.groups.get().pk}/change/"),
        ("get", f"/setup/providers/provider/{provider.pk}/change/"),
        ("post", reverse("provider-key", args=[provider.pk])),
        ("get", reverse("invite")),
        ("post", reverse("invitation-renew", args=[person.pk])),
    ]


def test_keys_roles_and_users_ask_for_it_and_lead_back(stale: Client) -> None:
    person, provider = make_person(), make_provider()
    for method, address in protected(person, provider):
        answer = getattr(stale, method)(address)
        assert answer.status_code == 302, (method, address)
        assert urlsplit(answer["Location"]).path == "/prove/", (method, address)
        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [address]
    answer = stale.post(address, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/prove/?next=")


def test_every_page_of_set_up_that_changes_something_asks_for_it_or_says_why_not(stale: Client) -> None:
    harmless = {
        "team": "a name; who is in it stands on the page of the user",
        "agent": "what calls say, not where they go",
        "voice": "as an agent",
        "callerid": "as an agent",
        "dialer": "as an agent",
        "allowednumber": "a number that may be called, by managers every day",
        "campaign": "whose it is; all else stands on its own page",
        "contactlist": "its name, and whose it is",
    }
    open_ones: set[str | None] = set()
    for model, page in admin.site._registry.items():
        if isinstance(page, ReadOnlyAdmin) or not hasattr(page, "right"):
            continue
        address = f"/setup/{model._meta.app_label}/{model._meta.model_name}/1/change/"
        if not stale.post(address).get("Location", "").startswith("/prove/"):
            open_ones.add(model._meta.model_name)
    assert open_ones <= set(harmless), "They give power over others: decorate changeform_view, or say why not."
    assert not {"user", "group", "provider", "installationsettings"} & open_ones


def test_the_password_opens_them_and_a_wrong_one_does_not(stale: Client) -> None:
    page = reverse("invite")
    asked = stale.get(stale.get(page)["Location"])
    assert asked["Location"].startswith("/prove/password/?next=")
    wrong = stale.post(asked["Location"], {"password": "not-this-password"})
    assert wrong.status_code == 200
    assert stale.get(page).status_code == 302
    right = stale.post(asked["Location"], {"password": PASSWORD, "next": page})
    assert right["Location"] == page
    assert stale.get(page).status_code == 200


def test_a_log_in_is_fresh_and_no_foreign_page_is_led_to(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    assert client.get(reverse("invite")).status_code == 200
    for foreign in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/prove/password/", {"password": PASSWORD, "next": foreign})
        assert "evil" not in answer["Location"], foreign
        assert "javascript" not in answer["Location"]


@pytest.mark.parametrize(
    ("told", "leads_to"),
    [
        ("http://testserver/providers/?q=1", "/providers/?q=1"),
        ("https://evil.example/providers/", "the form's own address"),
        ("http://testserver//evil.example/", "the form's own address"),
        ("", "the form's own address"),
    ],
)
def test_a_form_sent_from_another_site_leads_back_to_its_own_address(stale: Client, told: str, leads_to: str) -> None:
    address = reverse("provider-key", args=[make_provider().pk])
    answer = stale.post(address, headers={"Referer": told})
    (page,) = parse_qs(urlsplit(answer["Location"]).query)["next"]
    assert page == (address if leads_to.startswith("the form") else leads_to)


def test_what_was_typed_comes_back_without_its_secrets(stale: Client) -> None:
    person = make_person()
    stale.post(f"/setup/auth/user/{person.pk}/change/", {"first_name": "Laleh", "api_key": "not-to-be-kept"})
    kept = KeptForm.objects.get()
    (found,) = find(kept.user_id, kept.page)
    assert found.fields["first_name"] == ["Laleh"]
    assert "api_key" not in found.fields
