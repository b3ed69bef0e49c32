"""Middleware that gives each request its id and writes one line about it to the log."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from callcenter import request_ids
from callcenter.formats.masking import ending
from callcenter.logs import HIDDEN, HOOK
from callcenter.monitoring.urls import PATHS

logger = logging.getLogger("callcenter.requests")

LONGEST_PATH = 200
_TOKEN = re.compile(r"(?<=/)(?=[^/]*\d)[^/.]{20,}")
"""A long part of a path that has digits: a token or another id that nobody guesses."""
_PARAMETER = re.compile(r"[a-z][a-z_]{0,29}")


def safe_path(request: HttpRequest) -> str:
    """Return a request's path and the names of its query's parameters: the values may be names, numbers or keys."""
    path = HOOK.sub(rf"\1{HIDDEN}", escape_uri_path(request.path))
    path = _TOKEN.sub(lambda found: ending(found[0]), path)[:LONGEST_PATH]
    query = parse_qsl(request.META.get("QUERY_STRING", "")[:2000], keep_blank_values=True, encoding="latin-1")
    names = sorted({name if _PARAMETER.fullmatch(name) else HIDDEN for name, _value in query})
    return f"{path}?{'&'.join(f'{name}={HIDDEN}' for name in names)}" if names else path


def _user_id(request: HttpRequest) -> int | None:
    # Who logged in, where something asked already: for the log alone no query is made, least of all after a failure.
    return getattr(getattr(request, "_cached_user", None), "pk", None)


class RequestLog:
    """Stands before all other middleware: sets the request id, puts it in the answer's header, logs one line.

    The time is that until the answer begins; the body of a download follows it. Probes that are well are logged at
    DEBUG, because they come every few seconds.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response with the request id in its header."""
        request_id = request_ids.begin(request.headers.get(request_ids.HEADER, ""))
        began = time.monotonic()
        response = self.get_response(request)
        response.headers[request_ids.HEADER] = request_id
        is_quiet = response.status_code == 200 and request.path_info in PATHS
        said = {
            "method": request.method if (request.method or "").isalpha() else HIDDEN,
            "path": safe_path(request),
            "status": response.status_code,
            "ms": round((time.monotonic() - began) * 1000),
            "user": _user_id(request),
        }
        logger.log(
            logging.DEBUG if is_quiet else logging.INFO, "%(method)s %(path)s %(status)s %(ms)s ms", said, extra=said
        )
        return response


def _forget(**_: object) -> None:
    request_ids.end()


# Not at the end of the middleware: Django's own line about a refused request follows, and so does a streamed body.
request_finished.connect(_forget, dispatch_uid="callcenter.monitoring.request_log")
