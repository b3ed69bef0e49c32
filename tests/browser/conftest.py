"""One installation and one Chromium for all tests here; each test opens pages as a person of the demo."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from tests.browser.words import Words
from tests.end_to_end.conftest import PASSWORDS, Stack
from tests.waiting import A_MINUTE

PHONE: ViewportSize = {"width": 360, "height": 740}
SCREEN: ViewportSize = {"width": 1440, "height": 900}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LANGUAGES = os.environ.get("BROWSER_LANGUAGES", "en").split()
"""The languages that journeys are walked in and pages are looked at; `make browser` names both."""
LAUNCHED_HAS_ENDED = (
    "SELECT count(*) FROM campaigns_campaign c WHERE c.name = 'Campaign at bolna' AND c.status = 'finished' AND EXISTS"
    " (SELECT 1 FROM campaigns_calltranscript t JOIN campaigns_call l ON l.id = t.call_id"
    "  WHERE l.campaign_id = c.id AND t.text <> '')"
)
ABORTED = re.compile(r"htmx:(sendAbort|afterRequest), ")
"""What htmx says of a poll that a click on a link cut short."""
expect.set_options(timeout=1_000 * A_MINUTE)


@dataclass
class Complaints:
    """What the browser's console said against a page."""

    said: list[str] = field(default_factory=list)
    provoked: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Note errors, uncaught exceptions, and whatever names the content policy."""
        page.on("pageerror", lambda error: self.said.append(f"{page.url}: {error}"))
        page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if ABORTED.match(message.text):
            return
        if message.type == "error" or re.search("content.security.policy", message.text, re.IGNORECASE):
            # The place that the browser names is what was asked for; the window's own address may still be the last.
            self.said.append(f"{message.location['url']}: {message.type}: {message.text}")

    def expect(self, words: str) -> None:
        """Leave out one complaint that a test provokes on purpose, whether it was said already or comes later."""
        self.provoked.append(words)

    def taken(self) -> list[str]:
        """Return what nobody provoked, and begin anew."""
        said, provoked = self.said, self.provoked
        self.said, self.provoked = [], []
        for words in provoked:
            line = next((line for line in said if words in line), None)
            if line is not None:
                said.remove(line)
        return said


class Console:
    """Opens the installation's pages in a browser, each as one person, in one language, at one size."""

    def __init__(self, stack: Stack, chromium: Browser) -> None:
        self.stack, self.chromium = stack, chromium
        self.complaints = Complaints()
        self._signed_in: dict[str, tuple[Any, float]] = {}
        self._opened: list[BrowserContext] = []

    def context(
        self,
        username: str = "",
        *,
        language: str = "en",
        size: ViewportSize = SCREEN,
        is_dark: bool = False,
        has_scripts: bool = True,
    ) -> BrowserContext:
        """Return a browser window's storage in which this person is logged in; nobody where no name is given."""
        context = self.chromium.new_context(
            base_url=self.stack.origin,
            viewport=size,
            storage_state=self._state_of(username) if username else None,
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
            timezone_id="Asia/Tehran",
            locale="fa-IR" if language == "fa" else "en-GB",
            java_script_enabled=has_scripts,
        )
        context.set_default_timeout(1_000 * A_MINUTE)
        context.add_cookies([{"name": "django_language", "value": language, "url": self.stack.origin}])
        self._opened.append(context)
        return context

    def page(self, username: str = "", path: str = "", **looks: Any) -> Page:
        """Return a page in which what the browser complains of counts; opened at a path where one is given."""
        page = self.context(username, **looks).new_page()
        self.complaints.listen(page)
        if path:
            page.goto(path)
        return page

    def close(self) -> None:
        """Close every window; fail where a browser complained."""
        for context in self._opened:
            context.close()
        self._opened.clear()
        said = self.complaints.taken()
        if any("status of 5" in line for line in said):
            said.append(self.stack.tail())
        assert not said, "\n".join(said)

    def number_of(self, query: str) -> int:
        """Return the one number that a query of the database answers."""
        ((number,),) = self.stack.rows(query)
        return int(number)

    def laid_out(self, call: str) -> int:
        """Run a function of `inside.py` in the installation; returns the id that it prints last."""
        said = self.stack.manage("shell", "-v0", "-c", f"from tests.browser.inside import *; {call}")
        return int(said.split()[-1])

    def _state_of(self, username: str) -> Any:
        state, since = self._signed_in.get(username, (None, 0.0))
        # What asks for a fresh log-in must not depend on how many tests came before.
        if state is None or time.monotonic() > since + 60 * settings.FRESH_SIGN_IN_MINUTES / 3:
            context = self.chromium.new_context(base_url=self.stack.origin, locale="en-GB", timezone_id="Asia/Tehran")
            since = time.monotonic()
            log_in(context.new_page(), username)
            state = context.storage_state()
            self._signed_in[username] = state, since
            context.close()
        return state


def log_in(page: Page, username: str, password: str = "") -> None:
    """Log in through the page."""
    page.goto("/login/")
    page.get_by_label("Name", exact=True).fill(username)
    page.get_by_label("Password").fill(password or PASSWORDS[username])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_label("Password")).to_have_count(0)


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Words:
    """Hand out the words of one language after the other, so that a journey is walked in each."""
    return Words(request.param)


def chromium_path() -> str:
    """Return where the machine's browser is: under CHROMIUM, or under a name that `.ci/need` takes for it."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "Chromium is not installed: .ci/need chromium"
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run one Chromium, the machine's own."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop lives in this thread; Django would take any test that follows for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run one installation: web server, worker and a simulator twenty times as fast, with the demo's people."""
    directory: Path = tmp_path_factory.mktemp("console")
    stack = Stack(directory, speed=20, time_scale=60, limits=False, delay_ms=0)
    try:
        stack.start()
        stack.manage("shell", "-v0", "-c", f"from tests.browser.inside import *; lay_out_pages({str(directory)!r})")
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="session")
def _console(installation: Stack, chromium: Browser) -> Console:
    return Console(installation, chromium)


@pytest.fixture
def console(_console: Console) -> Iterator[Console]:
    """Hand out the console; afterwards its windows close, and no browser may have complained."""
    yield _console
    _console.close()


@pytest.fixture(scope="session")
def called(_console: Console) -> Callable[[], None]:
    """Hand out a wait until the campaign that was launched has ended, and a talk of it is written up.

    Others are laid out as finished from the beginning.
    """

    def wait() -> None:
        _console.stack.wait(
            lambda: _console.number_of(LAUNCHED_HAS_ENDED),
            120,
            "the launched campaign finished",
        )

    return wait
