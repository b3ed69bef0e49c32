"""Somebody loads a messy spreadsheet, and takes down who wants no calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser]

MESSY = """نام و نام خانوادگی;شماره موبایل;شهر
مریم حسینی;۰۹۱۲ ۳۳۳ ۱۲۰۴;تهران
Ali Rezaei;+98 (935) 333-2318;Shiraz
"Karimi; Zahra";00989363333427;Tabriz
Ali Rezaei;09353332318;Shiraz
Nobody;12345;
;no phone;
"""


def test_a_messy_file_becomes_a_list(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "مشتریان.csv"
    file.write_text(MESSY, encoding="utf-8-sig")
    page = desk.page("caller", "/imports/new/")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and look").click()

    expect(page.get_by_label("شماره موبایل")).to_have_value("phone")
    page.get_by_label("Name of the new list").fill("Town people")
    page.get_by_role("button", name="Check every row").click()

    expect(page.get_by_role("heading", name="Into the new list “Town people”")).to_be_visible()
    expect(page.locator("tr", has_text="Twice in this file").locator("td.num")).to_have_text(re.compile("1"))
    expect(page.locator("tr", has_text="Bad").locator("td.num")).to_have_text(re.compile("2"))
    page.get_by_label("Who agreed to be called, and how").fill("Asked in the shop")
    page.get_by_role("button", name="Save 3 people").click()

    page.get_by_role("link", name="Show the list").click()
    expect(page.locator("tbody")).to_contain_text("مریم حسینی")
    expect(page.locator("tbody")).to_contain_text("+98 935 333 2318")


def test_somebody_is_never_called_again(desk: Desk, called: Callable[[], None]) -> None:
    called()
    person = desk.number_of(
        "SELECT max(c.id) FROM campaigns_contact c WHERE c.phone NOT IN (SELECT phone FROM campaigns_donotcall)"
        " AND c.name <> '' AND c.id IN (SELECT contact_id FROM campaigns_call WHERE campaign_id IS NOT NULL)"
    )
    page = desk.page("manager", f"/people/{person}/")
    number = page.locator(".lead bdi").inner_text()
    panel = page.locator("details.pop", has_text="Never call again").last
    panel.locator("summary").click()
    panel.get_by_label("Why?").fill("Asked by mail")
    panel.get_by_role("button", name="Never call again").click()
    expect(page.locator("main")).to_contain_text("Will not be called: the number is on the do-not-call list.")

    page.goto("/do-not-call/")
    row = page.locator("tbody tr", has_text=number)
    expect(row).to_contain_text("Asked by mail")
    row.locator("summary").click()
    row.get_by_label("Why?").fill("Wrote again")
    row.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("Off the list: this number may be called again.")
    expect(page.locator("tbody tr", has_text=number)).to_have_count(0)
