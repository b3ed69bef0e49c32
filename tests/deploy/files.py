"""What the deployment's tests share: compose.yaml as it is read, and the names of settings."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.migrated import ROOT

SETTING = re.compile(r"""(?:env\.\w+|required)\(\s*"([A-Z_]+)\"""")
OURS = ("prepare", "web", "worker", "backup")
"""The services of compose.yaml that run our image."""
FIXED = {
    "VAR_DIR": "where the image has its volume",
    "MARK_FILE": "on a volume of its own",
    "DATABASE_HOST": "the service postgres",
    "DATABASE_PORT": "the service postgres",
    "DATABASE_NAME": "the service postgres",
    "DATABASE_USER": "the service postgres",
    "REDIS_URL": "the service redis",
    "BEHIND_PROXY": "the service proxy",
    "BACKUP_DIR": "where the volume of backups is",
}
"""What compose.yaml sets whatever .env says, and why; everything else arrives from .env as it is."""
NOT_FOR_CONTAINERS = {"ENV_FILE": "names the file itself, and can therefore not stand in it"}
LETTERS = r"""p$w $HOME $$ @ : / # % & ? = "double" it's {braces} ü پ !"""
"""A password with every letter that some reader of it takes for something else."""


def setting_names() -> list[str]:
    """Return the names of all settings that the product reads."""
    places = (ROOT / "callcenter/settings.py", ROOT / "callcenter/sign_in_settings.py")
    return sorted({name for place in places for name in SETTING.findall(place.read_text())})


def compose() -> dict[str, Any]:
    """Return compose.yaml, with its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def quoted(value: str) -> str:
    """Return a value as .env.example says that values with special letters are written."""
    return "'" + value.replace("'", r"\'") + "'"
