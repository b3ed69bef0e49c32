"""Breaks the product on purpose, one defence at a time, in a copy of it: the named test must fail.

Run as `make mutants`, or `python -m tests.faults.mutants WORD` for those whose name or file contains a word:
`python -m tests.faults.mutants callcenter/audit/`.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.mutant import Mutant
from tests.faults.mutations import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent
COPIES = 2
SECONDS = 300
TIMED_OUT = -1


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant."""

    mutant: Mutant
    is_killed: bool
    word: str
    seconds: float


def copy_tree() -> Path:
    """Copy the working tree without what was built; the environment of Python is shared."""
    place = Path(tempfile.mkdtemp(prefix="mutants-"))
    copied = place / "tree"
    shutil.copytree(
        ROOT, copied, symlinks=True,
        ignore=shutil.ignore_patterns(
            ".venv", ".git", "var", "__pycache__", ".env", ".*_cache", ".hypothesis", "locale"
        ),
    )  # fmt: skip
    (copied / ".venv").symlink_to(ROOT / ".venv")
    return copied


def run_tests(tree: Path, *tests: str, seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "TEST_DATABASE_URL": "", "TEST_REDIS_URL": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:randomly", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, TIMED_OUT, "", "")


def try_one(tree: Path, mutant: Mutant) -> Result:
    """Put one mutation in, run its test, take it out again."""
    began = time.monotonic()
    path = tree / mutant.file
    sound = path.read_text()
    if sound.count(mutant.old) != 1:
        return Result(mutant, False, f"its text stands there {sound.count(mutant.old)} times", 0.0)
    path.write_text(sound.replace(mutant.old, mutant.new))
    try:
        done = run_tests(tree, mutant.test)
    finally:
        path.write_text(sound)
    word = {0: "SURVIVED", 1: "killed", TIMED_OUT: "TIMED OUT"}.get(done.returncode, f"BROKEN ({done.returncode})")
    if done.returncode == 1 and " failed" not in done.stdout[-200:]:
        word = "BROKEN (the test did not start)"
    return Result(mutant, word == "killed", word, time.monotonic() - began)


def main() -> int:
    """Try all mutants; returns how many were not killed."""
    wanted = [mutant for mutant in MUTANTS if all(word in f"{mutant.file} {mutant.name}" for word in sys.argv[1:])]
    trees = [copy_tree() for _number in range(COPIES)]
    results: list[Result] = []
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    try:
        # The tests must pass on sound code, or their failure says nothing.
        sound = run_tests(trees[0], *sorted({mutant.test for mutant in wanted}), seconds=10 * SECONDS)
        if sound.returncode:
            print(sound.stdout[-3000:])
            print("The tests fail without any mutation.")
            return 1
        for mutant in wanted:
            waiting.put(mutant)

        def work(tree: Path) -> None:
            while True:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                result = try_one(tree, mutant)
                results.append(result)
                print(f"{result.word:<10} {mutant.name:<55} {result.seconds:4.1f} s  {mutant.test}", flush=True)

        threads = [threading.Thread(target=work, args=(tree,)) for tree in trees]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for tree in trees:
            shutil.rmtree(tree.parent, ignore_errors=True)
    killed = sum(result.is_killed for result in results)
    print(f"\n{killed} of {len(results)} mutants killed")
    return len(results) - killed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
