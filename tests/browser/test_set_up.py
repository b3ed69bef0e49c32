"""An admin changes a vendor's key; others are kept out of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from providers.sandbox.accounts import ACCOUNT_OF
from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser]


def test_a_bad_key_is_refused_and_a_good_one_stored(desk: Desk) -> None:
    account = ACCOUNT_OF["vocode"]
    page = desk.page("admin", "/providers/")
    page.get_by_role("link", name=account.name).first.click()
    keys = page.locator("#keys")
    keys.get_by_label("API key").fill("not-a-key-of-vocode")
    keys.get_by_role("button", name="Test and store").click()
    expect(page.get_by_role("alert").first).to_contain_text("does not accept the key")
    expect(page.locator("main")).to_contain_text("Nothing was stored.")
    desk.complaints.forget("status of 422")

    keys.get_by_label("API key").fill(account.key)
    keys.get_by_role("button", name="Test and store").click()
    expect(page.locator("main")).to_contain_text("The new key is stored.")
    assert account.key not in page.content()


def test_a_caller_does_not_reach_the_keys(desk: Desk) -> None:
    vocode = desk.number_of("SELECT id FROM providers_provider WHERE vendor = 'vocode'")
    page = desk.page("caller", f"/providers/{vocode}/")
    expect(page.locator("#keys")).to_have_count(0)
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.request.post(
        f"/providers/{vocode}/key/",
        form={"csrfmiddlewaretoken": token, "api_key": "mine"},
        headers={"Referer": page.url},
    )
    assert answer.status == 403
    assert "Your role does not include this page or this button" in answer.text()

    page.goto("/calls/export/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not open to you")
    desk.complaints.forget("status of 403")
