"""Log-in with a passkey alone, asked of an authenticator that is made here: only if it made sure of its user."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from fido2.cose import ES256, CoseKey
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from callcenter.sign_in import throttle
from callcenter.sign_in.models import Attempts
from campaigns.models import InstallationSettings
from tests.conftest import make_person

PASSKEY = "/login/passkey/"
FLAG = AuthenticatorData.FLAG
ORIGIN = "https://testserver"
HOST = sha256(b"testserver")
JSON = {"Accept": "application/json"}


class Key:
    """An authenticator with one credential of one user."""

    def __init__(self, user: User) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.user, self.id = user, f"credential of {user.pk}".encode()

    def new(self, challenge: str, flags: int, public: CoseKey | None = None) -> dict[str, Any]:
        """Return what is said of it where it is added; without `FLAG.AT` its public key is left out."""
        public = public or ES256.from_cryptography_key(self.private.public_key())
        described = AttestedCredentialData.create(Aaguid.NONE, self.id, public) if flags & FLAG.AT else b""
        said = AuthenticatorData.create(HOST, flags, 0, described)
        asked = CollectedClientData.create(CollectedClientData.TYPE.CREATE, challenge, ORIGIN)
        response = {
            "clientDataJSON": websafe_encode(asked),
            "attestationObject": websafe_encode(AttestationObject.create("none", said, {})),
        }
        return {**self._named(), "response": response}

    def stored(self) -> Authenticator:
        """Store it as one that was added."""
        data = {"name": "Key", "credential": self.new(websafe_encode(b"x" * 32), FLAG.UP | FLAG.UV | FLAG.AT)}
        kind = Authenticator.Type.WEBAUTHN
        return Authenticator.objects.create(user=self.user, type=kind, data=data)  # type: ignore[no-any-return]

    def _named(self) -> dict[str, Any]:
        return {"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key"}

    def answer(self, challenge: str, *, verified: bool = True, of: User | None = None) -> dict[str, Any]:
        """Return the answer to a challenge; `of` is the user whose credential it says that it is."""
        asked = CollectedClientData.create(CollectedClientData.TYPE.GET, challenge, ORIGIN)
        said = AuthenticatorData.create(HOST, FLAG.UP | FLAG.UV if verified else FLAG.UP, 0)
        response = {
            "clientDataJSON": websafe_encode(asked),
            "authenticatorData": websafe_encode(said),
            "signature": websafe_encode(self.private.sign(said + asked.hash, ec.ECDSA(SHA256()))),
            "userHandle": websafe_encode(str((of or self.user).pk).encode()),
        }
        return {**self._named(), "response": response}


@pytest.fixture
def laleh(db: None) -> User:
    return make_person(username="laleh")


@pytest.fixture
def key(laleh: User) -> Key:
    key = Key(laleh)
    key.stored()
    return key


def challenge(client: Client) -> str:
    options = client.get(PASSKEY, headers=JSON).json()["request_options"]["publicKey"]
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials"), "nobody learns who has which key"
    return str(options["challenge"])


def press(client: Client, said: Any, **more: str) -> Any:
    return client.post(PASSKEY, {"credential": json.dumps(said), **more}, secure=True)


def is_in(client: Client) -> bool:
    return client.get("/people/").status_code == 200


def failures() -> list[tuple[str, dict[str, Any]]]:
    return list(AuditEvent.objects.filter(action="login.failed").values_list("object_id", "detail"))


def test_a_passkey_logs_its_user_in_without_password_and_code(client: Client, laleh: User, key: Key) -> None:
    page = client.get("/login/").content.decode()
    assert PASSKEY in page
    before = client.session.session_key
    answer = press(client, key.answer(challenge(client)), next="/people/")
    assert answer["Location"] == "/people/"
    assert is_in(client)
    assert client.session.session_key != before
    event = AuditEvent.objects.get(action="login.succeeded")
    assert (event.actor, event.detail) == (laleh, {"method": "passkey"})
    assert not Attempts.objects.filter(failures__gt=0).exists(), "a success takes its count back"
    elsewhere = press(client, {}, next="https://evil.example/")
    assert elsewhere["Location"] == reverse("start")


def test_a_key_that_did_not_verify_its_user_is_refused(client: Client, laleh: User, key: Key) -> None:
    answer = press(client, key.answer(challenge(client), verified=False), next="/people/")
    assert answer["Location"] == "/login/?next=%2Fpeople%2F"
    assert "Log-in with this passkey failed." in client.get(answer["Location"]).content.decode()
    assert not is_in(client)
    assert failures() == [("", {"known": False, "method": "passkey"})]


def test_a_challenge_is_answered_once_and_in_its_own_browser(client: Client, laleh: User, key: Key) -> None:
    asked = challenge(client)
    said = key.answer(asked)
    press(Client(), said)
    other = Client()
    challenge(other)
    press(other, said)
    assert not is_in(other)
    press(client, key.answer(asked, verified=False))
    press(client, said)
    assert not is_in(client), "a wrong answer uses it up"
    said = key.answer(challenge(client))
    press(client, said)
    assert is_in(client)
    client.post(reverse("logout"))
    press(client, said)
    assert not is_in(client)


def test_a_key_opens_for_its_own_user_alone(client: Client, laleh: User, key: Key) -> None:
    other = make_person(username="other")
    Key(other).stored()
    press(client, key.answer(challenge(client), of=other))
    stranger = Key(laleh)
    press(client, stranger.answer(challenge(client)))
    Authenticator.objects.filter(user=laleh).delete()
    press(client, key.answer(challenge(client)))
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="login.failed").exists()


WITHOUT_SENSE = [
    None, [], "x", 1, {}, {"id": 1}, {"response": []}, {"response": {"userHandle": 5}}, {"id": "AA", "response": {}},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "", "authenticatorData": ""}},
]  # fmt: skip
HANDLES = [
    None,
    "",
    "AA",
    "//8",
    "LTE",
    "MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA",
    "eA",
    "AA==",
    7,
    [],
    {},
    "é",
    "MQ" * 3000,
]


def test_nothing_that_a_browser_sends_is_a_fault_of_the_server(client: Client, laleh: User, key: Key) -> None:
    for said in WITHOUT_SENSE:
        challenge(client)
        assert press(client, said)["Location"] == "/login/", said
    for handle in HANDLES:
        said = key.answer(challenge(client))
        said["response"]["userHandle"] = handle
        assert press(client, said)["Location"] == "/login/", handle
    assert not is_in(client)


def test_a_role_that_needs_two_factors_is_content_with_it(client: Client, laleh: User, key: Key) -> None:
    InstallationSettings.objects.create(second_factor_roles=[CALLER])
    press(client, key.answer(challenge(client)))
    assert is_in(client)


@pytest.mark.parametrize("of", ["a user who is switched off", "a user of the organisation's account alone"])
def test_it_lets_nobody_in_whom_a_password_would_not(client: Client, laleh: User, key: Key, of: str) -> None:
    if of == "a user who is switched off":
        User.objects.filter(pk=laleh.pk).update(is_active=False)
    else:
        laleh.set_unusable_password()
        laleh.save()
    assert press(client, key.answer(challenge(client))).status_code == 403
    assert not is_in(client)
    assert failures() == [(str(laleh.pk), {"known": True, "method": "passkey"})]
    User.objects.filter(pk=laleh.pk).update(is_active=True)
    client.post("/login/", {"username": "laleh", "password": "a-long-password-1"})
    assert not is_in(client), "what was refused leaves nothing that stands for a second factor"


def test_it_is_off_where_passwords_are(client: Client, laleh: User, key: Key, settings: Any) -> None:
    said = key.answer(challenge(client))
    settings.PASSWORD_LOGIN = False
    assert press(client, said).status_code == 403
    assert client.get(PASSKEY, headers=JSON).status_code == 403
    assert PASSKEY not in client.get("/login/").content.decode()
    client.force_login(laleh)
    assert "passwordless" not in client.get(reverse("mfa_add_webauthn")).content.decode()


def test_challenges_and_attempts_of_an_address_are_limited(client: Client, laleh: User, key: Key) -> None:
    said = key.answer(challenge(client))
    with time_machine.travel(timezone.now(), tick=False):
        so_far = {"failures": throttle.FREE_OF_AN_ADDRESS, "last_at": timezone.now(), "open_at": timezone.now()}
        for kind in ("challenge", "address"):
            Attempts.objects.update_or_create(key=throttle.key_of(kind, "127.0.0.1"), defaults=so_far)
        assert client.get(PASSKEY, headers=JSON).status_code == 200
        assert client.get(PASSKEY, headers=JSON).status_code == 429
        assert press(client, {}).status_code == 302
        assert press(client, said).status_code == 429
    assert AuditEvent.objects.filter(action="login.throttled").exists()


def test_a_wrong_key_after_the_password_is_recorded(client: Client, laleh: User, key: Key) -> None:
    client.post("/login/", {"username": "laleh", "password": "a-long-password-1"})
    client.post(reverse("mfa_authenticate"), {"credential": json.dumps(key.answer(websafe_encode(b"another")))})
    assert failures() == [(str(laleh.pk), {"known": True, "method": "second_factor"})]


def test_a_passkey_is_added_only_if_it_verifies_its_user(client: Client, laleh: User) -> None:
    client.force_login(laleh)
    page = reverse("mfa_add_webauthn")
    key = Key(laleh)
    for flags in (0, FLAG.UV):
        options = client.get(page).context["js_data"]["creation_options"]["publicKey"]
        said = key.new(options["challenge"], FLAG.UP | FLAG.AT | flags)
        answer = client.post(page, {"passwordless": "on", "credential": json.dumps(said)}, secure=True)
        assert (answer.status_code == 302) == bool(flags)
        assert flags or "a passkey must ask for a PIN" in answer.content.decode()
    assert Authenticator.objects.filter(user=laleh, type=Authenticator.Type.WEBAUTHN).count() == 1


def test_nothing_that_is_said_of_a_new_key_is_a_fault_of_the_server(client: Client, laleh: User) -> None:
    client.force_login(laleh)
    page = reverse("mfa_add_webauthn")
    key = Key(laleh)
    for change in [*WITHOUT_SENSE, "no key in it", "an unknown algorithm"]:
        asked = client.get(page).context["js_data"]["creation_options"]["publicKey"]["challenge"]
        said: Any = change
        if change == "no key in it":
            said = key.new(asked, FLAG.UP)
        elif change == "an unknown algorithm":
            said = key.new(asked, FLAG.UP | FLAG.AT, CoseKey({1: 2, 3: -9999}))
        answer = client.post(page, {"credential": json.dumps(said)}, secure=True)
        assert answer.status_code == 200, change
    assert not Authenticator.objects.exists()
