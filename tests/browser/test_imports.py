"""Somebody loads a messy spreadsheet, looks at every row before it is saved, and takes it back."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.reading import text
from tests.browser.steps import confirm, expect_words, heading, write_messy
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def verdict(page: Page, word: str) -> str:
    """Return how many rows a verdict has, as the page writes it."""
    return text(page.locator("tr").filter(has=page.get_by_text(word, exact=True)).locator("td.num"))


def test_a_messy_file_becomes_a_list_and_is_taken_back(console: Console, words: Words, tmp_path: Path) -> None:
    file = write_messy(tmp_path / "مشتریان.csv", "333" if words.language == "en" else "334")
    name = f"Town people {words.language}"
    page = console.page("caller", "/imports/new/", language=words.language)
    with page.expect_download() as download:
        page.get_by_role("link", name=words("Download template")).first.click()
    assert download.value.suggested_filename.startswith("people.")
    page.get_by_label(words("File"), exact=True).set_input_files(file)
    page.get_by_role("button", name=words("Upload")).click()

    expect(page.get_by_label("شماره موبایل", exact=True)).to_have_value("phone")
    page.get_by_label(words("Name of the new list")).fill(name)
    page.get_by_role("button", name=words("Check all rows")).click()

    expect(page.get_by_role("heading", name=words("Into the new list “%(name)s”", name=name))).to_be_visible()
    assert verdict(page, words("Duplicate in this file")) == words.digits(1)
    assert verdict(page, words("Invalid")) == words.digits(2)
    with page.expect_download() as download:
        page.get_by_role("link", name=words("Download rows with errors")).click()
    rows = list(csv.reader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [row[0] for row in rows[1:]] == ["Nobody", ""]
    assert rows[0][-1] == words("Reason")
    page.get_by_label(words("Consent: how it was given")).fill("Asked in the shop")
    page.get_by_label(words("Tags")).fill("town، spring")
    page.get_by_role("button", name=words.many("Save %(n)s person", "Save %(n)s people", 3)).click()

    expect_words(page, words("All rows"))
    page.get_by_role("link", name=words("Show the list")).click()
    expect(page.locator("tbody")).to_contain_text("مریم حسینی")
    expect(page.locator("tbody")).to_contain_text(re.compile(r"\+98 935 33[34] 2318"))
    page.locator("tbody tr").filter(has_text="مریم").get_by_role("link").first.click()
    expect_words(page, "Asked in the shop", "town", "spring")

    page.goto("/imports/new/")
    page.get_by_role("link", name="مشتریان.csv").first.click()
    confirm(page, words("Undo import"))
    expect_words(page, words.many("%(n)d contact was removed.", "%(n)d contacts were removed.", 3))
    assert console.number_of(f"SELECT count(*) FROM campaigns_contactlist WHERE name = '{name}'") == 0
    expect(heading(page)).to_have_text("مشتریان.csv")


def test_another_row_becomes_the_titles_and_the_column_is_chosen(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "flights.csv"
    file.write_text(
        "Flights of May,,\nName,Pilot phone,Passenger phone\nAnn Lee,+989123360104,+989353360104\n"
        "Ben Ray,+989123360204,+989353360204\n",
        encoding="utf-8",
    )
    page = console.page("caller", "/imports/new/", has_scripts=False)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name=re.compile("Use as titles ?: Row 3")).click()
    expect(page.locator("tr.is-title")).to_contain_text("Ann Lee")
    page.get_by_role("button", name=re.compile("Use as titles ?: Row 2")).click()
    # A variable's name is asked for only where the column is kept as one.
    expect(page.get_by_label("Variable name of Name")).to_be_hidden()
    page.get_by_label("Variable name of Pilot phone").fill("pilot")
    page.get_by_label("Passenger phone", exact=True).and_(page.get_by_role("radio")).check()
    page.get_by_label("Name of the new list").fill("Flights")
    page.get_by_label("Name of the new list").press("Enter")
    expect_words(page, "Into the new list “Flights”", "The titles are in row 2.")
    page.get_by_role("button", name="Save 2 people").click()
    page.get_by_role("link", name="Show the list").click()
    expect(page.locator("tbody")).to_contain_text("+98 935 336 0104")
