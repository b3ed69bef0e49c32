"""Log-in by OpenID Connect, against a provider that is not ours (oidc-provider-mock, over Authlib)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from oidc_provider_mock import User as Known
from oidc_provider_mock import run_server_in_thread

from callcenter.access.fresh import PROVED_AT
from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from callcenter.sign_in_settings import OPENID, OpenIdSettings
from tests.conftest import make_person

LOGIN = f"/openid/{OPENID}/login/"
SARA = {"email": "sara@example.org", "email_verified": True, "preferred_username": "sara.k", "given_name": "Sara"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Run the provider, with the people whom it knows."""
    people = (
        Known(sub="sara", claims=SARA),
        Known(sub="unverified", claims={**SARA, "email_verified": False}),
        Known(sub="lead", claims={**SARA, "email": "lead@example.org", "groups": ["leads", "other"]}),
        Known(sub="stranger", claims={"email": "stranger@example.org", "email_verified": True, "groups": ["other"]}),
    )
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def set_up(provider: str, settings: Any, db: None) -> None:
    app = {
        "provider_id": OPENID,
        "name": "Company",
        "client_id": "callcenter",
        "secret": "secret",
        "settings": {"server_url": provider, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    settings.OIDC = OpenIdSettings(server_url=provider, name="Company")
    settings.OUTBOUND_HOSTS = ["localhost"]


def log_in(sub: str, client: Client | None = None, path: str = LOGIN) -> Any:
    """Go through the provider as somebody whom it knows; returns the answer to the callback."""
    browser = client or Client()
    leads = browser.post(path)
    assert leads.status_code == 302, leads.content.decode()
    came = requests.post(leads["Location"], data={"sub": sub}, allow_redirects=False, timeout=10)
    back = came.headers["Location"]
    assert back.startswith("http://testserver/openid/")
    return browser.get(back.removeprefix("http://testserver"))


def test_a_user_of_the_same_verified_address_is_logged_in_and_led_back() -> None:
    sara, browser = make_person(CALLER, username="sara", email="Sara@example.org"), Client()
    answer = log_in("sara", browser, f"{LOGIN}?next=/people/")
    assert (answer.status_code, answer["Location"]) == (302, "/people/")
    assert browser.get("/people/").status_code == 200
    User.objects.filter(pk=sara.pk).update(email="changed@example.org")
    assert log_in("sara").status_code == 302, "known by the provider's id from now on"
    assert AuditEvent.objects.filter(action="login.account_bound", actor=sara).count() == 1


def test_who_is_not_known_is_refused_with_a_sentence() -> None:
    answer = log_in("sara")
    assert answer.status_code == 403
    assert "No user here has your account." in answer.content.decode()
    assert not User.objects.exists()


def test_an_address_that_is_not_verified_or_not_of_one_alone_binds_nobody() -> None:
    make_person(CALLER, email="sara@example.org")
    assert log_in("unverified").status_code == 403
    make_person(MANAGER, email="SARA@example.org")
    assert log_in("sara").status_code == 403


def test_a_switched_off_user_stays_out() -> None:
    sara, browser = make_person(CALLER, email="sara@example.org"), Client()
    log_in("sara", browser)
    User.objects.filter(pk=sara.pk).update(is_active=False)
    assert browser.get("/people/").status_code == 302
    answer = log_in("sara")
    assert answer.status_code == 403
    assert "turned off" in answer.content.decode()


def test_new_people_are_made_in_a_named_role_where_the_settings_say_so(settings: Any) -> None:
    settings.OIDC = replace(settings.OIDC, new_users_role=CALLER)
    make_person(MANAGER, username="SARA.K")
    assert log_in("sara").status_code == 302
    made = User.objects.get(email="sara@example.org")
    assert (made.username, made.first_name, made.has_usable_password()) == ("sara.k-2", "Sara", False)
    assert [group.name for group in made.groups.all()] == [CALLER]


def test_a_claim_gives_the_roles_at_each_log_in(settings: Any) -> None:
    settings.OIDC = replace(settings.OIDC, role_claim="groups", roles={"leads": MANAGER})
    lead = make_person(CALLER, email="lead@example.org")
    assert log_in("lead").status_code == 302
    assert [group.name for group in lead.groups.all()] == [MANAGER]
    make_person(CALLER, email="stranger@example.org")
    answer = log_in("stranger")
    assert answer.status_code == 403
    assert "has no role in Callcenter" in answer.content.decode()


def test_hosts_that_are_not_admitted_are_never_asked(settings: Any) -> None:
    settings.OUTBOUND_HOSTS = []
    answer = Client().post(LOGIN)
    assert answer.status_code == 403
    assert "Log-in with your organisation&#x27;s account failed" in answer.content.decode()


def test_a_made_up_answer_logs_nobody_in() -> None:
    make_person(CALLER, email="sara@example.org")
    browser = Client()
    for query in ("", "?code=x&state=y", "?error=access_denied"):
        answer = browser.get(f"/openid/{OPENID}/callback/{query}")
        assert answer.status_code in (200, 302, 403)
        assert browser.get("/people/").status_code == 302


def test_the_log_in_page_offers_it_by_a_press() -> None:
    page = Client().get("/login/").content.decode()
    assert LOGIN in page
    assert "Company" in page
    assert Client().get(LOGIN).status_code != 302, "a link of another site starts nothing"


def test_an_account_is_never_connected_to_who_is_logged_in() -> None:
    browser = Client()
    browser.force_login(make_person(CALLER))
    assert log_in("sara", browser, f"{LOGIN}?process=connect").status_code == 403


def test_the_providers_second_factor_counts_where_the_settings_say_so(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = [CALLER]
    make_person(CALLER, email="sara@example.org")
    for counts, status in ((False, 302), (True, 200)):
        settings.OIDC = replace(settings.OIDC, is_second_factor=counts)
        browser = Client()
        log_in("sara", browser)
        assert browser.get("/people/").status_code == status


def test_who_has_no_password_proves_it_at_the_provider_which_asks_again() -> None:
    sara = make_person(CALLER, email="sara@example.org")
    sara.set_unusable_password()
    sara.save()
    browser = Client()
    log_in("sara", browser)
    session = browser.session
    session[PROVED_AT] = 0
    session.save()
    found = re.search(r'action="(/openid/[^"]+)"', browser.get("/prove/?next=/people/").content.decode())
    assert found
    address = html.unescape(found[1])
    assert "prompt=login" in browser.post(address)["Location"]
    assert log_in("sara", browser, address)["Location"] == "/people/"
    assert browser.session[PROVED_AT] > 0
