"""A browser in which a manager is logged in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.callcenter.kept_forms.tab import Tab


@pytest.fixture
def tab(manager: User) -> Tab:
    found = Tab(manager)
    assert found.log_in().status_code == 302
    return found
