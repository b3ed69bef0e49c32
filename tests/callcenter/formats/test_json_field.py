"""JSON in forms: whatever the parser gives up on is refused with a sentence."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.conf import settings
from django.utils.module_loading import import_string

from callcenter.formats.json_field import JsonField
from tests.migrated import ROOT

UNREADABLE = {
    "no JSON": "{",
    "a long number": "9" * 5000,
    "one in a list": "[1" + "0" * 5000 + "]",
    "lists": "[" * 100_000,
}


class Asked(forms.Form):
    value = JsonField()


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_and_shown_again(kind: str) -> None:
    form = Asked({"value": UNREADABLE[kind]}, initial={"value": {}})
    assert form.errors["value"] == ["Enter a valid JSON."]
    assert form.has_changed()
    assert UNREADABLE[kind] in str(form["value"])


def test_what_can_be_read_is() -> None:
    form = Asked({"value": '{"a": [1, 2]}'})
    assert form.is_valid()
    assert form.cleaned_data == {"value": {"a": [1, 2]}}


@pytest.mark.parametrize("form", ["add_webauthn", "authenticate_webauthn", "login_webauthn", "reauthenticate_webauthn"])
def test_the_forms_of_security_keys_have_it(form: str) -> None:
    assert isinstance(import_string(settings.MFA_FORMS[form]).base_fields["credential"], JsonField)


def test_no_form_has_another_one() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("callcenter", "campaigns", "providers")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bforms\.JSONField\b", path.read_text())
    }
    assert found == {"callcenter/formats/json_field.py"}
