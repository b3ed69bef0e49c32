"""Every page of the console, at a phone's and a screen's width, in both languages: quiet, in bounds, accessible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import LANGUAGES, PHONE, SCREEN, Console
from tests.browser.pages import pages_of

pytestmark = [pytest.mark.browser]

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
IS_FULL = len(LANGUAGES) > 1
SAMPLE = slice(None) if IS_FULL else slice(0, None, 3)
LOOKS = [
    # Every page on a phone, which has least room; beside it a sample on a screen and in the dark.
    *(pytest.param(language, PHONE, False, slice(None), id=f"{language}-phone") for language in LANGUAGES),
    *(pytest.param(language, SCREEN, True, SAMPLE, id=f"{language}-screen-dark") for language in LANGUAGES),
    *(
        pytest.param(language, size, is_dark, slice(None), id=f"{language}-{name}")
        for language in LANGUAGES
        for size, is_dark, name in ((PHONE, True, "phone-dark"), (SCREEN, False, "screen"))
        if IS_FULL
    ),
]
WIDEST = """() => {
  const width = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > width + 1 || box.left < -1);
  });
  return out.slice(0, 5).map((element) => element.outerHTML.slice(0, 160));
}"""


CUT = """() => innerWidth > 820 ? [] : [...document.querySelectorAll(".table-wrap, fieldset.module")].map((wrap) => {
  const edges = wrap.getBoundingClientRect();
  const out = [...wrap.querySelectorAll("td, label, .help")].find((cell) => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    const box = words.getBoundingClientRect();
    return box.width && (box.right > edges.right + 1 || box.left < edges.left - 1);
  });
  // A group of Set-up clips what is wider, and says nothing of it in its width.
  const isCut = wrap.matches("fieldset") ? out : wrap.scrollWidth > wrap.clientWidth;
  return isCut ? (out || wrap).outerHTML.slice(0, 160) : "";
}).filter(Boolean)"""
"""On a phone tables are cards, and Set-up cuts what is wider than a group: nothing in them stands out of sight."""


def each_page(
    console: Console, language: str, check: Callable[[Page], list[str]], sample: slice = slice(None), **looks: Any
) -> list[str]:
    """Open every page, or a sample, and return what its frame and a check say of it."""
    windows: dict[str, Page] = {}
    said: list[str] = []
    for wanted in pages_of(console)[sample]:
        if wanted.username not in windows:
            windows[wanted.username] = console.page(wanted.username, language=language, **looks)
        page = windows[wanted.username]
        answer = page.goto(wanted.path)
        found = [] if answer and answer.status == wanted.status else [f"status {answer and answer.status}"]
        if wanted.status != 200:
            console.complaints.expect(
                f"{wanted.path}: error: Failed to load resource: the server responded with a status of {wanted.status}"
            )
        found += [*frame(page, language), *check(page)]
        said += [f"{wanted.username} {wanted.path}: {line}" for line in found]
    return said


def frame(page: Page, language: str) -> list[str]:
    """Return what is wrong with the page's language, direction or width."""
    root = page.evaluate(
        "() => { const root = document.documentElement;"
        " return {lang: root.lang, dir: root.dir, needs: root.scrollWidth, has: root.clientWidth} }"
    )
    said = []
    if (root["lang"], root["dir"]) != (language, "rtl" if language == "fa" else "ltr"):
        said.append(f"{root['lang']} runs {root['dir']}")
    if root["needs"] > root["has"]:
        said.append(f"{root['needs']} px in {root['has']}: {page.evaluate(WIDEST)}")
    if cut := page.evaluate(CUT):
        said.append(f"out of sight in a table: {cut}")
    return said


@pytest.mark.parametrize(("language", "size", "is_dark", "sample"), LOOKS)
def test_pages_are_quiet_in_bounds_and_accessible(
    console: Console, called: Callable[[], None], language: str, size: Any, is_dark: bool, sample: slice
) -> None:
    called()
    said = each_page(console, language, violations, sample, size=size, is_dark=is_dark)
    assert not said, "\n".join(said)


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page; it comes in as a debugger's script, so that the content policy stays on."""
    page.evaluate(f"() => {{ {AXE} }}")
    # Without CSSOM, which no rule that runs asks for: axe writes a style element to read a sheet's imports, which the
    # content policy forbids it.
    options = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]
