"""Browsers for locust: each logs in, opens the console's live pages, and asks for their moving parts as htmx would.

A page says itself what moves and how often. Run by `benchmarks.browsers`, which makes the log-ins and reads the figures
from BROWSERS_LOG: a line of JSON for each request, with its end (Unix seconds), page, milliseconds and error.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import time
from typing import Any

from locust import HttpUser, events, task

from benchmarks.visits import PASSWORD, USERNAME, pages_of, parts_of, role_of

STAY_SECONDS = (10.0, 40.0)
"""How long somebody looks at a page."""
_CALL = re.compile(r"\"(/calls/\d+/)\"")
_TOKEN = re.compile(r"name=\"csrfmiddlewaretoken\" value=\"([^\"]+)\"")
_numbers = itertools.count()
_log = open(os.environ.get("BROWSERS_LOG", os.devnull), "a", buffering=1)  # noqa: SIM115 - as long as the process


class Browser(HttpUser):
    """Somebody at the console."""

    wait_time = staticmethod(lambda: 0)  # type: ignore[assignment]

    def on_start(self) -> None:
        """Log in through the page."""
        self.number = next(_numbers)
        self.random = random.Random(self.number)
        self.pages = pages_of(role_of(self.number), int(os.environ["BROWSERS_CAMPAIGN"]))
        # Not all at the same page in the same second.
        self.turn = self.random.randrange(len(self.pages))
        text = self.fetch("log in", "/login/") or ""
        token = _TOKEN.search(text)
        form = {"username": USERNAME.format(self.number), "password": PASSWORD}
        with self.client.post(
            "/login/", form | {"csrfmiddlewaretoken": token[1] if token else ""}, name="log in", catch_response=True,
            headers={"Referer": f"{self.host}/login/"},
        ) as answer:  # fmt: skip
            if "sessionid" not in self.client.cookies and "session" not in self.client.cookies:
                answer.failure(f"the log-in was refused ({answer.status_code})")

    def fetch(self, name: str, path: str, *, is_part: bool = False) -> str | None:
        """Ask for a page or a part of one; returns its text, None where it is an error or where htmx would stop."""
        headers = {"HX-Request": "true"} if is_part else {}
        with self.client.get(path, name=name, headers=headers, allow_redirects=False, catch_response=True) as answer:
            if answer.status_code not in {200, 286}:
                answer.failure(f"{answer.status_code} {path}")
                return None
            answer.success()
            return answer.text if answer.status_code == 200 else None

    @task
    def look(self) -> None:
        """Open the next page, ask for its parts for as long as somebody would look at it."""
        page = self.pages[self.turn % len(self.pages)]
        self.turn += 1
        path = page.path or self.some_call()
        leaves_at = time.monotonic() + self.random.uniform(*STAY_SECONDS)
        if not path or (text := self.fetch(page.name, path)) is None:
            time.sleep(1)
            return
        once, moving = parts_of(text, path)
        for part in once:
            self.fetch(f"{page.name}, parts", part, is_part=True)
        while moving and time.monotonic() + moving.every < leaves_at:
            time.sleep(moving.every)
            text = self.fetch(f"{page.name}, live", moving.path, is_part=True)
            # A part may name its next interval, and one that is over names none.
            moving = parts_of(text, path)[1] if text is not None else None
        time.sleep(max(0.0, leaves_at - time.monotonic()))

    def some_call(self) -> str:
        """Return the address of one of the newest calls, from the log."""
        found = _CALL.findall(self.fetch("call log", "/calls/") or "")
        return self.random.choice(found) if found else ""


@events.request.add_listener
def note(name: str, response_time: float, exception: Exception | None = None, **_more: Any) -> None:
    """Write down a request."""
    line = {"at": time.time(), "page": name, "ms": response_time, "error": str(exception or "")}
    _log.write(json.dumps(line) + "\n")
