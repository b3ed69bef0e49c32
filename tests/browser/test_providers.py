"""An admin changes a vendor's key; others are kept out of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from providers.sandbox.accounts import ACCOUNT_OF
from tests.browser.conftest import Console
from tests.browser.steps import expect_words, heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_a_bad_key_is_refused_and_a_good_one_stored(console: Console, words: Words) -> None:
    account = ACCOUNT_OF["vocode"]
    page = console.page("admin", "/providers/", language=words.language)
    page.get_by_role("link", name=account.name).first.click()
    keys = page.locator("#keys")
    key = keys.get_by_label(words("API key"))
    key.fill("not-a-key-of-vocode")
    keys.get_by_role("button", name=words("Test and save")).click()
    expect(page.get_by_role("alert").first).to_contain_text(words.some("%(vendor)s does not accept the key."))
    expect_words(page, words("Nothing was saved. Copy the full key from the provider and paste it again."))
    console.complaints.expect("status of 422")

    key.fill(account.key)
    keys.get_by_role("button", name=words("Test and save")).click()
    expect_words(page, words.some("The new key is saved. %(why)s"))
    assert account.key not in page.content()


def test_a_caller_does_not_reach_the_keys(console: Console) -> None:
    vocode = console.number_of("SELECT id FROM providers_provider WHERE vendor = 'vocode'")
    page = console.page("caller", f"/providers/{vocode}/")
    expect(page.locator("#keys")).to_have_count(0)
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.request.post(
        f"/providers/{vocode}/key/",
        form={"csrfmiddlewaretoken": token, "api_key": "mine"},
        headers={"Referer": page.url},
    )
    assert answer.status == 403
    assert "Your role does not allow this page or action" in answer.text()

    page.goto("/calls/export/")
    expect(heading(page)).to_have_text("No access")
    console.complaints.expect("status of 403")
