"""The `mcp` command: serves tools to a language model over standard input and output, under an API key."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import CommandError, CommandParser

from callcenter.api import keys
from callcenter.commands import PlainCommand
from callcenter.mcp.inner_api import InnerApi
from callcenter.mcp.tools import Tools

VARIABLE = "CALLCENTER_API_KEY"


class Command(PlainCommand):
    """Serves until its standard input ends; what it logs goes to standard error."""

    help = f"Serve MCP tools over stdio, under the API key in the environment variable {VARIABLE}."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the language of sentences."""
        parser.add_argument("--language", default="en", help="Language of sentences, such as en or fa.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; raises CommandError without a live key or the SDK."""
        secret = os.environ.get(VARIABLE, "").strip()
        if not secret:
            raise CommandError(f"Put an API key into the environment variable {VARIABLE}; see docs/api.md.")
        if keys.open_key(secret) is None:
            raise CommandError(
                f"The API key in {VARIABLE} opens nothing: it is mistyped, has ended, or its owner is off."
            )
        try:
            from callcenter.mcp.server import make_server
        except ImportError:
            raise CommandError("The MCP SDK is not installed here. Install it with: uv sync --extra mcp") from None
        make_server(Tools(InnerApi(secret, options["language"]))).run("stdio")
