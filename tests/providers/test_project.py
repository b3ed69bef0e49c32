"""No vendor goes unseen: each has a contract class, a page of payloads and a simulator."""

from __future__ import annotations

import subprocess
import sys
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


def test_rows_load_nothing_that_reaches_the_network() -> None:
    """Whoever reads rows, a migration or a report, has no use for it."""
    script = """
import sys
from django.conf import settings
settings.configure(INSTALLED_APPS=[
    "django.contrib.auth", "django.contrib.contenttypes", "callcenter.access", "callcenter.audit", "providers",
], FIELD_KEYS=[], USE_TZ=True)
from django.apps import apps
apps.populate(settings.INSTALLED_APPS)
import providers.models
reaching = {"requests", "urllib3", "pycurl", "certifi", "providers.client", "providers.opening", "providers.order_loop"}
print(sorted(reaching & set(sys.modules)))
"""
    root = HERE.parent.parent
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_backends_and_registry_name_the_same_vendors() -> None:
    files = {path.stem for path in (HERE.parent.parent / "providers" / "backends").glob("[a-z]*.py")}
    assert files == set(BACKENDS)


def page_rows(page: str, columns: int) -> dict[str, list[str]]:
    """Return the rows of the page's tables with so many columns, by their first cell."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in rows if len(row) == columns}


PAGE = (HERE.parent.parent / "providers" / "README.md").read_text()
FLAG_OF_ROW = {
    "dialler": "accepts_dialer",
    "other voice for the agent": "accepts_voice_override",
    "variables": "accepts_variables",
    "carries our reference": "carries_reference",
    "429 means not taken": "documents_rate_limit",
    "cancel a queued call": "supports_cancel",
    "hang up a live call": "supports_hang_up",
    "list calls": "supports_list_calls",
    "agents": "supports_list_agents",
    "balance or minutes": "supports_balance",
    "recording": "supports_recording",
    "transcript": "gives_transcript",
    "what was found out in the talk": "gives_answers",
    "tells its account": "tells_identity",
    "tells a machine from a person": "tells_machine",
    'hears "never call me again"': "hears_refusal",
    "cost": "gives_cost",
    "documented pace": "documented_requests",
    "webhook": "supports_webhook",
    "caller ID": "accepts_caller_id",
}


@pytest.mark.parametrize("row", FLAG_OF_ROW)
def test_the_page_says_what_the_flags_say(row: str) -> None:
    told = page_rows(PAGE, 6)[row]
    flags = [bool(getattr(backend_class(slug), FLAG_OF_ROW[row])) for slug in BACKENDS]
    assert [cell != "-" for cell in told] == flags


@pytest.mark.parametrize("slug", BACKENDS)
def test_the_page_maps_every_extra_to_a_screen(slug: str) -> None:
    for field in backend_class(slug).order_fields:
        word = field.name.removeprefix("retry_") if field.name == "retry_enabled" else field.name
        assert word in PAGE, f"{slug}: {field.name}"
