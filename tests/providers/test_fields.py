"""Keys at rest: encrypted, rotated, never searched, never dumped."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.db import connection

from providers.exceptions import KeysUnreadable
from providers.fields import UnreadableOptions
from providers.models import Provider
from tests.conftest import make_provider
from tests.providers.form_data import CANARY

pytestmark = pytest.mark.django_db


def stored(provider: Provider) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM providers_provider WHERE id = %s", [provider.pk])
        return str(cursor.fetchone()[0])


def test_column_holds_no_plain_text() -> None:
    provider = make_provider(secrets={"api_key": CANARY})
    assert CANARY not in stored(provider)
    assert Provider.objects.get(pk=provider.pk).secrets.open() == {"api_key": CANARY}


def test_no_secrets_are_an_empty_column() -> None:
    provider = make_provider(secrets={})
    assert stored(provider) == ""
    assert Provider.objects.get(pk=provider.pk).secrets.open() == {}


def test_keys_rotate(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_KEYS = [old]
    provider = make_provider(secrets={"api_key": CANARY})
    settings.FIELD_KEYS = [new, old]
    found = Provider.objects.get(pk=provider.pk)
    assert found.secrets.open() == {"api_key": CANARY}
    found.secrets = found.secrets.open()
    found.save(update_fields=["secrets"])
    settings.FIELD_KEYS = [new]
    assert Provider.objects.get(pk=provider.pk).secrets.open() == {"api_key": CANARY}
    settings.FIELD_KEYS = [old]
    sealed = Provider.objects.get(pk=provider.pk).secrets
    assert not sealed.is_readable
    with pytest.raises(KeysUnreadable):
        sealed.open()


def test_search_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be searched"):
        list(Provider.objects.filter(secrets="x"))


def test_dump_leaves_secrets_out() -> None:
    make_provider(secrets={"api_key": CANARY})
    assert CANARY not in serializers.serialize("json", Provider.objects.all())


def test_rows_load_whatever_the_columns_hold_and_a_save_loses_nothing() -> None:
    provider = make_provider()
    Provider.objects.filter(pk=provider.pk).update(secrets={"api_key": CANARY})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE providers_provider SET secrets = %s WHERE id = %s", ["no token", provider.pk])
    found = Provider.objects.select_related("team").get(pk=provider.pk)
    assert repr(found.secrets) == "<sealed>"
    assert (found.masked_secret("api_key"), found.secrets.holds("api_key")) == ("", False)
    found.name = "Another name"
    found.save()
    assert stored(provider) == "no token"


def test_options_that_cannot_be_read_stay_as_they_are() -> None:
    provider = make_provider()
    Provider.objects.filter(pk=provider.pk).update(options=["x"])
    found = Provider.objects.get(pk=provider.pk)
    assert isinstance(found.options, UnreadableOptions)
    assert found.options == {}
    found.save()
    assert Provider.objects.filter(pk=provider.pk).values_list("options__0", flat=True).get() == "x"
