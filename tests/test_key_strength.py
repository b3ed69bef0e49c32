"""Production starts with keys that nobody can guess, and with names of its own; else it says how to make them."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from callcenter.key_strength import faults, is_guessable
from tests.bare import STRONG_KEY, bare

GOOD = Fernet.generate_key().decode()
HOSTS = ["desk.example.org", "127.0.0.1", "[::1]", ".example.org", "localhost", "web_1"]


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


def said(secret: str = STRONG_KEY, keys: tuple[str, ...] = (GOOD,), hosts: tuple[str, ...] = (), *others: str) -> str:
    return " ".join(faults(secret, keys, hosts or HOSTS, others))


SECRETS = {
    "short": ("abc", "is short"),
    "random, but short": (secrets.token_urlsafe(30), "is short"),
    "one letter": ("x" * 60, "not random"),
    "few letters": ("abcd" * 20, "not random"),
    "a word again and again": ("correct-horse-9" * 5, "not random"),
    "the alphabet": ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "not random"),
    "an example": ("change-me-" + secrets.token_urlsafe(60), "is an example"),
    "Django's": ("django-insecure-" + secrets.token_urlsafe(60), "is an example"),
    "that of the tests": ("tests-only-secret-key-that-is-long-enough-to-pass-the-checks-0123456789", "is an example"),
}
FIELD_KEYS = {
    "no base64": ("not a key at all", "is not a key"),
    "short": (encoded(os.urandom(16)), "is not a key: it does not"),
    "zeroes": (encoded(bytes(32)), "is not random"),
    "a row": (encoded(bytes(range(32))), "is not random"),
    "a row backwards": (encoded(bytes(range(200, 168, -1))), "is not random"),
    "typed": (encoded(b"correct horse battery staple 123"), "is not random"),
    "that of the tests": ("oXuMlsamqFHr_j8FO41cOGdHPhir76XSR7_K0ekP_fE=", "is an example"),
}
NAMES = {
    "any": ("*", "under any name"),
    "any below": ("*.example.org", "under any name"),
    "an address of a page": ("https://desk.example.org", "is no name"),
    "a port": ("desk.example.org:8000", "is no name"),
    "a top-level domain": (".org", "top-level"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_key_that_can_be_guessed_is_refused(case: str) -> None:
    key, why = SECRETS[case]
    told = said(key)
    assert why in told
    assert "init --print-production" in told
    assert key not in told


@pytest.mark.parametrize("case", FIELD_KEYS)
def test_a_field_key_that_can_be_guessed_is_refused(case: str) -> None:
    key, why = FIELD_KEYS[case]
    told = said(keys=(GOOD, key))
    assert f"key 2 {why}" in told
    assert "init --print-key" in told
    assert key not in told


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_lets_others_in_is_refused(case: str) -> None:
    host, why = NAMES[case]
    assert why in said(hosts=("desk.example.org", host))


def test_keys_differ_from_each_other() -> None:
    assert "names a key twice" in said(keys=(GOOD, GOOD))
    assert "also used" in said(GOOD + GOOD, (GOOD,))
    assert "also used" in said(STRONG_KEY, (GOOD,), (), GOOD)
    assert "also used" in said(STRONG_KEY, (GOOD,), (), STRONG_KEY)
    assert said(STRONG_KEY, (GOOD,), (), "", STRONG_KEY[:3], "another-password") == ""


def test_what_init_makes_is_strong_each_time() -> None:
    for _ in range(300):
        assert said(secrets.token_urlsafe(60), (Fernet.generate_key().decode(), GOOD)) == ""
        assert not is_guessable(secrets.token_hex(32))


def test_production_refuses_to_start_and_says_how_to_make_a_key(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "x" * 60, "FIELD_KEYS": "abc", "ALLOWED_HOSTS": "*", "VAR_DIR": str(tmp_path)}
    done = bare("check", **given)
    assert done.returncode != 0
    for sentence in ("SECRET_KEY is not random", "FIELD_KEYS: key 1", "ALLOWED_HOSTS: '*'", "init --print-production"):
        assert sentence in done.stderr
    assert bare("check", **given | {"DEBUG": "on", "FIELD_KEYS": GOOD}).returncode == 0, "development may"
