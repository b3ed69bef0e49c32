"""What the tests of dispositions begin with: no calling hours, so that no hour of the run matters."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def at_any_hour(settings: Settings, db: None) -> None:
    """Let single calls be made whatever the hour of the run."""
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
