"""What compose itself makes of compose.yaml and a .env: the first version of it, which needs no daemon to tell."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.files import FIXED, LETTERS, NOT_FOR_CONTAINERS, OURS, quoted, setting_names
from tests.migrated import ROOT

pytestmark = pytest.mark.deploy


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make a folder with compose.yaml."""
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    return tmp_path


def config(place: Path) -> dict[str, Any]:
    """Return the services as compose would start them."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    done = subprocess.run(["docker-compose", "config"], cwd=place, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


def as_written(value: object) -> str:
    """Return a value as a container gets it; compose prints one $ as two."""
    return str(value).replace("$$", "$")


def test_every_setting_of_the_file_arrives_in_every_container_of_ours(place: Path) -> None:
    """What compose.yaml sets itself is named beside it with its reason."""
    expected = {name: f"value of {name}" for name in setting_names() if name not in NOT_FOR_CONTAINERS}
    (place / ".env").write_text("".join(f"{name}={value}\n" for name, value in expected.items()))
    services = config(place)
    for service in OURS:
        arrived = services[service]["environment"]
        assert {name: arrived.get(name) for name in expected if name not in FIXED} == {
            name: value for name, value in expected.items() if name not in FIXED
        }


def test_a_password_of_any_letters_is_the_same_for_the_database_and_for_us(place: Path) -> None:
    (place / ".env").write_text(f"DATABASE_PASSWORD={quoted(LETTERS)}\nSECRET_KEY={quoted('$ecret')}\n")
    services = config(place)
    assert as_written(services["postgres"]["environment"]["POSTGRES_PASSWORD"]) == LETTERS
    for service in OURS:
        assert as_written(services[service]["environment"]["DATABASE_PASSWORD"]) == LETTERS
        assert as_written(services[service]["environment"]["SECRET_KEY"]) == "$ecret"


def test_the_example_is_enough_for_compose(place: Path) -> None:
    """With nothing filled in keys can be made."""
    shutil.copy(ROOT / ".env.example", place / ".env")
    assert set(config(place)) >= set(OURS)
