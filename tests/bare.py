"""Commands run as at a first start: in an environment that says nothing but what is given."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.migrated import ROOT


def bare(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment that says nothing but what is given."""
    clean = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=clean | environment, capture_output=True, text=True
    )
