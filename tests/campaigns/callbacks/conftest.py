"""What the tests of callbacks begin with: no calling hours, and a provider whose dispatch lease is ours."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def at_any_hour(settings: Settings, db: None) -> None:
    """Let single calls be made whatever the hour of the run."""
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
