"""The MCP server: a few tools for language models, each an operation of the API under a key."""
