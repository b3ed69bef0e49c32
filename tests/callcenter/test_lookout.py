"""The web process's lookout looks again and again, and starts with the web server alone."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from django.conf import settings

from callcenter import lookout
from campaigns.notices import alerts
from tests.waiting import A_MINUTE


def test_it_looks_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    ended = threading.Event()

    def tell(now: object) -> int:
        looks.append(now)
        if len(looks) == 3:
            ended.set()
        return 0

    monkeypatch.setattr(alerts, "tell_of_silence", tell)
    monkeypatch.setattr(lookout.connections, "close_all", lambda: None)
    monkeypatch.setattr(lookout, "DatabaseClock", lambda: type("Clock", (), {"now": staticmethod(lambda: 1)})())
    thread = threading.Thread(target=lookout.watch, args=(ended, 0.01))
    thread.start()
    thread.join(A_MINUTE)
    assert not thread.is_alive()
    assert looks == [1, 1, 1]


@pytest.mark.parametrize(("module", "is_there"), [("callcenter.wsgi", True), ("callcenter.urls", False)])
def test_the_web_server_starts_it_and_nothing_else_does(module: str, is_there: bool) -> None:
    code = (
        f"import django; django.setup(); import {module}, threading;"
        "print([thread.name for thread in threading.enumerate() if thread.daemon])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert ("lookout" in done.stdout) is is_there
