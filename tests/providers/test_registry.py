"""Vendors from outside: found by their entry points; what is broken is named and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from providers import registry
from providers.checks import vendor_packages_work
from providers.exceptions import ProviderMisconfigured, VendorMissing
from providers.opening import open_backend
from providers.sandbox.server import SandboxServer
from providers.sandbox.wire import demo_accounts
from tests.conftest import make_provider
from tests.installed import VENDOR_PACKAGE, install, install_entries, uninstall

OURS = ["bitel", "unleashx", "bolna", "voicy", "vocode"]


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    uninstall()


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(VENDOR_PACKAGE, tmp_path / "site", monkeypatch)


def test_without_packages_there_are_our_own_vendors() -> None:
    assert registry.slugs() == OURS
    assert registry.problems() == []


def test_package_brings_a_vendor(acme: None) -> None:
    assert registry.slugs() == [*OURS, "acme"]
    assert ("acme", "Acme") in registry.vendor_choices()
    assert "acme" in registry.vendors_that("supports_list_calls")
    assert registry.backend_class("acme").default_base_url == "https://api.acme-calls.example"
    assert vendor_packages_work() == []


@pytest.mark.django_db
def test_admin_makes_a_provider_of_it(acme: None, client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    add = reverse("admin:providers_provider_add")
    assert "Acme" in client.get(add).content.decode()
    assert "API key" in client.get(f"{add}?vendor=acme").content.decode()


@pytest.mark.django_db
def test_its_host_must_be_allowed(acme: None, settings: Settings) -> None:
    provider = make_provider(vendor="acme")
    with pytest.raises(ProviderMisconfigured, match="not allowed"):
        open_backend(provider)
    settings.VENDOR_HOSTS = [*settings.VENDOR_HOSTS, "api.acme-calls.example"]
    assert open_backend(provider).slug == "acme"


def test_simulator_speaks_for_it(acme: None) -> None:
    assert "acme" in {account.vendor for account in demo_accounts()}
    with SandboxServer(port=0) as server:
        assert "acme" in server.simulator.wires


@pytest.mark.django_db
def test_provider_whose_package_is_gone_refuses_to_be_opened_and_no_more() -> None:
    provider = make_provider(vendor="acme")
    assert provider.vendor_label == "acme"
    with pytest.raises(VendorMissing):
        open_backend(provider)


BROKEN_ENTRIES = {
    "a module that is not there": ("broken", "broken_vendor.nowhere:Backend", "ModuleNotFoundError"),
    "a module that fails at its import": ("broken", "broken_vendor.fails:Backend", "ZeroDivisionError"),
    "a name that is not there": ("broken", "broken_vendor.good:Missing", "AttributeError"),
    "no class": ("broken", "broken_vendor.good:NUMBER", "not a subclass"),
    "another class": ("broken", "broken_vendor.good:Other", "not a subclass"),
    "half a backend": ("broken", "broken_vendor.good:Half", "not complete"),
    "a backend without fields": ("broken", "broken_vendor.good:Bare", "has no label"),
    "another slug": ("broken", "acme_calls.backend:AcmeBackend", "another slug"),
    "a name that is no slug": ("Not A Slug", "acme_calls.backend:AcmeBackend", "no slug"),
    "a vendor of ours": ("bolna", "acme_calls.backend:AcmeBackend", "has this name already"),
    "a simulator that is not there": ("acme.simulator", "broken_vendor.nowhere:Wire", "has this name already"),
    "a simulator alone": ("broken.simulator", "broken_vendor.nowhere:Wire", "ModuleNotFoundError"),
}
GOOD = """
from providers.base import ProviderBackend
NUMBER = 7
class Other: ...
class Half(ProviderBackend): ...
class Bare(ProviderBackend):
    auth_headers = check_credentials = fetch_calls = build_order = parse_placed = None
"""


@pytest.mark.parametrize("kind", BROKEN_ENTRIES)
def test_broken_entry_point_is_named_and_stops_nothing(
    acme: None, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, target, why = BROKEN_ENTRIES[kind]
    package = tmp_path / "broken" / "broken_vendor"
    package.mkdir(parents=True)
    for module, text in {"__init__": "", "fails": "1 / 0\n", "good": GOOD}.items():
        (package / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    install_entries("broken-vendor", {name: target}, tmp_path / "site2", monkeypatch)
    [warning] = vendor_packages_work()
    assert warning.id == "providers.W001"
    assert f"{name} = {target} of broken-vendor" in warning.msg
    assert why in warning.msg
    assert warning.hint
    assert registry.slugs() == [*OURS, "acme"]
    assert registry.backend_class("bolna").__name__ == "BolnaBackend"
    call_command("check", stderr=StringIO(), stdout=StringIO())
    with SandboxServer(port=0) as server:
        assert {"bolna", "acme"} <= server.simulator.wires.keys()
