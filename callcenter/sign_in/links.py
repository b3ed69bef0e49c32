"""Links in mails: they lead to this installation alone, whatever host a request names; and the mails themselves."""

from __future__ import annotations

import logging
import threading
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.http import HttpRequest

logger = logging.getLogger(__name__)
MAIL_TIMEOUT = 15
"""Seconds to wait for the mail server."""


class NoAddress(Exception):
    """Raised where no address of this installation is known for sure that a link could lead to."""


def link_to(request: HttpRequest | None, path: str) -> str:
    """Return the whole address of a page of ours, for a mail or to copy.

    PUBLIC_URL wins. Without it the request's host counts only where ALLOWED_HOSTS names it letter by letter, and its
    port only in development: the Host header is the sender's word. Raises NoAddress.
    """
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    if request is None:
        raise NoAddress
    host, scheme = request.get_host(), request.scheme
    name = urlsplit(f"//{host}").hostname or ""
    if name not in settings.ALLOWED_HOSTS:
        raise NoAddress
    return f"{scheme}://{host if settings.DEBUG else name}{path}"


def can_mail(request: HttpRequest) -> bool:
    """Return whether a link can be mailed: mail is set up, and an address for the link is known."""
    try:
        link_to(request, "/")
    except NoAddress:
        return False
    return bool(settings.IS_EMAIL_SET or settings.DEBUG)


def post(subject: str, text: str, address: str) -> None:
    """Send a mail beside the request, so that the answer's time does not tell whether one is sent."""
    threading.Thread(target=_send, args=(subject, text, address), name="sign-in-mail", daemon=True).start()


def _send(subject: str, text: str, address: str) -> None:
    try:
        EmailMessage(subject, text, None, [address], connection=get_connection(timeout=MAIL_TIMEOUT)).send()
    except Exception as error:  # the mail server's own text may hold addresses or log-ins
        logger.warning("A mail of the sign-in could not be sent: %s", type(error).__name__)
