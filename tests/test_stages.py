"""The runner of the stages: side by side within their room, all to their end, a failure is a failure."""

from __future__ import annotations

import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.conftest import pytest_collection_modifyitems
from tests.migrated import ROOT


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load `.ci/stages`, writing elsewhere."""
    loader = SourceFileLoader("stages", str(ROOT / ".ci" / "stages"))
    spec = spec_from_loader("stages", loader)
    assert spec
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "stages", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    module.OUTPUT, module.SUMMARY = tmp_path, tmp_path / "summary"
    return module


def test_a_failure_fails_the_run_and_stops_no_other(runner: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    stages = [
        runner.Stage("bad", ["sh", "-c", "echo was bad; exit 3"], 0.1),
        runner.Stage("good", ["sh", "-c", "sleep 0.3; echo was good >&2"], 0.1),
    ]
    assert not runner.run(stages)
    said = capfd.readouterr().out
    assert "was bad" in said
    assert "was good" in said
    summary = runner.SUMMARY.read_text().splitlines()
    assert [line.split()[1:3] for line in summary] == [["bad", "FAILED"], ["good", "passed"]]


def test_stages_go_side_by_side_as_far_as_there_is_room(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 2)
    log = tmp_path / "log"
    # Each goes on when two have begun, however long that takes.
    both = f"until [ $(grep -c begin {log}) -ge 2 ]; do sleep 0.05; done"
    command = ["sh", "-c", f"echo begin >> {log}; {both}; echo end >> {log}"]
    assert runner.run([runner.Stage(name, command, 1.0) for name in ("one", "two", "three")])
    assert log.read_text().split()[:3] == ["begin", "begin", "end"]
    log.unlink()
    command = ["sh", "-c", f"echo begin >> {log}; sleep 0.2; echo end >> {log}"]
    assert runner.run([runner.Stage(name, command, runner.ALONE) for name in ("four", "five")])
    assert log.read_text().split() == ["begin", "end", "begin", "end"]


def test_a_stage_waits_for_the_end_of_another_where_that_one_runs_too(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.os, "cpu_count", lambda: 2)
    log = tmp_path / "log"
    later = runner.Stage("later", ["sh", "-c", f"echo later >> {log}"], 0.1, after="code")
    assert runner.run([later, runner.Stage("code", ["sh", "-c", f"sleep 0.2; echo code >> {log}"], 0.1)])
    assert log.read_text().split() == ["code", "later"]
    assert runner.run([runner.Stage("later", ["true"], 0.1, after="code")])
    # What runs tests, and beside it nothing that is long by nature.
    reads = {"kills", "kills-engines", "browser", "e2e", "e2e-engines", "unit", "unit-engines"}
    assert {name for name, stage in runner.STAGES.items() if stage.after == runner.COMPILE} == reads


def test_a_stage_that_fills_goes_on_behind_the_others_and_beside_none_that_is_alone(runner: ModuleType) -> None:
    one, behind, next_one = (runner.Stage(name, ["true"], 1.5, fills=name != "one") for name in ("one", "two", "three"))
    alone = runner.Stage("alone", ["true"], runner.ALONE)
    assert runner.has_room(behind, [one], 2)
    assert not runner.has_room(next_one, [one, behind], 2)
    assert not runner.has_room(behind, [alone], 2)
    assert not runner.has_room(alone, [behind], 2)
    assert runner.has_room(runner.Stage("small", ["true"], 0.5), [one, behind], 2)
    nice = [runner.Stage(name, ["nice"], 0.1, fills=name == "behind") for name in ("before", "behind")]
    assert runner.run(nice)
    before, after = (int((runner.OUTPUT / f"{stage.name}.txt").read_text()) for stage in nice)
    assert after == min(before + runner.BEHIND, 19)


def test_only_stages_on_the_engines_see_them(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://somewhere/postgres")
    ask = ["sh", "-c", "echo [$TEST_DATABASE_URL]"]
    assert runner.run([runner.Stage("sqlite", ask, 0.1), runner.Stage("engines", ask, 0.1, on_engines=True)])
    assert (runner.OUTPUT / "sqlite.txt").read_text() == "[]\n"
    assert (runner.OUTPUT / "engines.txt").read_text() == "[postgres://somewhere/postgres]\n"


def test_what_runs_is_ended_where_the_run_is_broken_off(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    clean = (
        "import pathlib, time\n"
        f"try:\n    pathlib.Path({str(begun)!r}).touch()\n    time.sleep(60)\n"
        f"finally:\n    pathlib.Path({str(ended)!r}).touch()"
    )
    stage = runner.Stage("long", [sys.executable, "-c", clean], 0.1)

    def break_off(_seconds: float) -> None:
        monkeypatch.undo()
        while not begun.exists():
            time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner.time, "sleep", break_off)
    with pytest.raises(KeyboardInterrupt):
        runner.run([stage])
    assert ended.exists()


def test_a_full_run_is_written_down_with_its_figures(runner: ModuleType, tmp_path: Path) -> None:
    said = "noise\nsqlite: 10000 calls, 448 kills\n88 of 88 mutants killed\n=== 8 passed in 3.00s ===\nmore noise"
    stage = runner.Stage("faults", ["printf", "%b", said], 0.1)
    assert runner.run([stage])
    runner.record(ROOT / "var" / "tests" / "full-run.md", [stage], runner.datetime.datetime(2026, 1, 2, 3, 4))
    text = (ROOT / "var" / "tests" / "full-run.md").read_text()
    assert "- begun: 2026-01-02 03:04 UTC" in text
    assert "== faults" in text
    assert [line for line in text.splitlines() if "noise" in line] == []
    for line in said.splitlines()[1:-1]:
        assert line in text


class _Item:
    """A collected test, as far as the rule of the second engine looks at it."""

    def __init__(self, nodeid: str, *fixtures: str, mark: str = "none", **params: object) -> None:
        self.nodeid, self.fixturenames, self.mark = nodeid, fixtures, mark
        if params:
            self.callspec = SimpleNamespace(params=params)

    def get_closest_marker(self, name: str) -> SimpleNamespace | None:
        mark, *args = self.mark.split()
        return SimpleNamespace(args=args) if name == mark else None


def test_a_second_engine_runs_what_asks_the_database_by_one_vendor() -> None:
    items = [
        _Item("a::arithmetic"),
        _Item("a::asks", "db"),
        _Item("a::marked", mark="django_db"),
        _Item("a::own_database", mark="both_engines"),
        _Item("a::words", "db", mark="one_engine"),
        _Item("a::vendors[voicy-1]", "db", vendor="voicy", people=1),
        _Item("a::vendors[bolna-2]", "db", vendor="bolna", people=2),
        _Item("a::vendors[bolna-1]", "db", vendor="bolna", people=1),
        _Item("a::troubles[b-1]", "db", mark="alike trouble", trouble="b", people=1),
        _Item("a::troubles[a-1]", "db", mark="alike trouble", trouble="a", people=1),
        _Item("a::troubles[a-2]", "db", mark="alike trouble", trouble="a", people=2),
        _Item("a::cases[late]", "db", case="late"),
        _Item("a::cases[early]", "db", case="early"),
    ]
    config = SimpleNamespace(getoption=lambda _name: True, hook=SimpleNamespace(pytest_deselected=lambda items: None))
    pytest_collection_modifyitems(config, items)  # type: ignore[arg-type]
    assert [item.nodeid for item in items] == [
        "a::asks", "a::marked", "a::own_database", "a::vendors[bolna-2]", "a::vendors[bolna-1]",
        "a::troubles[a-1]", "a::troubles[a-2]", "a::cases[late]", "a::cases[early]",
    ]  # fmt: skip
