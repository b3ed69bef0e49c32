"""The door of the API: who asks, by their key alone; what they may; and how each exception is answered."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.router import Router
from ninja.security import HttpBearer

from callcenter.access.clock import zone_of
from callcenter.access.rights import RIGHTS
from callcenter.access.roles import may
from callcenter.api import keys, problems, scopes
from callcenter.api.problems import Problem
from callcenter.audit import context
from callcenter.edits.shown import BothChanged

P = ParamSpec("P")
T = TypeVar("T")
LABELS = {right.code: right.label for right in RIGHTS}
BEARER = {"WWW-Authenticate": "Bearer"}
THROUGH = "callcenter.through"
"""In the WSGI environment: by which of our own ways a request came, such as MCP; the audit log names it."""


class KeyRequest(HttpRequest):
    """A request that came with a live key."""

    auth: keys.Opened


class KeyDoor(HttpBearer):
    """Lets in whoever sends a live key. No cookie opens the API, so that no page of another site can use one."""

    openapi_description = "An API key, such as `cc_...`, made under API keys."

    def authenticate(self, request: HttpRequest, token: str) -> keys.Opened | None:
        """Return the key and its person, in whose name all that follows is done. Raises Problem above its rate."""
        opened = keys.open_key(token)
        if opened is None:
            return None
        if wait := keys.take_turn(opened.key):
            raise Problem(429, headers={"Retry-After": str(math.ceil(wait))})
        asked = cast(Any, request)
        # The second is what the log of requests reads, which asks nothing itself.
        asked.user = asked._cached_user = opened.person
        through = f"{request.META[THROUGH]}: " if THROUGH in request.META else ""
        context.current().source = f"{through}API key {opened.key.prefix} ({opened.key.name})"
        # Days in filters are days of the owner, as on their pages; the middleware takes it back.
        timezone.activate(zone_of(opened.person))
        return opened


def needs_right(
    *codes: str,
) -> Callable[[Callable[Concatenate[KeyRequest, P], T]], Callable[Concatenate[KeyRequest, P], T]]:
    """Decorate an operation so that it needs one of these rights, which key, role and owner must all have now."""
    for code in codes:
        if code not in LABELS or not scopes.scopes_with(code):
            raise KeyError(code)

    def opened(
        operation: Callable[Concatenate[KeyRequest, P], T],
    ) -> Callable[Concatenate[KeyRequest, P], T]:
        @wraps(operation)
        def checked(request: KeyRequest, *args: P.args, **kwargs: P.kwargs) -> T:
            if not any(may(request.auth.person, code) for code in codes):
                raise PermissionDenied(codes[0])
            return operation(request, *args, **kwargs)

        checked.needs_rights = codes  # type: ignore[attr-defined]
        # Read where the operation stands: its types are names of that module.
        checked.__signature__ = inspect.signature(operation, eval_str=True)  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[KeyRequest, P], T], checked)

    return opened


def needs_scope(
    code: str,
) -> Callable[[Callable[Concatenate[KeyRequest, P], T]], Callable[Concatenate[KeyRequest, P], T]]:
    """Decorate an operation that stands beneath `needs_right`, or needs no right, so that its key needs this scope."""
    if code not in scopes.BY_CODE:
        raise KeyError(code)

    def opened(
        operation: Callable[Concatenate[KeyRequest, P], T],
    ) -> Callable[Concatenate[KeyRequest, P], T]:
        @wraps(operation)
        def checked(request: KeyRequest, *args: P.args, **kwargs: P.kwargs) -> T:
            if code not in request.auth.key.scopes:
                raise Problem(403, _("This needs a key with the scope %(scope)s.") % {"scope": code})
            return operation(request, *args, **kwargs)

        checked.needs_scopes = (code,)  # type: ignore[attr-defined]
        checked.__signature__ = inspect.signature(operation, eval_str=True)  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[KeyRequest, P], T], checked)

    return opened


class PlainJson(Parser):
    """Reads bodies of JSON that every database can store."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body. Raises Problem for what is not JSON, and for characters that no column holds."""
        if request.content_type != "application/json":
            raise Problem(400, _("Send the body as application/json."))
        try:
            found = json.loads(request.body, parse_constant=_no_number)
            text = json.dumps(found, ensure_ascii=False)
            text.encode()
        except (ValueError, RecursionError):
            raise Problem(400, _("The body is not valid JSON.")) from None
        # Without the backslashes that are meant as such.
        if "\\u0000" in text.replace("\\\\", ""):
            raise Problem(400, _("The body contains a NUL character, which is not allowed."))
        return found


def _no_number(name: str) -> Any:
    raise ValueError(name)


class Api(NinjaAPI):
    """django-ninja with this product's errors, names and schema."""

    def set_default_exception_handlers(self) -> None:
        """Answer each exception with a problem; what is unexpected goes on to Django, which notes it."""
        for kind, handler in HANDLERS.items():
            self.add_exception_handler(kind, handler)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of the operation's function, which is unique."""
        return operation.view_func.__name__

    def get_operation_url_name(self, operation: Operation, router: Router) -> str:
        """Return the name of an address, that of its first operation."""
        return "api-" + operation.view_func.__name__.replace("_", "-")


def _problem(_request: HttpRequest, error: Problem) -> HttpResponse:
    return problems.answer(error.status, error.detail, errors=error.errors, headers=error.headers)


def _of_library(request: HttpRequest, error: HttpError) -> HttpResponse:
    # What the reader of bodies raised comes wrapped.
    return (
        _problem(request, error.__cause__)
        if isinstance(error.__cause__, Problem)
        else _plain(error.status_code, request, error)
    )


def _plain(status: int, _request: HttpRequest, _error: Exception) -> HttpResponse:
    return problems.answer(status)


def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    code = str(error)
    # The audit log names it, as it does for pages.
    request.refused_right = code  # type: ignore[attr-defined]
    if code not in LABELS:
        return problems.answer(403)
    named = ", ".join(scopes.scopes_with(code)) or "-"
    return problems.answer(
        403,
        _(
            "This needs the permission “%(right)s” (key scope: %(scope)s). The key, its role or its owner "
            "does not have it."
        )
        % {"right": _(LABELS[code]), "scope": named},
    )


def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [
        # The first parts say where it was sent, and by which name our function takes it.
        {"field": ".".join(str(part) for part in one["loc"][1:] if part != "asked"), "detail": str(one["msg"])}
        for one in error.errors
    ]
    return problems.answer(422, errors=found)


HANDLERS: Mapping[type[Exception], Any] = {
    Problem: _problem,
    AuthenticationError: lambda *_: problems.answer(401, headers=BEARER),
    HttpError: _of_library,
    ValidationError: _invalid,
    PermissionDenied: _denied,
    Http404: partial(_plain, 404),
    BadRequest: partial(_plain, 400),
    BothChanged: partial(_plain, 412),
}
