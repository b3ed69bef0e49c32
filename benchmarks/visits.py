"""What the browsers of a benchmark do: their log-ins, the pages that they open, and what a page asks for by itself.

Apart from `locustfile`, because locust changes the process that imports it.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple
from urllib.parse import urljoin

USERNAME, PASSWORD = "browser{}", "a-long-password-for-browsers"
ROLES = ("caller", "manager", "manager", "caller", "manager", "manager", "caller", "manager", "manager", "admin")
"""The role of each browser in turn. Managers see the whole campaign and every call; callers what is theirs."""


_TAG = re.compile(r"<[a-z]+\b[^>]*\bhx-trigger=\"([^\"]+)\"[^>]*>")
_GET = re.compile(r"\bhx-get=\"([^\"]+)\"")


def role_of(number: int) -> str:
    """Return the role of a browser."""
    return ROLES[number % len(ROLES)]


class Page(NamedTuple):
    """A page to look at: its name in the figures, its address, and who opens it."""

    name: str
    path: str
    roles: frozenset[str]


_ALL = frozenset({"caller", "manager", "admin"})
PAGES = (
    Page("Today", "/today/", _ALL),
    Page("campaign", "/campaigns/{campaign}/", frozenset({"manager"})),
    Page("campaigns", "/campaigns/", frozenset({"caller", "manager"})),
    Page("call log", "/calls/", _ALL),
    Page("call", "", frozenset({"manager"})),
    Page("providers", "/providers/", frozenset({"admin"})),
    Page("reports", "/reports/", frozenset({"manager"})),
    Page("people", "/people/", frozenset({"caller", "manager"})),
)


def pages_of(role: str, campaign: int) -> list[Page]:
    """Return the pages that a role opens."""
    return [page._replace(path=page.path.format(campaign=campaign)) for page in PAGES if role in page.roles]


class Moving(NamedTuple):
    """A part of a page that is asked for anew."""

    path: str
    every: float


def parts_of(text: str, page: str) -> tuple[list[str], Moving | None]:
    """Return what a page asks for once when it stands, and what it asks for again and again; `page` is its address."""
    once, moving = [], None
    for found in _TAG.finditer(text):
        if not (get := _GET.search(found[0])):
            continue
        path, trigger = urljoin(page, html.unescape(get[1])), found[1]
        if every := re.fullmatch(r"every ([\d.]+)s", trigger):
            moving = Moving(path, float(every[1]))
        elif trigger in {"load", "revealed"}:
            once.append(path)
    return once, moving
