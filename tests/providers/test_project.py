"""No vendor goes unseen: each has a contract class, a page of payloads and a simulator."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from providers.registry import BACKENDS, backend_class
from tests.providers.contract import ProviderContract

HERE = Path(__file__).parent


@pytest.mark.parametrize("slug", BACKENDS)
def test_vendor_keeps_the_contract(slug: str) -> None:
    module = import_module(f"tests.providers.test_{slug}")
    contracts = [
        found for found in vars(module).values() if isinstance(found, type) and issubclass(found, ProviderContract)
    ]
    assert any(found.__name__.startswith("Test") and found.backend_class is backend_class(slug) for found in contracts)


@pytest.mark.parametrize("slug", BACKENDS)
def test_vendor_is_what_the_registry_calls_it(slug: str) -> None:
    assert backend_class(slug).slug == slug
    assert (HERE.parent / "payloads" / slug).is_dir()


def test_backends_and_registry_name_the_same_vendors() -> None:
    files = {path.stem for path in (HERE.parent.parent / "providers" / "backends").glob("[a-z]*.py")}
    assert files == set(BACKENDS)
