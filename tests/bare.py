"""Commands run as at a first start: in an environment that says nothing but what is given."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from cryptography.fernet import Fernet

from tests.migrated import ROOT

STRONG_KEY = secrets.token_urlsafe(60)
"""A SECRET_KEY with which production starts."""
STRONG = {
    "SECRET_KEY": STRONG_KEY,
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "desk.example.org",
}
"""The settings without which production does not start."""


def bare(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an environment that says nothing but what is given."""
    clean = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=clean | environment, capture_output=True, text=True
    )
