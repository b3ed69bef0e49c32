"""What a page says, as a test client got it."""

from __future__ import annotations

import html
import re
from typing import Any


def text_of(answer: Any) -> str:
    """Return the words of a page, without its tags, one space apart."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()))


def html_of(answer: Any) -> str:
    """Return the source of a page."""
    return str(answer.content.decode())
