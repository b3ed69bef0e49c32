"""Somebody notes what a person said, joins a double entry, and takes down who wants no calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.reading import number
from tests.browser.steps import box, confirm, expect_words, heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_a_person_is_noted_merged_and_never_called_again(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    person = console.number_of(
        "SELECT max(c.id) FROM campaigns_contact c WHERE c.phone NOT IN (SELECT phone FROM campaigns_donotcall)"
        " AND c.name <> '' AND c.merged_into_id IS NULL AND c.id NOT IN (SELECT contact_id FROM campaigns_contactnote)"
        " AND c.id IN (SELECT contact_id FROM campaigns_call WHERE campaign_id IS NOT NULL)"
        " AND c.id NOT IN (SELECT contact_id FROM campaigns_call WHERE contact_id IS NOT NULL AND status NOT IN"
        " ('completed', 'no_answer', 'busy', 'failed', 'canceled', 'skipped'))"
    )
    ((name, phone),) = console.stack.rows(f"SELECT name, phone FROM campaigns_contact WHERE id = {person}")
    page = console.page("manager", "/people/", language=words.language)
    page.get_by_label(words("Name or number")).fill(words.digits(phone.removeprefix("+")[-7:]))
    page.get_by_role("button", name=words("Find")).click()
    page.locator("tbody").get_by_role("link", name=name).click()
    expect(heading(page)).to_have_text(name)

    page.get_by_label(words("New note")).fill("Speaks French\nafter lunch")
    page.get_by_role("button", name=words("Save note")).click()
    expect_words(page, words("Note saved."), "Speaks French", "Reza")

    # The same person came in a second time, under another number.
    page.goto("/people/new/")
    box(page, words("Name")).fill(name)
    page.get_by_label(words("Number"), exact=True).fill(f"0912 {665 + len(words.digits(1).encode())} 1{person:03d}")
    page.get_by_role("button", name=words("Save"), exact=True).click()
    expect_words(page, words("Added."))
    page.get_by_role("link", name=words("Duplicate? Merge contacts")).click()
    page.locator("tbody tr").filter(has_text=phone[-4:]).get_by_role("link").click()
    expect_words(page, words("What will happen"))
    page.get_by_role("button", name=words("Merge contacts")).click()
    expect_words(page, words("Contacts merged. All calls are on this page."), "Speaks French")
    assert number(page.locator("tbody tr")) > 0

    confirm(page, words("Never call again"), reason="Asked by mail")
    expect_words(page, words("Will not be called: the number is on the do-not-call list."))
    page.goto("/do-not-call/")
    rows = page.locator("tbody tr").filter(has_text="Asked by mail")
    # It holds for either number.
    expect(rows).to_have_count(2)
    rows.first.locator("summary").click()
    rows.first.get_by_label(words("Reason")).fill("Wrote again")
    rows.first.get_by_role("button").click()
    expect_words(
        page, words("Removed from the list. This number can be called again. Calls already cancelled stay cancelled.")
    )
    expect(rows).to_have_count(1)
    rows.first.locator("summary").click()
    rows.first.get_by_label(words("Reason")).fill("Wrote again")
    rows.first.get_by_role("button").click()
    expect(rows).to_have_count(0)
