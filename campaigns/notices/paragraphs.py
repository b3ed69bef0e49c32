"""The parts of which notices are made wherever they are read: paragraphs, and addresses of pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One part of a mail or a page: what happened, what to do, and the address of the page."""

    what: str
    step: str
    link: str

    @property
    def path(self) -> str:
        """The same address within the product."""
        return self.link.removeprefix(settings.PUBLIC_URL) or "/"


def link(name: str, *args: int) -> str:
    """Return the full address of a page, or only its path if PUBLIC_URL is not set."""
    try:
        return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"
    except NoReverseMatch:
        return settings.PUBLIC_URL


def as_text(paragraphs: Iterable[Paragraph], ending: str = "") -> str:
    """Return paragraphs as plain text; `ending` says why one gets it."""
    parts = ["\n".join(filter(None, (one.what, one.step, one.link))) for one in paragraphs]
    return "\n\n".join(filter(None, [*parts, ending]))
