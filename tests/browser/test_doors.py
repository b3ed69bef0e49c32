"""A manager who is asked by mail approves a campaign or returns it; a program feeds one that stays open."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.steps import confirm, expect_state
from tests.browser.words import Words
from tests.end_to_end.conftest import PASSWORDS
from tests.waiting import A_MINUTE

pytestmark = [pytest.mark.browser]


def opened_from_mail(console: Console, words: Words, name: str) -> tuple[int, Page]:
    """Ask for approval of a campaign; returns its id, and the page that the mail's link leads the manager to."""
    pk = console.laid_out(f"ask_for_approval({name!r})")
    path = f"/campaigns/{pk}/check/"
    # The worker prints its mails.
    console.stack.wait(lambda: any(path in line for line in list(console.stack.lines)), 180, "the mail")
    mailed = next(line for line in list(console.stack.lines) if path in line)

    # Whoever opens the mail is not logged in there: after the log-in the page is the one of the link.
    page = console.page(path=mailed.split()[-1].removeprefix(console.stack.origin), language=words.language)
    page.get_by_label(words("Name"), exact=True).fill("manager")
    page.get_by_label(words("Password")).fill(PASSWORDS["manager"])
    page.get_by_role("button", name=words("Log in"), exact=True).click()
    expect(page).to_have_url(re.compile(re.escape(path)))
    return pk, page


def test_a_campaign_is_approved_from_a_mail_and_calls(console: Console, words: Words) -> None:
    pk, page = opened_from_mail(console, words, f"Approved by mail in {words.language}")
    confirm(page, words("Approve and launch"))
    page.goto(f"/campaigns/{pk}/")
    expect_state(page, words("Running"))
    calls = f"SELECT count(*) FROM campaigns_call WHERE campaign_id = {pk} AND placing_at IS NOT NULL"
    console.stack.wait(lambda: console.number_of(calls), 180, "its calls leave")
    author = console.page("caller", f"/campaigns/{pk}/activity/", language=words.language)
    expect(author.locator("main")).to_contain_text("Reza")


def test_a_campaign_is_returned_from_a_mail_and_its_author_reads_why(console: Console, words: Words) -> None:
    name, reason = f"By mail in {words.language}", "Say who is calling"
    pk, page = opened_from_mail(console, words, name)
    confirm(page, words("Return"), reason=reason)
    expect(page.get_by_role("button", name=words("Return"))).to_have_count(0)

    author = console.page("caller", f"/campaigns/{pk}/activity/", language=words.language)
    expect(author.locator("main")).to_contain_text(reason)


def test_a_program_feeds_a_campaign_that_is_watched(console: Console, words: Words) -> None:
    pk = console.laid_out(f"open_campaign('Open in {words.language}')")
    scopes = [f"--scope={one}" for one in ("people:write", "calls:read")]
    key = console.stack.manage("make_api_key", "manager", *scopes).split()[-1]
    page = console.page("caller", f"/campaigns/{pk}/", language=words.language)
    expect_state(page, words("Running"))
    digits = "07" if words.language == "en" else "08"
    for number in range(2):
        answer = requests.post(
            f"{console.stack.origin}/api/v1/campaigns/{pk}/people",
            json={"phone": f"+98913500{digits}{number:02d}", "name": f"Visitor {number}"},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": f"{pk}-{number}"},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
    # Nobody reloads: the page follows by itself.
    expect(page.locator("#campaign-live")).to_contain_text(
        words("%(done)s of %(people)s people finished", done=words.digits(2), people=words.digits(2)),
        timeout=3_000 * A_MINUTE,
    )
    expect_state(page, words("Running"))
