"""Errors of the API as RFC 9457 says: application/problem+json with a plain sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api/reference/"
"""Where each kind of problem is explained."""

SENTENCES: Mapping[int, str | Promise] = {
    400: _("The request cannot be read. See the API reference."),
    401: _("Send a valid API key as “Authorization: Bearer cc_…”. Managers and admins create keys under API keys."),
    403: _("This key, its role or its owner does not have this permission."),
    404: _("Not found, or not accessible with this key."),
    405: _("This address does not support this method. See the API reference."),
    409: _("This cannot be done now."),
    411: _("Send the length of the body (Content-Length)."),
    412: _("It was changed since you read it. Read it again, then change it."),
    413: _("The body is too large. Send less at once."),
    422: _("The request contains errors. See “errors”."),
    428: _("Send If-Match with the ETag that you read, to avoid overwriting other changes."),
    429: _("Too many requests. Wait as long as Retry-After says."),
    500: _("Something went wrong. The error was logged. Try again later."),
}
"""What is said of a status where nothing better is known."""


class Problem(Exception):
    """Raised by an operation to answer with a problem."""

    def __init__(
        self,
        status: int,
        detail: str | Promise = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, str(detail))
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers


def answer(
    status: int,
    detail: str | Promise = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return a problem as a response; `errors` name what is wrong: each a `field` and a `detail`."""
    body: dict[str, Any] = {
        "type": f"{REFERENCE}#problem-{status}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail or SENTENCES.get(status, "")),
    }
    if errors:
        body["errors"] = [dict(one) for one in errors]
    return JsonResponse(body, DjangoJSONEncoder, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))
