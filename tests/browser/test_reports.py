"""A manager reads a figure, opens the calls behind it, and takes a table along."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Console
from tests.browser.reading import attribute, follow, number, text
from tests.browser.steps import heading
from tests.browser.words import Words

LATER = re.compile(r"/reports/\?.*whole=1")
pytestmark = [pytest.mark.browser]


def test_a_figure_leads_to_its_calls_and_a_table_is_handed_out(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    page = console.page("manager", "/today/", language=words.language)
    menu = page.get_by_role("navigation", name=words("Main menu")).first
    menu.get_by_role("link", name=words("Reports"), exact=True).click()
    expect(heading(page)).to_have_text(words("Reports"))
    page.get_by_role("group", name=words("Period")).get_by_role("link").first.click()
    page.get_by_label(words("Provider"), exact=True).select_option(label="Bolna sandbox")
    follow(page, page.get_by_role("button", name=words("Show"), exact=True))

    outcomes = page.locator("#outcomes-providers")
    drawn = outcomes.locator("svg.plot a").first
    opened = attribute(drawn, "href")
    row = outcomes.locator("tbody tr").filter(has_text="Bolna sandbox")
    sent = row.get_by_role("link").first
    figure = text(sent)
    with page.expect_download() as download:
        outcomes.get_by_role("link", name="CSV").click()
    table = list(csv.reader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert words.digits(table[1][1]) == figure

    sent.click()
    expect(heading(page)).to_have_text(words("Call log"))
    expect(page.locator("tbody tr").first).to_be_visible()
    assert words.digits(min(number(page.locator("tbody tr")), 50)) == words.digits(min(int(table[1][1]), 50))
    page.goto(opened)
    expect(page.locator("tbody tr").first).to_be_visible()


def test_what_comes_later_says_that_it_is_under_way_arrived_or_failed(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    page = console.page("manager", language=words.language)
    held: list[Route] = []
    page.route(LATER, lambda route: held.append(route))
    page.goto("/reports/?days=7")
    rest = page.locator("#rest")
    expect(rest.get_by_text(words("Counting…"))).to_be_visible()
    expect(rest.get_by_role("link", name=words("Count now"))).to_be_hidden()
    (route,) = held
    route.continue_()
    expect(page.locator("#bill")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=words("Counted."))).to_have_count(1)

    page.unroute(LATER)
    page.route(LATER, lambda route: route.fulfill(status=503))
    page.goto("/reports/?days=7")
    expect(rest.get_by_text(words("Could not count."))).to_be_visible()
    page.unroute(LATER)
    rest.get_by_role("link", name=words("Count now")).click()
    expect(page.locator("#bill")).to_be_visible()
    # Chromium says it of the answer, htmx says it of the request.
    console.complaints.expect("503")
    console.complaints.expect("503")
