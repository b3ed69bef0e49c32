"""Addresses of files as people paste them: which may be read, and what a Google Sheet's link means."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.core.refusals import Refusal
from campaigns.models.import_sources import MAX_ADDRESS

GOOGLE = "docs.google.com"
_SHEET = re.compile(r"/spreadsheets/(?:u/\d+/)?d/(e/)?([\w-]{10,200})(?:/.*)?")
_PLAIN = re.compile(r"[!-~]+")


def file_address(pasted: str) -> str:
    """Return the address of the file that a pasted one means: of a Google Sheet, that of its export as CSV.

    Raises Refusal for what is no https address, and for a host that the operator has not named.
    """
    text = pasted.strip()
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if len(text) > MAX_ADDRESS or not _PLAIN.fullmatch(text):
        host = ""
    if not host or parts.scheme.lower() != "https" or port not in {None, 443} or "@" in parts.netloc:
        raise Refusal(_("Paste the full address of the file. It starts with https://."))
    if not _is_allowed(host):
        raise Refusal(
            _("Files from %(host)s are not allowed. The server administrator can allow it in OUTBOUND_HOSTS.")
            % {"host": host}
        )
    if host == GOOGLE and (found := _SHEET.fullmatch(parts.path)):
        return _export_of(found, parts.query, parts.fragment)
    return parts._replace(fragment="").geturl()


def _is_allowed(host: str) -> bool:
    names = [name.strip().lower() for name in settings.OUTBOUND_HOSTS]
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in names)


def _export_of(found: re.Match[str], query: str, fragment: str) -> str:
    """Return the CSV address of a sheet that is shared by link, or published (`/d/e/`); `gid` names its tab."""
    asked = parse_qs(query) | parse_qs(fragment)
    gid = next((one for one in asked.get("gid", ()) if one.isascii() and one.isdigit()), "")
    if found[1]:
        more = f"&gid={gid}&single=true" if gid else ""
        return f"https://{GOOGLE}/spreadsheets/d/e/{found[2]}/pub?output=csv{more}"
    return f"https://{GOOGLE}/spreadsheets/d/{found[2]}/export?format=csv" + (f"&gid={gid}" if gid else "")
