"""A survey's results: looked at, sent to a colleague as a link, refused to who may not hear, fetched as a workbook."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.reading import text
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_a_surveys_results_are_shared_by_a_link_and_fetched_as_a_workbook(console: Console, words: Words) -> None:
    surveyed = console.number_of("SELECT min(campaign_id) FROM campaigns_question")
    page = console.page("manager", f"/campaigns/{surveyed}/results/", language=words.language)
    expect(page.get_by_text(words("Reached the goal"), exact=True)).to_be_visible()
    link = text(page.locator("bdi", has_text=f"/campaigns/{surveyed}/results/").last)

    colleague = console.page("caller", link, language=words.language)
    expect(heading(colleague)).to_have_text("What did you think of us?")
    expect(colleague.get_by_text(words("Reached the goal"), exact=True)).to_be_visible()
    # Whoever sets things up does not read what people said.
    console.complaints.expect("403")
    stranger = console.page("admin", language=words.language)
    answer = stranger.goto(link)
    assert answer is not None
    assert answer.status == 403

    page.get_by_role("link", name=words("Export answers")).click()
    page.get_by_label(words("Excel (XLSX)")).check()
    page.get_by_role("button", name=words("Create file")).click()
    fetch = page.locator("main tbody tr").first.get_by_role("link", name=words("Download"))
    expect(fetch).to_be_visible()
    with page.expect_download() as download:
        fetch.click()
    with zipfile.ZipFile(Path(download.value.path())) as workbook:
        written = "".join(workbook.read(name).decode() for name in workbook.namelist() if name.endswith(".xml"))
    assert "As number" in written
    assert "As choice" in written


def test_a_call_of_a_queue_is_reviewed_by_a_scorecard(console: Console, words: Words) -> None:
    queue = console.number_of("SELECT min(id) FROM campaigns_reviewqueue")
    page = console.page("manager", f"/reviews/{queue}/", language=words.language)
    expect(heading(page)).to_have_text("Survey, missed")
    page.get_by_role("link", name=words("Review this call")).first.click()
    card = page.locator("#review form")
    expect(card.get_by_role("heading", name="Politeness")).to_be_visible()
    choices = card.get_by_role("group", name="Says who is calling")
    choices.get_by_role("radio").first.check()
    card.get_by_role("group", name="Listens").get_by_role("radio").last.check()
    card.get_by_role("button", name=words("Save review")).click()
    expect(page.get_by_text(words("Review saved with your name."))).to_be_visible()
    expect(heading(page)).to_have_text("Survey, missed")
