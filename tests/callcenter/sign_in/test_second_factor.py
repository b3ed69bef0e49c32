"""Second factors: apps and recovery codes, required by role, stored encrypted, reset when lost."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import TwoPersonRequest
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from callcenter.sign_in import second_factor
from callcenter.sign_in.second_factor import WAITING_SECRET
from campaigns.models import InstallationSettings
from providers import sealing
from tests.conftest import make_person

PASSWORD = "a-long-password-1"
SECRET = "JBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def give_app(user: User) -> None:
    secret = second_factor.SecondFactorAdapter().encrypt(SECRET)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})


def log_in(client: Client, user: User, **more: str) -> Any:
    return client.post(reverse("login"), {"username": user.username, "password": PASSWORD, **more})


@pytest.fixture
def laleh(db: None) -> User:
    return make_person(username="laleh")


def test_an_app_is_set_up_with_codes_shown_once_and_nothing_in_the_clear(
    client: Client, laleh: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(laleh)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'<code dir="ltr">([A-Z2-7]+)</code>', page)
    assert found
    assert found[1] not in str(dict(client.session)), "it waits sealed"
    waiting = client.session[WAITING_SECRET]
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("mfa_activate_totp"), {"code": code(found[1])})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    shown = re.findall(r'<code dir="ltr">(\d+)</code>', client.get(answer["Location"]).content.decode())
    assert len(shown) == 10
    assert WAITING_SECRET not in client.session
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(waiting, "session", "new second factor", str(laleh.pk + 1))
    assert not re.findall(r'<code dir="ltr">(\d+)</code>', client.get(answer["Location"]).content.decode())
    stored = str(list(Authenticator.objects.values("data")))
    assert found[1] not in stored
    assert not any(one in stored for one in shown)
    assert {"second_factor.added"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_log_in_asks_for_the_code_and_takes_each_once(client: Client, laleh: User) -> None:
    give_app(laleh)
    asked = log_in(client, laleh, next="/people/")
    assert asked["Location"] == reverse("mfa_authenticate")
    assert client.get("/people/").status_code == 302, "nobody is logged in yet"
    assert client.post(asked["Location"], {"code": "000000"}).status_code == 200
    right = code()
    assert client.post(asked["Location"], {"code": right})["Location"] == "/people/"
    assert client.get("/people/").status_code == 200
    cache.clear()  # of this process: another one has not seen the code
    other = Client()
    log_in(other, laleh)
    assert "This code was just used" in other.post(asked["Location"], {"code": right}).content.decode()


def test_guesses_at_codes_are_limited(client: Client, laleh: User) -> None:
    give_app(laleh)
    page = log_in(client, laleh)["Location"]
    with time_machine.travel(timezone.now(), tick=False):
        answers = [client.post(page, {"code": f"{n:06d}"}).status_code for n in range(9)]
        assert answers[-1] == 429
        assert client.post(page, {"code": code()}).status_code == 429


def test_people_of_a_role_set_one_up_at_their_next_log_in_and_do_nothing_before(client: Client, laleh: User) -> None:
    log_in(client, laleh)
    InstallationSettings.objects.create(second_factor_roles=[CALLER])
    assert client.get("/people/").status_code == 200, "a session that is open goes on"
    client.post(reverse("logout"))
    log_in(client, laleh)
    for page in ("/people/", "/today/", "/quick-call/", "/preferences/", "/help/", "/people/new/"):
        assert client.get(page)["Location"] == reverse("mfa_index"), page
        assert client.post(page, {"name": "x"})["Location"] == reverse("mfa_index"), page
    assert client.get("/today/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_index")
    assert "Your role needs two-factor login" in client.get(reverse("mfa_index")).content.decode()
    give_app(laleh)
    assert client.get("/people/").status_code == 200


def test_other_roles_need_none(client: Client, settings: Any, laleh: User) -> None:
    settings.SECOND_FACTOR_ROLES = [MANAGER]
    log_in(client, laleh)
    assert client.get("/people/").status_code == 200
    assert second_factor.needs_second_factor(make_person(MANAGER))


def test_two_admins_together_reset_a_lost_one(client: Client, laleh: User, admin_person: User) -> None:
    give_app(laleh)
    phone = Client()
    phone.force_login(laleh)
    client.force_login(admin_person)
    ask = reverse("second-factor-reset", args=[laleh.pk])
    client.post(ask, {"reason": ""})
    assert not TwoPersonRequest.objects.exists(), "a reason is asked for"
    client.post(ask, {"reason": "phone lost"})
    row = TwoPersonRequest.objects.get()
    client.post(reverse("two-people-confirm", args=[row.pk]))
    assert second_factor.has_second_factor(laleh), "nobody confirms what they asked for"
    other = Client()
    other.force_login(make_person(MANAGER))
    assert other.post(reverse("two-people-confirm", args=[row.pk])).status_code == 403
    assert other.post(ask, {"reason": "x"}).status_code == 403
    second = make_person(ADMIN, username="second")
    other.force_login(second)
    other.post(reverse("two-people-confirm", args=[row.pk]))
    assert not Authenticator.objects.filter(user=laleh).exists()
    assert phone.get("/people/").status_code == 302, "their sessions ended"
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert (event.actor, event.detail["confirmed_by"], event.detail["reason"]) == (admin_person, "second", "phone lost")


def test_the_command_resets_a_lost_one_and_ends_the_sessions(client: Client, laleh: User) -> None:
    give_app(laleh)
    client.force_login(laleh)
    call_command("reset_second_factor", "laleh", "--reason", "phone lost")
    assert not Authenticator.objects.filter(user=laleh).exists()
    assert client.get("/people/").status_code == 302
    event = AuditEvent.objects.get(action="second_factor.reset")
    assert event.detail["reason"] == "phone lost"
    with pytest.raises(CommandError, match="no second factor"):
        call_command("reset_second_factor", "laleh", "--reason", "again")
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody", "--reason", "again")


def test_rotated_keys_open_second_factors(laleh: User, settings: Any) -> None:
    from cryptography.fernet import Fernet

    give_app(laleh)
    old = list(settings.FIELD_KEYS)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_keys")
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    found = Authenticator.objects.get(user=laleh)
    assert second_factor.SecondFactorAdapter().decrypt(found.data["secret"]) == SECRET
