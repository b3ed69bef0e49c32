"""`make image`: builds with what is there, and says in a sentence where nothing is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.migrated import ROOT

BUILDERS = ("docker", "podman", "buildah")


def build(place: Path, **builders: str) -> subprocess.CompletedProcess[str]:
    """Run it where only these builders are; each is a script with this body."""
    for tool in ("dirname", "sed", "head"):
        (place / tool).symlink_to(f"/usr/bin/{tool}")
    for name, body in builders.items():
        (place / name).write_text(f"#!/bin/sh\n{body}\n")
        (place / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/image")], env={"PATH": str(place)}, capture_output=True, text=True
    )


def test_without_a_builder_it_fails_with_a_sentence(tmp_path: Path) -> None:
    done = build(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("The image cannot be built: none of docker, podman and buildah is here.")


def test_a_daemon_that_does_not_answer_is_no_builder(tmp_path: Path) -> None:
    done = build(tmp_path, docker='[ "$1" != info ]')
    assert done.returncode == 1
    assert "daemon does not answer" in done.stderr


@pytest.mark.parametrize("name", BUILDERS)
def test_it_builds_with_any_of_them_and_fails_where_that_fails(name: str, tmp_path: Path) -> None:
    done = build(tmp_path, **{name: '[ "$1" = info ] && exit 0; echo "$@"; exit 7'})
    assert done.returncode == 7
    assert done.stdout == f"build --tag callcenter:{settings.VERSION} .\n"
