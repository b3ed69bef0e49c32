"""Keys at rest: encrypted for their row, rotated, never searched, never dumped."""

from __future__ import annotations

import importlib
import json
import pickle
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core import serializers
from django.db import connection, transaction

from providers import sealing
from providers.exceptions import KeysUnreadable
from providers.fields import UnreadableOptions
from providers.models import FormBefore, Provider
from providers.services.keys import store_secrets
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


# Bound to row and field


def put(provider: Provider, text: str) -> Provider:
    """Write the column as text, past the model."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE providers_provider SET secrets = %s WHERE id = %s", [text, provider.pk])
    return Provider.objects.get(pk=provider.pk)


def swapped(text: str, one: str, other: str) -> str:
    """Return a stored text in which two secrets have changed places."""
    found = json.loads(text)
    found["secrets"][one], found["secrets"][other] = found["secrets"][other], found["secrets"][one]
    return json.dumps(found)


def edited(text: str, **parts: str) -> str:
    """Return a stored text with parts of its API key replaced."""
    found = json.loads(text)
    found["secrets"]["api_key"].update(parts)
    return json.dumps(found)


def test_a_value_opens_in_its_own_row_and_place_alone() -> None:
    ours = make_provider(secrets={"api_key": CANARY, "webhook_secret": "the-hook-secret-0123"})
    theirs = make_provider(secrets={"api_key": "of-another-row-0123"})
    text, other = stored(ours), stored(theirs)
    assert Provider.objects.get(pk=ours.pk).secrets.open() == {
        "api_key": CANARY, "webhook_secret": "the-hook-secret-0123",
    }  # fmt: skip
    place = json.loads(text)["for"]
    broken = {
        "another row's": other,
        "another row's that claims to be ours": other.replace(json.loads(other)["for"], place),
        "another row's key among ours": edited(text, **json.loads(other)["secrets"]["api_key"]),
        "two keys that changed places": swapped(text, "api_key", "webhook_secret"),
        "another ending shown": edited(text, shown="••••evil"),
        "another mark": edited(text, mark="0" * 32),
        "cut": edited(text, sealed=json.loads(text)["secrets"]["api_key"]["sealed"][:-8]),
        "no base64": edited(text, sealed="2." + json.loads(text)["secrets"]["api_key"]["sealed"].split(".")[1] + ".é"),
        "of no key": edited(text, sealed="2.000000000000.AAAA"),
        "of another form": edited(text, sealed="3" + json.loads(text)["secrets"]["api_key"]["sealed"][1:]),
        "JSON of another shape": '{"for": 1, "secrets": []}',
    }
    for what, changed in broken.items():
        with pytest.raises(KeysUnreadable):
            assert not put(ours, changed).secrets.open(), what
    assert put(ours, text).secrets.open()["api_key"] == CANARY


def test_another_rows_keys_are_said_before_anything_is_opened() -> None:
    ours, theirs = make_provider(), make_provider()
    found = put(ours, stored(theirs))
    assert (found.secrets.is_readable, found.secrets.holds("api_key"), found.masked_secret("api_key")) == (
        False, False, "",
    )  # fmt: skip
    assert store_secrets(ours.pk, {"api_key": CANARY})
    assert Provider.objects.get(pk=ours.pk).secrets.open() == {"api_key": CANARY}


def test_pages_know_a_key_and_a_change_replaces_one_without_opening_any(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_provider(secrets={"api_key": CANARY, "webhook_secret": "short"})
    keep = json.loads(stored(provider))["secrets"]["api_key"]
    with monkeypatch.context() as patched:
        patched.setattr(sealing, "unseal", None)
        patched.setattr(sealing, "box", None)
        sealed = Provider.objects.get(pk=provider.pk).secrets
        assert (sealed.masked("api_key"), sealed.masked("webhook_secret")) == (f"••••{CANARY[-4:]}", "••••")
        assert sealed.is_readable
        assert sealed.holds("webhook_secret")
        assert not sealed.differs({"api_key": CANARY})
        assert sealed.differs({"api_key": CANARY + "x"})
        assert not sealed.holds("other")
        assert store_secrets(provider.pk, {"webhook_secret": "another-0123456789"})
    assert json.loads(stored(provider))["secrets"]["api_key"] == keep
    assert Provider.objects.get(pk=provider.pk).secrets.open() == {
        "api_key": CANARY, "webhook_secret": "another-0123456789",
    }  # fmt: skip


def test_secrets_wait_for_the_row_that_they_are_sealed_for() -> None:
    waiting = Provider(vendor="bolna", name="New", secrets={"api_key": CANARY})
    assert waiting.secrets.open() == {"api_key": CANARY}
    assert CANARY not in f"{waiting!r} {waiting.secrets!r}"
    with pytest.raises(TypeError, match="belong to no row"):
        pickle.dumps(waiting.secrets)
    waiting.save()
    assert CANARY not in stored(waiting)
    assert waiting.secrets.is_sealed
    assert waiting.secrets.open() == {"api_key": CANARY}
    with pytest.raises(TypeError, match="belong to no row"):
        Provider.objects.filter(pk=waiting.pk).update(secrets={"api_key": CANARY})


def test_statements_for_many_rows_store_no_keys_silently() -> None:
    new = [Provider(vendor="bolna", name=name, secrets={"api_key": CANARY}) for name in ("One", "Two")]
    with pytest.raises(TypeError, match="one by one"), transaction.atomic():
        Provider.objects.bulk_create(new)
    assert not Provider.objects.exists()
    Provider.objects.bulk_create([Provider(vendor="bolna", name="Without keys")])
    # Whose primary key is known is sealed for it.
    Provider.objects.bulk_create([Provider(pk=77, vendor="bolna", name="Known", secrets={"api_key": CANARY})])
    known = Provider.objects.get(pk=77)
    assert known.secrets.open() == {"api_key": CANARY}
    assert CANARY not in stored(known)
    known.secrets = {"api_key": "another-key-0123456789"}
    with pytest.raises(TypeError, match="belong to no row"), transaction.atomic():
        Provider.objects.bulk_update([known], ["secrets"])
    assert Provider.objects.get(pk=77).secrets.open() == {"api_key": CANARY}
    # A row that was saved once is as any other in a later statement.
    saved = make_provider(secrets={"api_key": CANARY})
    saved.pk = None
    saved.secrets = {"api_key": CANARY}
    with pytest.raises(TypeError, match="one by one"), transaction.atomic():
        Provider.objects.bulk_create([saved])


# The form before


def unbound(**secrets: str) -> str:
    """Return secrets as the version before stored them."""
    return sealing.box().encrypt(json.dumps(secrets).encode()).decode()


def test_the_form_before_is_read_and_kept_while_the_version_before_may_run() -> None:
    provider = put(make_provider(), unbound(api_key=CANARY, webhook_secret="a-hook-secret-0123"))
    FormBefore.objects.create()
    assert provider.secrets.open()["api_key"] == CANARY
    assert provider.masked_secret("api_key").endswith(CANARY[-4:])
    assert store_secrets(provider.pk, {"api_key": "a-newer-key-0123"})
    new = make_provider(secrets={"api_key": CANARY})
    read = [json.loads(sealing.box().decrypt(stored(one).encode())) for one in (provider, new)]
    assert read == [{"api_key": "a-newer-key-0123", "webhook_secret": "a-hook-secret-0123"}, {"api_key": CANARY}]


def test_a_change_binds_a_value_of_the_form_before_once_that_version_is_gone() -> None:
    provider = put(make_provider(), unbound(api_key=CANARY, webhook_secret="a-hook-secret-0123"))
    assert store_secrets(provider.pk, {"webhook_secret": "another-0123456789"})
    assert json.loads(stored(provider))["for"] == f"providers.provider.secrets.{provider.pk}"
    assert Provider.objects.get(pk=provider.pk).secrets.open() == {
        "api_key": CANARY, "webhook_secret": "another-0123456789",
    }  # fmt: skip


@pytest.mark.parametrize("has_keys", [True, False])
def test_an_upgrade_keeps_the_form_where_there_are_keys(has_keys: bool) -> None:
    FormBefore.objects.all().delete()
    if has_keys:
        make_provider()
    migration = importlib.import_module("providers.migrations.0015_keys_bound_to_rows")
    migration.keep_the_form(apps, SimpleNamespace(connection=connection))
    assert FormBefore.objects.exists() is has_keys
