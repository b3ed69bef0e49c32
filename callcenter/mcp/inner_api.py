"""The API, asked within this process: every rule, right, limit and note of `/api/v1/` holds, without a network."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from callcenter.access.client_address import OF_THIS_PROCESS
from callcenter.api import door

ROOT = "/api/v1"


class ToolRefused(Exception):
    """Raised where the API refuses: its own sentence, what is and the next step."""


class InnerApi:
    """Asks the operations of the API with a key, as the product's own web server answers them."""

    def __init__(self, secret: str, language: str = "en") -> None:
        self.secret, self.language = secret, language
        self._application = WSGIHandler()

    def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """Return the answer to a GET; what of `asked` is None or empty is left out. Raises ToolRefused."""
        chosen = {name: value for name, value in asked.items() if value not in (None, "")}
        return self._ask("GET", path, urlencode(chosen), b"", {})

    def post(self, path: str, body: Mapping[str, Any], *, once: str = "") -> dict[str, Any]:
        """Return the answer to a POST; `once` is its Idempotency-Key. Raises ToolRefused."""
        sent = json.dumps(body).encode()
        return self._ask("POST", path, "", sent, {"HTTP_IDEMPOTENCY_KEY": once} if once else {})

    def _ask(self, method: str, path: str, query: str, body: bytes, more: Mapping[str, str]) -> dict[str, Any]:
        began: list[str] = []
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": ROOT + path,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": _host(),
            "SERVER_PORT": "443",
            "HTTP_HOST": _host(),
            **OF_THIS_PROCESS,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {self.secret}",
            "HTTP_ACCEPT_LANGUAGE": self.language,
            # No request from outside can set this: its headers arrive as HTTP_.
            door.THROUGH: "MCP",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **({"CONTENT_TYPE": "application/json"} if body else {}),
            **more,
        }

        def begin(status: str, _headers: Any, _error: Any = None, /) -> Callable[[bytes], object]:
            began.append(status)
            return lambda _piece: None

        response = self._application(environ, begin)
        try:
            found = b"".join(response)
        finally:
            # Ends the request: connections that are too old are closed, as for any other.
            getattr(response, "close", lambda: None)()
        answer: dict[str, Any] = json.loads(found) if found else {}
        if not began[0].startswith("2"):
            raise ToolRefused(_sentence(answer))
        return answer


def _sentence(problem: Mapping[str, Any]) -> str:
    said = str(problem.get("detail", "")) or "It cannot be done."
    named = [one for one in problem.get("errors", ()) if one.get("detail") not in said and one.get("field")]
    return " ".join([said, *(f"{one['field']}: {one['detail']}" for one in named)])


def _host() -> str:
    """Return a host name that this installation answers to."""
    public = urlsplit(settings.PUBLIC_URL).netloc if settings.PUBLIC_URL else ""
    named = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host.strip(".*"))
    return public or next(named, "localhost")
