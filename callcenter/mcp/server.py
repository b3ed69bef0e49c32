"""Puts the tools into a server of the official SDK, which speaks the protocol."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from callcenter.mcp.inner_api import ToolRefused
from callcenter.mcp.tools import INSTRUCTIONS, Tools


def make_server(tools: Tools) -> MCPServer[Any]:
    """Return the server with these tools; what a tool refuses reaches the model as a sentence."""
    server: MCPServer[Any] = MCPServer(
        "callcenter", title="Callcenter", instructions=INSTRUCTIONS, version=settings.VERSION, log_level="WARNING"
    )
    for name in tools.READS:
        server.add_tool(_told(getattr(tools, name)), annotations=ToolAnnotations(read_only_hint=True))
    for name in tools.CHANGES:
        hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True)
        server.add_tool(_told(getattr(tools, name)), annotations=hints)
    return server


def _told(tool: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(tool)
    def told(**asked: Any) -> dict[str, Any]:
        try:
            return tool(**asked)
        except ToolRefused as refusal:
            raise ToolError(str(refusal)) from None

    return told
