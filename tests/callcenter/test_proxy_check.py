"""An installation without a proxy is told what is not protected."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from callcenter import diagnosis


@pytest.mark.parametrize(
    ("is_behind", "is_debug", "says"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_doctor_says_it(is_behind: bool, is_debug: bool, says: bool, settings: Settings) -> None:
    settings.BEHIND_PROXY, settings.DEBUG = is_behind, is_debug
    found = [finding for finding in diagnosis.addresses() if finding.subject == "Proxy"]
    assert bool(found) is says
    if says:
        assert "connections one address opens" in found[0].sentence
        assert "docs/compose.md" in found[0].next_step
