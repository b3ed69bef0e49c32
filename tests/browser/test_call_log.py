"""Somebody looks a call up: filters that stand as chips, and an address that shows the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.reading import follow, number, texts
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_the_log_is_narrowed_down_by_its_chips(console: Console, called: Callable[[], None], words: Words) -> None:
    called()
    page = console.page("manager", "/calls/", language=words.language)
    everything = number(page.locator("tbody tr"))
    page.get_by_role("combobox", name=words("Result"), exact=True).select_option(label=words("Answered"))
    page.locator("details.filter-more > summary").first.click()
    page.get_by_role("search").get_by_label(words("Campaign"), exact=True).select_option(label="Campaign at bolna")
    follow(page, page.get_by_role("button", name=words("Find"), exact=True))
    chips = page.get_by_role("group", name=words("Filters")).locator("a.chip")
    expect(chips).to_have_count(2)
    narrowed = number(page.locator("tbody tr"))
    assert 0 < narrowed < everything
    states = {words("Answered")}
    assert set(texts(page.locator("tbody .chip"))) <= states

    # Whoever gets the address sees the same.
    other = console.page("manager", page.url, language=words.language)
    expect(other.locator("tbody tr")).to_have_count(narrowed)

    chips.filter(has_text=words("Answered")).click()
    expect(chips).to_have_count(1)
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name=words("Timeline"))).to_be_visible()
    page.get_by_role("link", name=words("Call log")).last.click()
    expect(heading(page)).to_have_text(words("Call log"))


def test_a_narrowed_log_is_kept_exported_and_its_calls_are_tagged(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    page = console.page("manager", "/calls/?state=completed", language=words.language)
    expect(page.locator("#total")).to_be_visible()
    saved = page.locator("details.filter-more", has=page.locator("input[name=name]"))
    saved.locator("summary").first.click()
    saved.get_by_label(words("Name"), exact=True).fill(f"Ended well {words.language}")
    saved.get_by_role("button", name=words("Save filters and columns")).click()
    page.locator("details.filter-more", has=page.locator("input[name=name]")).locator("summary").first.click()
    expect(page.get_by_role("link", name=f"Ended well {words.language}")).to_be_visible()

    page.locator("details.filter-more", has=page.locator("input[name=column]")).locator("summary").click()
    page.get_by_label(words("Tags"), exact=True).check()
    page.get_by_role("button", name=words("Show these columns")).click()
    page.get_by_role("link", name=words("Export"), exact=True).click()
    page.get_by_label("CSV").check()
    page.get_by_role("button", name=words("Create file")).click()
    # The newest stands first; an older one, of another language, may be ready while it is still written.
    fetch = page.locator("main tbody tr").first.get_by_role("link", name=words("Download"))
    expect(fetch).to_be_visible()
    with page.expect_download() as download:
        fetch.click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert words("Tags") in lines[0]
    assert len(lines) > 1

    page.goto("/calls/?state=completed")
    page.locator("tbody tr a").first.click()
    page.locator("#tags-of-call input[name=tags]").fill(f"friendly {words.language}")
    page.locator("#tags-of-call").get_by_role("button", name=words("Add"), exact=True).click()
    page.locator("#tags-of-call").get_by_role("link", name=f"friendly {words.language}").click()
    expect(page.locator("tbody tr")).to_have_count(1)
