"""Somebody logs in, sees what waits, stops everything; a manager lets it go on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORDS, PHONE, Console, log_in
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_a_wrong_password_says_what_to_do(console: Console) -> None:
    page = console.page(path="/login/")
    page.get_by_label("Name", exact=True).fill("manager")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong name or password. Check Caps Lock and keyboard language.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("manager")

    log_in(page, "manager", PASSWORDS["manager"])
    expect(heading(page)).to_have_text("Today")
    page.get_by_role("button", name="Log out").first.click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_what_waits_is_seen_and_everything_is_stopped_and_let_pass(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    # Each role begins where its work is.
    caller = console.page("caller", "/", size=PHONE, language=words.language)
    expect(heading(caller)).to_have_text(words("Quick call"))
    caller.goto("/today/")
    expect(heading(caller)).to_have_text(words("Today"))
    stop = caller.locator(".top details")
    stop.locator("summary").click()
    stop.get_by_label(words("Reason")).fill("The recording is wrong")
    stop.get_by_role("button", name=words("Stop all calls now")).click()
    banner = caller.get_by_role("alert")
    expect(banner).to_contain_text(words("All calling is stopped."))
    expect(banner).to_contain_text(words("Ask a manager or an admin to resume calling."))
    expect(caller.get_by_role("button", name=words("Yes, resume calling"))).to_have_count(0)

    manager = console.page("manager", "/", language=words.language)
    expect(manager.get_by_role("heading", name=words("Now"), exact=True)).to_be_visible()
    expect(manager.locator("#today time").first).to_be_visible()
    banner = manager.get_by_role("alert")
    expect(banner).to_contain_text("The recording is wrong")
    banner.locator("summary").click()
    banner.get_by_role("button", name=words("Yes, resume calling")).click()
    expect(manager.get_by_text(words("All calling is stopped."))).to_have_count(0)
    caller.reload()
    expect(caller.get_by_text(words("All calling is stopped."))).to_have_count(0)

    manager.locator("#today a.stat").filter(has_text=words("Calls today")).click()
    manager.wait_for_url(re.compile(r"/calls/\?since="))
    expect(manager.locator("tbody tr").first).to_be_visible()
