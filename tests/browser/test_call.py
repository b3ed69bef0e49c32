"""A manager reads one call from its order to its words, and calls the person again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.reading import number
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_a_call_is_read_and_its_person_is_called_again(
    console: Console, called: Callable[[], None], words: Words
) -> None:
    called()
    talked = console.number_of("SELECT min(call_id) FROM campaigns_calltranscript WHERE text <> ''")
    ((name, phone),) = console.stack.rows(
        "SELECT p.name, p.phone FROM campaigns_call c JOIN campaigns_contact p ON p.id = c.contact_id"
        f" WHERE c.id = {talked}"
    )
    page = console.page("manager", f"/calls/{talked}/", language=words.language)
    expect(heading(page)).to_have_text(words("Call to %(name)s", name=name))
    steps = page.locator(".timeline > li")
    expect(page.get_by_role("heading", name=words("Timeline"))).to_be_visible()
    assert number(steps) >= 3
    expect(page.locator(".talk > li").first).to_be_visible()

    page.goto(f"/quick-call/?again={talked}")
    expect(page.locator("#standing")).to_contain_text(re.compile(re.escape(phone[-4:])))
    expect(page.get_by_label(words("Provider"), exact=True)).to_have_value(re.compile(r"\d+"))
