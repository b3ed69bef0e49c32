"""What the walks share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def sign_ins_stay_fresh(settings: Any) -> None:
    """Let a log-in count as fresh for a day: a walk takes longer than that time of the product on a busy machine."""
    settings.FRESH_SIGN_IN_MINUTES = 24 * 60
