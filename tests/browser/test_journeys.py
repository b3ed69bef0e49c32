"""Every screen has its journey, and every journey is walked in each language."""

from __future__ import annotations

import importlib
import inspect

from tests.browser.journeys import JOURNEYS


def test_every_journey_is_walked() -> None:
    assert len(JOURNEYS) == 10
    for screen, test in JOURNEYS.items():
        module, name = test.split(".")
        walk = getattr(importlib.import_module(f"tests.browser.{module}"), name)
        assert "words" in inspect.signature(walk).parameters, screen
