"""Times of the page in a few lines, which its web server and the tests of it know."""

from __future__ import annotations

PATIENCE_SECONDS = 8.0
"""What a connection may take until it has said what it wants: less than in the product."""
BUSY_SECONDS = 12.0
"""How long the page /busy keeps a thread."""
