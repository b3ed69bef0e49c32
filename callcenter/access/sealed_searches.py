"""Keeps numbers that people search for out of addresses: histories, links, proxies and logs see them encrypted.

Search forms go by POST; the answer is a redirect to the same page, whose address carries the text as a token that opens
for this user only. Views read `request.GET` as ever, and addresses built from it are sealed again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.crypto import salted_hmac

SEARCHED = frozenset({"q", "person", "find", "words", "phone", "thing"})
"""Names of parameters that may hold a number somebody looks for."""
BY_POST = "_search"
"""Hidden field of a form that searches by POST."""
MARK = "~"
LONGEST = 400
"""Characters of a text that is sealed; longer ones no search takes."""
_NUMBER = re.compile(r"\d(?:[^\w]{0,3}\d){5,}")
_LEFT_OUT = frozenset({"csrfmiddlewaretoken", BY_POST, "form_token"})

_request: ContextVar[HttpRequest | None] = ContextVar("request_of_searches", default=None)


def _box() -> Fernet:
    key = salted_hmac("callcenter.access.sealed_searches", "key", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _viewer() -> int | None:
    return getattr(getattr(_request.get(), "user", None), "pk", None)


def sealed(text: str) -> str:
    """Return a searched text as an address may carry it: encrypted for the viewer if it holds a number."""
    if not _NUMBER.search(text):
        return text
    viewer = _viewer()
    # Of nobody: there is no one for whom it could be opened again.
    return MARK + _box().encrypt(json.dumps([viewer, text[:LONGEST]]).encode()).decode() if viewer else ""


def opened(text: str) -> str:
    """Return the searched text of an address; empty for a token that is not the viewer's own."""
    if not text.startswith(MARK) or len(text) < 60:
        return text
    try:
        viewer, found = json.loads(_box().decrypt(text[1:].encode()))
    except (InvalidToken, ValueError, TypeError, UnicodeError):
        return ""
    return str(found) if viewer == _viewer() else ""


def address_query(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return the query of an address; searched texts that hold a number are sealed."""
    return urlencode([(name, sealed(str(value)) if name in SEARCHED else value) for name, value in pairs])


def sealed_query(query: str) -> str:
    """Return the query of an address with its searched texts sealed."""
    return address_query((name, value) for name, values in opened_query(query).lists() for value in values)


def opened_query(query: str) -> QueryDict:
    """Return the parameters of an address's query with their searched texts opened."""
    found = SealedParameters(query, mutable=True)
    for name in SEARCHED.intersection(found):
        found.setlist(name, [opened(value) for value in found.getlist(name)])
    found._mutable = False
    return found


class SealedParameters(QueryDict):
    """Parameters of an address that are plain to readers and sealed when they are written as a query."""

    def urlencode(self, safe: str | None = None) -> str:
        """Return the query, sealed."""
        sealing = QueryDict(mutable=True)
        for name, values in self.lists():
            sealing.setlist(name, [sealed(str(value)) if name in SEARCHED else value for value in values])
        return sealing.urlencode(safe)


class SealedSearches:
    """Opens what an address carries sealed, and answers a search by POST with the sealed address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; the parameters of its request are opened, and its query is sealed."""
        token = _request.set(request)
        try:
            if SEARCHED.intersection(request.GET):
                request.GET = opened_query(request.META.get("QUERY_STRING", ""))  # type: ignore[assignment]
                request.META["QUERY_STRING"] = request.GET.urlencode()
            return self.get_response(request)
        finally:
            _request.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Return the redirect that answers a search by POST."""
        # The bodies of exempt views are not ours to read here: a vendor's message, a file.
        if request.method != "POST" or getattr(view, "csrf_exempt", False) or BY_POST not in request.POST:
            return None
        pairs = [(name, value) for name, values in request.POST.lists() for value in values]
        query = address_query((name, value) for name, value in pairs if name not in _LEFT_OUT and value)
        return HttpResponseRedirect(f"{request.path}?{query}" if query else request.path, status=303)
