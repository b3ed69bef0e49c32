"""Somebody writes a campaign, checks it, launches it, pauses it, lets it finish, and stops another one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.steps import (
    box,
    choose,
    confirm,
    expect_state,
    expect_words,
    heading,
    launch_words,
    write_campaign,
)
from tests.browser.words import Words
from tests.waiting import A_MINUTE

pytestmark = [pytest.mark.browser]


def test_a_campaign_is_written_and_checked(console: Console, words: Words) -> None:
    name = f"Written in {words.language}"
    page = console.page("caller", "/campaigns/", language=words.language)
    page.get_by_role("link", name=words("New campaign")).first.click()
    expect(heading(page)).to_have_text(words("New campaign"))
    # What is missing is said at its place, and what was written stays.
    box(page.locator("#basics"), words("Name")).fill(name)
    page.get_by_role("button", name=words("Save and check")).click()
    console.complaints.expect("status of 422")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(box(page.locator("#basics"), words("Name"))).to_have_value(name)

    write_campaign(page, words, name, "Our street")
    box(page.locator("#preview"), words("Sample contact")).fill("House 3")
    page.locator("#preview").get_by_role("button", name=words("Show"), exact=True).click()
    expect(page.locator("#preview")).to_contain_text("House 3")
    page.get_by_role("button", name=words("Save and check")).click()

    expect(heading(page)).to_have_text(words("Launch check: %(name)s", name=name))
    expect_words(page, words("Who will be called"), words("What happens"))
    page.locator("main tbody").get_by_role("link").first.click()
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.go_back()
    page.get_by_role("link", name=words("Edit"), exact=True).click()
    expect(box(page.locator("#basics"), words("Name"))).to_have_value(name)


def test_a_campaign_is_launched_paused_finished_and_copied(console: Console, words: Words) -> None:
    page = console.page("caller", language=words.language)
    write_campaign(page, words, f"Remind the street {words.language}", "Our street")
    page.get_by_role("button", name=words("Save and check")).click()
    launch, yes = launch_words(words)
    confirm(page, launch, yes=yes)
    expect_state(page, words("Running"))
    page.locator("#brakes").get_by_role("button", name=words("Pause"), exact=True).click()
    expect_state(page, words("Paused"))
    page.locator("#brakes form[action$='/resume/'] button").click()
    expect_state(page, words("Running"))
    # Nobody reloads: the page follows by itself.
    expect_state(page, words("Finished"), seconds=3 * A_MINUTE)
    expect(page.locator("#campaign-live")).not_to_have_attribute("data-live", "")
    # What was counted apart comes when one gets there, and says the same as a table.
    page.reload()
    # By the keyboard: parts above it are replaced as they come, so that no element stays to be scrolled to.
    page.keyboard.press("End")
    expect(page.locator("#campaign-hours svg.plot")).to_be_visible()
    page.get_by_text(words("Show as table")).click()
    expect(page.locator("#campaign-hours table")).to_be_visible()

    page.get_by_role("button", name=words("Copy"), exact=True).click()
    # So slowly that most still wait when it is paused, however slow the machine is.
    box(page, words("Maximum calls per minute")).fill(words.digits(2))
    page.get_by_role("button", name=words("Save and check")).click()
    confirm(page, launch, yes=yes)
    expect_state(page, words("Running"))
    # Whoever is not queued yet is queued after the pause.
    pk = int(page.url.rstrip("/").rpartition("/")[2])
    queued = f"SELECT count(*) FROM campaigns_campaign WHERE id = {pk} AND is_filled"
    console.stack.wait(lambda: console.number_of(queued), 180, "everybody is queued")
    page.locator("#brakes").get_by_role("button", name=words("Pause"), exact=True).click()
    expect_state(page, words("Paused"))

    tabs = page.get_by_role("navigation", name=words("Pages of this campaign"))
    tabs.get_by_role("link", name=words("Contacts")).click()
    choose(page, words("Last attempt"), words("Waiting"))
    page.get_by_role("button", name=words("Show"), exact=True).click()
    expect_words(page, words("Waiting: the campaign is paused."))
    confirm(page, words("Skip"), yes=words("Skip this contact"), reason="Moved away")
    expect_words(page, words("Skipped: this campaign no longer calls this contact."))
    tabs.get_by_role("link", name=words("Activity")).click()
    expect_words(page, "Moved away")
    tabs.get_by_role("link", name=words("Settings")).click()
    expect_words(
        page,
        words(
            "Cannot be changed after launch: these contacts are queued. Contacts added to a list later are not called."
        ),
    )

    tabs.get_by_role("link", name=words("Dashboard")).click()
    confirm(page, words("End campaign"))
    expect_state(page, words("Ended"))
    expect_words(page, words("Not called"))
