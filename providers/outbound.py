"""Requests outside of all accounts, to hosts that whoever runs the server allows: the second outbound policy.

Only https addresses of `OUTBOUND_HOSTS` that resolve to public addresses are reached, each within one deadline; no
redirect is followed but the one by which Google hands out the export of a sheet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from requests import PreparedRequest, Request, Response
from requests.structures import CaseInsensitiveDict

from providers.client.addresses import checked
from providers.client.client import HttpClient
from providers.client.loop import carry
from providers.client.transfers import Transfer
from providers.exceptions import NotSent, ProviderError, ProviderMisconfigured

REDIRECTS = {"docs.google.com": ".googleusercontent.com"}
"""Hosts that hand a file out from another host, by the ending of that one's name."""
SECONDS = 40.0
"""In all, for a file."""
MAX_ANSWER_BYTES = 64 * 1024
TIMES = (5.0, 15.0)
"""Seconds to connect, seconds in all, for a message."""
_ETAG = re.compile(r'(W/)?"[!#-~]{1,190}"')


class NotRead(Exception):
    """Raised where no file was read; its argument is a sentence that holds nothing of address or answer."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What an address answered: a file, or that it is the one with the ETag that was sent."""

    content: bytes
    etag: str
    is_unchanged: bool = False


def read_file(
    address: str, allowed: Collection[str], *, etag: str = "", most_bytes: int, sandbox: str = ""
) -> ReadFile:
    """Read a file. Raises NotRead. `sandbox` is an origin that may be private and without https, for tests."""
    answer = _ask(address, allowed, etag, most_bytes, sandbox)
    host = urlsplit(address).hostname or ""
    if answer.status_code in {302, 303, 307} and host in REDIRECTS:
        answer = _ask(answer.headers.get("Location", ""), [REDIRECTS[host]], "", most_bytes, sandbox)
    if answer.status_code == 304 and etag:
        return ReadFile(b"", etag, is_unchanged=True)
    if answer.status_code != 200:
        raise NotRead(
            _("The address answers with status %(status)d, not with a file. Is it correct and public?")
            % {"status": answer.status_code}
        )
    if answer.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
        raise NotRead(_("The address returns a web page, not a file. Share the sheet with everyone who has the link."))
    found = answer.headers.get("ETag", "")
    return ReadFile(answer.content, found if _ETAG.fullmatch(found) else "")


def _ask(address: str, allowed: Collection[str], etag: str, most_bytes: int, sandbox: str) -> Response:
    parts = urlsplit(address)
    headers = {"Accept": "text/csv, application/octet-stream;q=0.9, */*;q=0.1"}
    if etag:
        headers["If-None-Match"] = etag
    try:
        client = HttpClient(
            f"{parts.scheme}://{parts.netloc}",
            headers=headers,
            allowed_hosts=allowed,
            sandbox_origin=sandbox,
            max_read_bytes=most_bytes,
            total_timeout=SECONDS,
        )
        return client.read(Request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")))
    except ProviderMisconfigured:
        raise NotRead(_("This address is not allowed here: ask the server administrator.")) from None
    except NotSent:
        raise NotRead(_("The address cannot be reached. It will be retried.")) from None
    except ProviderError:
        megabytes = max(1, most_bytes // (1024 * 1024))
        words = _("The file is incomplete or larger than %(megabytes)d MB. It will be retried.")
        raise NotRead(words % {"megabytes": megabytes}) from None


def is_allowed(host: str) -> bool:
    """Return whether messages may go to a host: one that whoever runs the server named in OUTBOUND_HOSTS."""
    try:
        checked(f"https://{host}/", settings.OUTBOUND_HOSTS, "")
    except ValueError:
        return False
    return True


def send_once(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
    """Send a message once and return the answer; raises NotSent or ValueError where it may not or cannot be sent."""
    _parts, origin = checked(url, settings.OUTBOUND_HOSTS, "")
    request = PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict(headers)
    transfer = Transfer(request, origin, MAX_ANSWER_BYTES, TIMES, may_leave=lambda: True, lost=_lost)
    carry(transfer)
    return transfer.answer()


def _lost(reason: str) -> NotSent:
    return NotSent(f"The message was lost: {reason}.")
