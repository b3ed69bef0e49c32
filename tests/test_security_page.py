"""SECURITY.md says of each line what proves it: a line without a test, or whose test is gone, fails."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?!what \|)(?P<what>[^|]+?) \| (?P<how>.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:tests/(?:\w+/)*)?test_\w+\.py|tests/(?:\w+/)+)`")


def rows() -> dict[str, list[Path]]:
    """Return the tests that each line of the table names; a bare name stands beside the one before it."""
    found = {}
    for row in ROW.finditer(PAGE):
        paths: list[Path] = []
        for name in NAMED.findall(row["how"]):
            paths.append(ROOT / name if "/" in name else paths[-1].parent / name)
        assert row["what"] not in found, f"{row['what']} stands there twice"
        found[row["what"]] = paths
    return found


def test_every_line_names_a_test_that_is_there() -> None:
    assert len(rows()) > 20
    assert [what for what, paths in rows().items() if not paths] == []
    gone = {
        f"{what}: {path.relative_to(ROOT)}"
        for what, paths in rows().items()
        for path in paths
        if not any("def test_" in one.read_text() for one in ([path] if path.is_file() else path.rglob("test_*.py")))
    }
    assert gone == set()


def test_what_attacks_the_product_stands_on_the_page() -> None:
    assert [
        path.name for path in (ROOT / "tests/security").glob("test_*.py") if f"`tests/security/{path.name}`" not in PAGE
    ] == []
