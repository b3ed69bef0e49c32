"""`manage.py mcp` as a process, spoken to over stdio by the SDK's own client."""

from __future__ import annotations

import os
import sqlite3
import sys
import uuid
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.bare import bare
from tests.migrated import FIELD_KEYS, ROOT, copy_sqlite

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """The environment of an installation with an empty database."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "callcenter.settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": uuid.uuid4().hex * 2,
        "FIELD_KEYS": FIELD_KEYS,
        "ALLOWED_HOSTS": "desk.example.org",
        "VAR_DIR": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    copy_sqlite(environment)
    return environment


def test_it_speaks_the_protocol_under_a_key(installation: dict[str, str], tmp_path: Path) -> None:
    made = bare(
        "shell", "-v", "0", "-c",
        "from django.contrib.auth.models import Group, User; from callcenter.access.rights import MANAGER;"
        "User.objects.create_user('sara').groups.add(Group.objects.get(name=MANAGER));"
        "from django.core.management import call_command;"
        "call_command('make_api_key', 'sara', '--scope', 'people:read', '--scope', 'people:write')",
        **installation,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()

    async def talk() -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=["manage.py", "mcp"],
            env=installation | {"CALLCENTER_API_KEY": secret},
            cwd=ROOT,
        )
        with anyio.fail_after(120):
            async with Client(stdio_client(server), mode="legacy") as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                assert {"find_person", "prepare_call", "place_call", "read_results"} <= set(tools)
                assert tools["place_call"].annotations.destructive_hint
                assert tools["read_call"].annotations.read_only_hint
                found = await client.call_tool("find_person", {"text": "nobody"})
                assert (found.is_error, found.structured_content) == (False, {"items": [], "next": None})
                refused = await client.call_tool("list_campaigns", {})
                assert (refused.is_error, "calls:read" in refused.content[0].text) == (True, True)

    anyio.run(talk)
    with sqlite3.connect(tmp_path / "callcenter.sqlite3") as database:
        assert database.execute("SELECT last_used_at IS NOT NULL FROM api_apikey").fetchall() == [(1,)]
