"""Reads figures and words off a page that has arrived whole.

Playwright's own reads answer at once, with whatever stands there: on a busy machine that is half a page, or the page
before. Here each waits for the page first. Where a press leads to another page that looks the same, go by `follow`.
"""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def follow(page: Page, pressed: Locator) -> None:
    """Press what leads to another page, and wait until that page has arrived whole."""
    with page.expect_navigation(wait_until="load"):
        pressed.click()


def number(found: Locator) -> int:
    """Return how many there are, at least one."""
    _arrived(found)
    return found.count()


def each(found: Locator) -> list[Locator]:
    """Return what is there, one by one, at least one."""
    _arrived(found)
    return found.all()


def texts(found: Locator) -> list[str]:
    """Return the words of each, at least of one."""
    _arrived(found)
    return found.all_inner_texts()


def text(found: Locator) -> str:
    """Return the words of one, without the blanks around them."""
    _arrived(found)
    return found.inner_text().strip()


def attribute(found: Locator, name: str) -> str:
    """Return an attribute of one."""
    _arrived(found)
    return found.get_attribute(name) or ""


def _arrived(found: Locator) -> None:
    expect(found.first).to_be_attached()
    found.page.wait_for_load_state("load")
