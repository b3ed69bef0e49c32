"""The runner of the pages' commands, and the honesty of their markers."""

from __future__ import annotations

import re
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.migrated import ROOT


def load() -> ModuleType:
    """Load `.ci/docs`."""
    loader = SourceFileLoader("docs_runner", str(ROOT / ".ci" / "docs"))
    spec = spec_from_loader("docs_runner", loader)
    assert spec
    module = module_from_spec(spec)
    sys.modules["docs_runner"] = module
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


RUNNER = load()
PAGES: list[Path] = RUNNER.pages()
ONLY_WITH = {
    "docker": re.compile(r"\bdocker\b"),
    "systemd": re.compile(r"\b(systemctl|journalctl)\b"),
    "machine": re.compile(r"\bsudo\b"),
    "asks": re.compile(r"\bcreatesuperuser\b(?!.*--no-input)"),
    "other": re.compile(r"\bgit (fetch|checkout)\b|--mail\b"),
    "checks": re.compile(r"\bmake test\b"),
}
"""What a block must hold that is not run for a reason: nothing else may hide behind it."""


def blocks_of_pages() -> list[Any]:
    return [(path.name, block) for path in PAGES for block in RUNNER.blocks(path.read_text())]


def test_the_reasons_are_the_runners() -> None:
    assert ONLY_WITH.keys() == RUNNER.REASONS.keys()


def test_what_is_not_run_needs_what_its_marker_says() -> None:
    wrong = [
        f"{name}:{block.line}"
        for name, block in blocks_of_pages()
        if block.not_run and not ONLY_WITH[block.not_run].search(block.commands)
    ]
    assert not wrong


def test_what_cannot_run_here_is_marked() -> None:
    wrong = [
        f"{name}:{block.line}"
        for name, block in blocks_of_pages()
        if not block.not_run and re.search(r"\b(docker|systemctl|journalctl|apt-get)\b|\bsudo (?!-u )", block.commands)
    ]
    assert not wrong


def test_every_page_is_found_and_most_of_what_it_says_runs() -> None:
    assert {"README.md", "install.md", "compose.md", "systemd.md", "scale.md", "backup.md", "upgrade.md"} <= {
        path.name for path in PAGES
    }
    blocks = [block for _name, block in blocks_of_pages()]
    assert sum(not block.not_run for block in blocks) >= 20


def test_every_fence_names_what_is_in_it() -> None:
    """Commands in a fence of another name would run nowhere."""
    for path in PAGES:
        opened = re.findall(r"^```(.*)$", path.read_text(), re.MULTILINE)[::2]
        assert set(opened) <= {"sh", "yaml", "ini", "json", "text", ""}, path.name


def test_every_marker_is_understood() -> None:
    """A slip in a marker would let its block run as any other, or hide it from the count."""
    for path in PAGES:
        text = path.read_text()
        markers = re.findall(r"^<!-- (?:not run|runs).*-->\n", text, re.MULTILINE)
        used = [block for block in RUNNER.blocks(text) if block.not_run or block.until or block.once_stopped]
        assert len(markers) == len(used), path.name
        assert len(re.findall(r"^```sh$", text, re.MULTILINE)) == len(RUNNER.blocks(text)), path.name


PAGE = """\
# Page

```sh
one
```

<!-- not run: docker -->
```sh
docker two
```

<!-- runs until: curl three -->
```sh
three
```

<!-- goes on from: other.md -->
Words.

<!-- runs once stopped -->
```sh
four
```
"""


def test_blocks_are_read_with_their_markers() -> None:
    one, two, three, four = RUNNER.blocks(PAGE)
    assert (one.line, one.commands, one.not_run, one.until) == (4, "one\n", "", "")
    assert (two.not_run, three.until) == ("docker", "curl three")
    assert (four.once_stopped, four.before, one.before) == (True, "other.md", "")
    with pytest.raises(ValueError, match="no reason"):
        RUNNER.blocks("<!-- not run: laziness -->\n```sh\nx\n```\n")


class Place:
    """A folder without a clone, a database and a queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cleared = 0

    def clear(self) -> None:
        """Count."""
        self.cleared += 1

    def shell(self, commands: str) -> Any:
        """Start commands in the folder."""
        return RUNNER.Shell(commands, self.folder, {"PATH": "/usr/bin:/bin"})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(RUNNER, "ROOT", tmp_path)
    monkeypatch.setattr(RUNNER, "START_SECONDS", 3)
    return Place(tmp_path)


def page(place: Place, text: str, name: str = "page.md") -> Path:
    path = place.folder / name
    path.write_text(text)
    return path


def test_a_block_that_fails_ends_its_page_and_says_what_it_said(place: Place) -> None:
    path = page(place, "```sh\ntrue\n```\n```sh\necho why; false; touch on\n```\n```sh\ntouch after\n```\n")
    ran, wrong = RUNNER.run_page(place, path)
    assert ran == 1
    assert "page.md:5" in wrong
    assert "why" in wrong
    assert not (place.folder / "on").exists()
    assert not (place.folder / "after").exists()


def test_what_does_not_end_runs_beside_the_page_and_ends_with_it(place: Place) -> None:
    text = (
        "<!-- runs until: test -e begun -->\n```sh\nsleep 0.3; touch begun; exec sleep 60\n```\n"
        "```sh\ntest -e begun; pgrep -f 'sleep 60' >pids\n```\n"
    )
    began = time.monotonic()
    assert RUNNER.run_page(place, page(place, text)) == (2, "")
    assert time.monotonic() - began < 30
    for pid in (place.folder / "pids").read_text().split():
        path = Path(f"/proc/{pid}/cwd")
        assert not path.exists() or path.resolve() != place.folder


def test_what_supervises_others_has_time_to_end_them(place: Place) -> None:
    """`make demo` ends its children, which are in sessions of their own, when it is asked to end."""
    code = (
        "import subprocess, signal, time, sys\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "open('child', 'w').write(str(child.pid))\n"
        "def end(*_):\n    time.sleep(1); child.kill(); child.wait(); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open('begun', 'w').close()\n"
        "while True:\n    time.sleep(0.1)\n"
    )
    (place.folder / "supervisor.py").write_text(code)
    text = f"<!-- runs until: test -e begun -->\n```sh\n{sys.executable} supervisor.py; true\n```\n"
    assert RUNNER.run_page(place, page(place, text)) == (1, "")
    assert not Path(f"/proc/{(place.folder / 'child').read_text()}").exists()


def test_what_never_comes_to_work_is_a_failure(place: Place) -> None:
    ran, wrong = RUNNER.run_page(place, page(place, "<!-- runs until: false -->\n```sh\nsleep 60\n```\n"))
    assert (ran, "did not come to work" in wrong) == (0, True)
    ran, wrong = RUNNER.run_page(place, page(place, "<!-- runs until: sleep 1 -->\n```sh\necho gone\n```\n"))
    assert (ran, "gone" in wrong) == (0, True)


def test_a_page_goes_on_from_another_one_afresh(place: Place) -> None:
    page(place, "```sh\necho first >>log\n```\n", "first.md")
    path = page(place, "```sh\necho zero >>log\n```\n<!-- goes on from: first.md -->\n```sh\necho second >>log\n```\n")
    assert RUNNER.run_page(place, path) == (2, "")
    assert (place.folder / "log").read_text().split() == ["zero", "first", "second"]
    assert place.cleared == 2


def test_what_is_not_run_is_counted_and_not_run(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    path = page(place, "<!-- not run: docker -->\n```sh\ntouch ran; docker x\n```\n")
    assert RUNNER.run_page(place, path) == (0, "")
    assert not (place.folder / "ran").exists()
    assert "page.md:3 not run: needs docker" in capsys.readouterr().out
