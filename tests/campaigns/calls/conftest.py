"""What the tests of single calls begin with: no calling hours, and a provider that can call."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from providers.models import Provider
from tests.conftest import make_agent, make_provider


@pytest.fixture
def at_any_hour(settings: Settings) -> None:
    """Let single calls be made whatever the hour of the run."""
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


@pytest.fixture
def provider(db: None) -> Provider:
    """A provider with one agent."""
    found = make_provider(name="Bolna here")
    make_agent(found, name="Reminder")
    return found
