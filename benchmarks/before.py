"""Benchmark of the dispatch slice against that of an earlier commit: paired rounds, over http and over TLS.

    python -m benchmarks.before COMMIT [--rounds 5] [--calls 3000]

The commit is checked out into a temporary worktree with an environment of its own, and measured by the script of this
tree. The two take turns, so that other load on the machine affects both.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.common import ROOT, Goal

BRIDGE = """

def open_order_loop(provider, most, tell):
    loop = provider.open_carrier(most, tell)
    loop.send = loop.carry
    return loop
"""
"""Patch for trees in which models still opened the network client themselves."""
ROW = "rate", "cpu", "bare_rate", "bare_cpu"
"""Figures of one round: calls a second and CPU ms a call, of the slice and of the client without a database."""


@contextlib.contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Context manager: a worktree of a commit with its own .venv and this tree's benchmarks; removed afterwards."""
    place = Path(tempfile.mkdtemp(prefix="callcenter-before-"))
    tree = place / "tree"
    subprocess.run(["git", "worktree", "add", "--detach", "--quiet", str(tree), commit], cwd=ROOT, check=True)
    try:
        subprocess.run([".ci/venv", "dev"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(ROOT / "benchmarks", tree / "benchmarks", dirs_exist_ok=True)
        opening = tree / "providers" / "opening.py"
        if "def open_order_loop" not in opening.read_text():
            opening.write_text(opening.read_text() + BRIDGE)
        yield tree
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)
        shutil.rmtree(place, ignore_errors=True)


def measure(tree: Path, scheme: str, asked: Any) -> tuple[float, ...]:
    """Run one round in a tree and return its figures (`ROW`)."""
    command = [
        str(tree / ".venv/bin/python"), "-m", "benchmarks.dispatch", "--rounds=1", "--no-plain", "--json",
        f"--scheme={scheme}", f"--calls={asked.calls}", f"--delay-ms={asked.delay_ms}", f"--database={asked.database}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return tuple(told[name] for name in ROW)


def main() -> None:
    """Print both trees' figures and the goals, for http and for TLS."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("commit", help="what to compare with")
    parser.add_argument("--calls", type=int, default=3_000)
    parser.add_argument("--delay-ms", type=int, default=50)
    parser.add_argument("--schemes", default="http,https")
    asked = parser.parse_args()
    with worktree(asked.commit) as tree:
        for scheme in asked.schemes.split(","):
            found: dict[Path, list[tuple[float, ...]]] = {tree: [], ROOT: []}
            for number in range(asked.rounds):
                for each in (tree, ROOT) if number % 2 else (ROOT, tree):
                    found[each].append(measure(each, scheme, asked))
                    print(
                        f"{scheme} round {number + 1} {'now' if each == ROOT else 'before'}:",
                        *found[each][-1],
                        file=sys.stderr,
                    )
            report(asked, scheme, found[tree], found[ROOT])


def report(asked: Any, scheme: str, before: list[tuple[float, ...]], now: list[tuple[float, ...]]) -> None:
    """Print the medians of the rounds; a ratio is the median of each round's ratio."""
    pairs = [tuple(new / old for new, old in zip(*pair, strict=True)) for pair in zip(now, before, strict=True)]
    ratios, shares = common.median(pairs, tuple), [100 * row[0] / row[2] for row in now]
    common.print_table(
        f"Placing {asked.calls:,} calls over {scheme}, the vendor answers in {asked.delay_ms} ms, "
        f"{asked.rounds} paired rounds",
        ["tree", "calls/s", "CPU ms a call", "client alone, calls/s", "client alone, CPU ms a call"],
        [
            [f"before: {asked.commit}", *common.median(before, tuple)],
            ["now", *common.median(now, tuple)],
            ["now / before", *ratios],
        ],
    )
    common.print_goals(
        [
            Goal("of the rate before", 100 * ratios[0], 95, " %"),
            Goal("of the CPU a call before", 100 * ratios[1], 100, " %", at_most=True),
            Goal("of the client without a database", common.median([(share,) for share in shares], tuple)[0], 80, " %"),
        ]
    )


if __name__ == "__main__":
    main()
