"""What waits for a person, by keyboard alone: a call that nobody knows the result of, and a day's spending limit."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Console
from tests.browser.keyboard import Keyboard
from tests.browser.steps import heading

pytestmark = [pytest.mark.browser]
UNDECIDED = "from tests.browser.inside import *; leave_undecided('+989121200001')"


def test_a_call_without_news_is_decided_by_keyboard(console: Console) -> None:
    call = int(console.stack.manage("shell", "-v0", "-c", UNDECIDED))
    page = console.page("manager", "/decisions/", size=PHONE)
    keys = Keyboard(page)
    row = page.locator("main li").filter(has_text="Nobody Knows")
    expect(row).to_contain_text("sends no more updates")
    answer = row.locator("details.pop").filter(has=page.locator("summary", has_text="Mark as called"))
    keys.press(answer.locator("summary"))
    keys.choose(answer.get_by_label("Result"), "Answered")
    keys.write(answer.get_by_label("Talk time in seconds"), "42")
    keys.write(answer.get_by_label("Reason"), "Heard the recording")
    keys.press(answer.get_by_role("button", name="Save result"))
    expect(heading(page)).to_have_text("Needs a decision")
    expect(page.locator("main li").filter(has_text="Nobody Knows")).to_have_count(0)
    assert (
        console.number_of(f"SELECT talk_seconds FROM campaigns_call WHERE id = {call} AND status = 'completed'") == 42
    )
    page.goto(f"/calls/{call}/")
    expect(page.locator("#call .chip").first).to_contain_text("Answered")
    expect(page.locator("main")).to_contain_text("Heard the recording")


def test_a_spending_limit_is_set_and_removed_by_keyboard(console: Console) -> None:
    page = console.page("admin", "/spending-limits/")
    keys = Keyboard(page)
    form = page.locator("#set form")
    keys.press(form.get_by_role("button", name="Save"))
    expect(form).to_contain_text("This field is required.")
    keys.write(form.get_by_label("Daily maximum"), "12.50")
    keys.press(form.get_by_role("button", name="Save"))
    expect(form).to_contain_text("Choose a team or a user, not both.")
    console.complaints.expect("status of 422")
    console.complaints.expect("status of 422")
    keys.choose(form.get_by_label("User who launches"), "caller")
    expect(form.get_by_label("Daily maximum")).to_have_value("12.50")
    keys.press(form.get_by_role("button", name="Save"))
    row = page.locator("main li").filter(has_text="Sara")
    expect(row).to_contain_text("12.50")
    assert console.number_of("SELECT count(*) FROM campaigns_daycap") == 1
    keys.press(row.locator("summary"))
    keys.press(row.locator("form").get_by_role("button"))
    expect(row).to_have_count(0)
    assert console.number_of("SELECT count(*) FROM campaigns_daycap") == 0
