"""The Persian sentences: all there, with the same placeholders, in Persian letters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

SOURCE = Path(__file__).resolve().parent.parent / "locale" / "fa" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def entries() -> Iterator[dict[str, str]]:
    """Yield each entry of the file: its keywords and texts, and its flags under "#,"."""
    for block in SOURCE.read_text(encoding="utf-8").split("\n\n")[1:]:
        found: dict[str, str] = {"#,": ""}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#"):
                found[line[:2]] = found.get(line[:2], "") + line[2:]
                continue
            if not line.startswith('"'):
                keyword, line = line.split(" ", 1)
                found[keyword] = ""
            found[keyword] += ast.literal_eval(line)
        yield found


def test_every_sentence_is_translated() -> None:
    wanting = [
        entry["msgid"]
        for entry in entries()
        if "fuzzy" in entry["#,"] or not all(text for key, text in entry.items() if key.startswith("msgstr"))
    ]
    assert not wanting


def test_placeholders_survive() -> None:
    lost = []
    for entry in entries():
        wanted = set(PLACEHOLDER.findall(entry.get("msgid_plural", entry["msgid"])))
        for key, text in entry.items():
            if key.startswith("msgstr") and set(PLACEHOLDER.findall(text)) != wanted and key != "msgstr[0]":
                lost.append((entry["msgid"], text))
    assert not lost


def test_letters_are_persian() -> None:
    """Arabic yeh and kaf look alike on some screens and are not found by a search."""
    wrong = [entry["msgid"] for entry in entries() for text in entry.values() if re.search("[يك]", text)]
    assert not wrong


@pytest.mark.parametrize(
    ("sentence", "persian"),
    [("Quick call", "تماس فوری"), ("Do not call", "تماس نگیرید"), ("Providers", "ارائه‌دهندگان")],
)
def test_the_compiled_form_speaks(sentence: str, persian: str) -> None:
    with translation.override("fa"):
        assert translation.gettext(sentence) == persian
