"""Works a page by keyboard alone: goes on with Tab until the wanted thing has the focus, and never clicks."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError

from tests.browser.steps import wait_until_quiet

FARTHEST = 150
"""So many steps of the Tab key are enough for any page of ours."""
HAS_FOCUS = "(element) => element === document.activeElement"
SHOWS_FOCUS = """(element) => {
  const look = getComputedStyle(element);
  return look.outlineStyle !== "none" || look.boxShadow !== "none" || element.type === "file";
}"""
CHOICE = """(element, option) => [
  element.selectedIndex, [...element.options].findIndex((one) => one.textContent.trim().startsWith(option))
]"""


class Keyboard:
    """The keys of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, wanted: Locator) -> None:
        """Press Tab until the wanted thing has the focus, and shows it."""
        for _step in range(FARTHEST):
            if wanted.count() == 1 and wanted.evaluate(HAS_FOCUS):
                assert wanted.evaluate(SHOWS_FOCUS), f"the focus on {wanted} cannot be seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def write(self, wanted: Locator, text: str) -> None:
        """Write into a field, instead of what stands there."""
        self.reach(wanted)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, wanted: Locator, option: str) -> None:
        """Choose an option of a list by the arrow keys, step by step as its page follows."""
        for _step in range(FARTHEST):
            self.reach(wanted)
            chosen, place = wanted.evaluate(CHOICE, option)
            if chosen == place:
                return
            self.page.keyboard.press("ArrowDown" if chosen < place else "ArrowUp")
            wait_until_quiet(self.page)
        raise AssertionError(f"the keyboard does not choose {option}")

    def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Press a button or a link."""
        self.reach(wanted)
        self.page.keyboard.press(key)

    def give_file(self, wanted: Locator, path: Path) -> None:
        """Open a file field's chooser and choose a file there."""
        for tries_left in (2, 1, 0):
            self.reach(wanted)
            try:
                with self.page.expect_file_chooser(timeout=7_000) as chooser:
                    self.page.keyboard.press("Space")
            except TimeoutError:
                # A busy machine's browser drops a press now and then; a person presses again.
                if not tries_left:
                    raise
            else:
                chooser.value.set_files(path)
                return
