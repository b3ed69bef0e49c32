"""Every cookie is for HTTPS alone in production, out of reach of scripts, and sent with no form of another site."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bare import STRONG
from tests.migrated import ROOT
from tests.sources import tree_of

ASK = """
import json
from django.conf import settings
cookies, flags = ("SESSION", "CSRF", "LANGUAGE"), ("SECURE", "HTTPONLY", "SAMESITE")
names = [f"{cookie}_COOKIE_{flag}" for cookie in cookies for flag in flags]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def test_djangos_cookies_are_so_in_production(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path), **STRONG,
        "DJANGO_SETTINGS_MODULE": "callcenter.settings",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {name: value for name, value in told.items() if value not in (True, "Lax")} == {}


def test_our_own_cookies_are_so() -> None:
    found = {}
    for folder in ("callcenter", "campaigns", "providers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(tree_of(path.read_text())) if "set_cookie(" in path.read_text() else ():
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "set_cookie"
                ):
                    flags = {word.arg: ast.unparse(word.value) for word in node.keywords}
                    found[f"{path.relative_to(ROOT)}:{node.lineno}"] = [
                        flags.get(name) for name in ("secure", "httponly", "samesite")
                    ]
    assert found
    assert {
        where for where, flags in found.items() if flags != ["settings.SESSION_COOKIE_SECURE", "True", "'Lax'"]
    } == set()
