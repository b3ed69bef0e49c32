"""The command `mcp` starts with a live key only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from mcp.server.mcpserver import MCPServer

from tests.programs import Program

pytestmark = pytest.mark.django_db


def test_it_starts_with_a_live_key_only(caller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(MCPServer, "run", lambda self, transport: begun.append(transport))
    for secret, words in (("", "Put an API key"), ("cc_nothing", "opens nothing")):
        monkeypatch.setenv("CALLCENTER_API_KEY", secret)
        with pytest.raises(CommandError, match=words):
            call_command("mcp")
    monkeypatch.setenv("CALLCENTER_API_KEY", Program(caller).secret)
    assert begun == []
    call_command("mcp")
    assert begun == ["stdio"]
