"""A security key, by keyboard alone, with a virtual authenticator of the browser: added, then asked for at log-in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, SCREEN, Console
from tests.browser.keyboard import Keyboard
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]
AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PASSWORD = "river-table-lamp-7"
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "automaticPresenceSimulation": True,
}


def log_in(page: Page, words: Words, name: str) -> None:
    keys = Keyboard(page)
    keys.write(page.get_by_label(words("Name"), exact=True), name)
    keys.write(page.get_by_label(words("Password")), PASSWORD)
    page.keyboard.press("Enter")


def at(path: str) -> re.Pattern[str]:
    """Return what the address of a page begins with: a log-in's address names the page after it, too."""
    return re.compile(rf"^https?://[^/]+{re.escape(path)}")


def look(page: Page) -> None:
    """Expect no violation that axe finds."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run().then((result) => result.violations.map((one) => one.id))")
    assert found == []


PASSKEY = KEY | {"transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}


def begin(console: Console, words: Words, name: str, size: Any, key: dict[str, Any]) -> tuple[Page, str]:
    """Return a page of a new caller, who has a key at hand, and the origin; nobody is logged in."""
    console.stack.manage(
        "shell", "-v0", "-c", f"from tests.browser.inside import *; make_caller({name!r}, {PASSWORD!r})"
    )
    # A key is bound to a host's name; an address has none.
    origin = console.stack.origin.replace("127.0.0.1", "localhost")
    page = console.page("", language=words.language, size=size)
    page.context.add_cookies([{"name": "django_language", "value": words.language, "url": origin}])
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    return page, origin


@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["phone", "screen"])
def test_a_key_is_added_and_opens_the_door(console: Console, words: Words, size: Any) -> None:
    name = f"key-{words.language}-{size['width']}"
    page, origin = begin(console, words, name, size, KEY)
    keys = Keyboard(page)
    page.goto(f"{origin}/login/?next=/second-factor/keys/new/")
    log_in(page, words, name)
    page.wait_for_url(at("/second-factor/keys/new/"))
    look(page)
    keys.press(page.get_by_role("button", name=words("Add a security key")))
    page.wait_for_url(at("/second-factor/codes/"))
    expect(page.locator("code")).to_have_count(10)
    look(page)
    keys.press(page.get_by_role("link", name=words("Back to two-factor login")))
    expect(heading(page)).to_have_text(words("Two-factor login"))
    look(page)
    page.context.clear_cookies(name="session")
    page.goto(f"{origin}/login/?next=/people/")
    log_in(page, words, name)
    page.wait_for_url(at("/login/code/"))
    look(page)
    keys.press(page.get_by_role("button", name=words("Use a security key")))
    page.wait_for_url(at("/people/"))


def test_a_passkey_opens_the_door_alone(console: Console, words: Words) -> None:
    name = f"passkey-{words.language}"
    page, origin = begin(console, words, name, PHONE, PASSKEY)
    keys = Keyboard(page)
    page.goto(f"{origin}/login/?next=/second-factor/keys/new/")
    log_in(page, words, name)
    page.wait_for_url(at("/second-factor/keys/new/"))
    keys.press(page.get_by_label(words("Passkey: log in with this key, without a password")), "Space")
    keys.press(page.get_by_role("button", name=words("Add a security key")))
    page.wait_for_url(at("/second-factor/codes/"))
    page.context.clear_cookies(name="session")
    page.goto(f"{origin}/login/?next=/people/")
    button = page.get_by_role("button", name=words("Log in with a passkey"))
    expect(button).to_be_visible()
    look(page)
    keys.press(button)
    page.wait_for_url(at("/people/"))
