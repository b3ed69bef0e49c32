"""The version before this one: which commit it is, and its files and packages, laid out beside ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.migrated import ROOT

COMMIT = "83dbd75d8dae31b19352d44e603e50a0f2ba597d"
"""What upgrades begin with; after a release, that release. tests/test_rolling_restart.py names its migrations."""


def lay_out(folder: Path) -> Path:
    """Write the files of the version before into a folder, with the packages of its own lock file, and return it."""
    packed = folder.with_suffix(".tar")
    asked = ["git", "archive", "--format=tar", f"--output={packed}", COMMIT]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"The commit before is not here: git fetch --unshallow. {done.stderr}"
    with tarfile.open(packed) as files:
        files.extractall(folder, filter="data")
    packed.unlink()
    asked = [
        str(ROOT / ".venv/bin/uv"),
        "sync",
        "--quiet",
        "--frozen",
        "--no-dev",
        "--all-extras",
        "--python",
        sys.executable,
    ]
    done = subprocess.run(asked, cwd=folder, env=os.environ | {"VIRTUAL_ENV": ""}, capture_output=True, text=True)
    assert done.returncode == 0, f"The packages of the commit before could not be had. {done.stderr}"
    return folder
