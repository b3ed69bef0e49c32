"""The parts of which alert e-mails are made: paragraphs, and addresses of pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One part of an alert e-mail: what happened, what to do, and the address of the page."""

    what: str
    step: str
    link: str


def link(name: str, *args: int) -> str:
    """Return the full address of a page, or only its path if PUBLIC_URL is not set."""
    try:
        return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"
    except NoReverseMatch:
        return settings.PUBLIC_URL


def mail(subject: str, paragraphs: Iterable[Paragraph], ending: str, readers: Sequence[str]) -> EmailMessage:
    """Return an e-mail of these paragraphs; `ending` says why one gets it."""
    parts = ["\n".join(filter(None, (one.what, one.step, one.link))) for one in paragraphs]
    return EmailMessage(f"Callcenter: {subject}", "\n\n".join([*parts, ending]), None, list(readers))
