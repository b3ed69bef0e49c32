"""What a request with an Idempotency-Key leads to, once: however often and by however many at once it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from callcenter.api.keys import digest_of
from callcenter.api.models import ApiKey, OnceRequest
from callcenter.api.problems import Problem

HEADER = "Idempotency-Key"
MAX_TOKEN = 255
IN_SCHEMA = {
    "parameters": [
        {
            "in": "header",
            "name": HEADER,
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_TOKEN, "pattern": r"^[!-~]+$"},
            "description": "A new text for each call, such as a UUID. The same one again makes no second call.",
        }
    ]
}
"""What the schema of an operation that happens once has besides."""


@dataclass(frozen=True, slots=True)
class Happened:
    """The row that a request led to, now or at its first time."""

    made: int
    is_new: bool


def once(request: HttpRequest, key: ApiKey, make: Callable[[], int]) -> Happened:
    """Run `make` in one transaction with the note that this request was made; returns what it returned.

    A request with the same Idempotency-Key waits until the first one is over, and gets what that made. What fails is
    not noted, so that it can be sent again. Raises Problem: 400 without an Idempotency-Key, 422 where it was used for
    another request.
    """
    token, body = _token(request), _body(request)
    if (known := _known(key, token, body)) is not None:
        return Happened(known, False)
    try:
        with transaction.atomic():
            # First of all: whoever comes second waits here for the first one's commit.
            note = OnceRequest.objects.create(key=key, token=token, body=body)
            made = make()
            OnceRequest.objects.filter(pk=note.pk).update(made=made)
    except IntegrityError:
        if (known := _known(key, token, body)) is None:
            raise
        return Happened(known, False)
    return Happened(made, True)


def _token(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "").strip()
    if not given or len(given) > MAX_TOKEN:
        raise Problem(
            400,
            _(
                "Send an Idempotency-Key of at most %(n)d characters, a new one for each call. This prevents "
                "duplicate calls."
            )
            % {"n": MAX_TOKEN},
        )
    return digest_of(given)


def _body(request: HttpRequest) -> str:
    # Keyed: of a number alone, which a body may be, a plain hash could be guessed back.
    begun = f"{request.method} {request.path}\n".encode("utf-8", "surrogatepass")
    return salted_hmac("callcenter.api.once", begun + request.body, algorithm="sha256").hexdigest()


def _known(key: ApiKey, token: str, body: str) -> int | None:
    found = OnceRequest.objects.filter(key=key, token=token).first()
    if found is None:
        return None
    if found.body != body:
        raise Problem(422, _("This Idempotency-Key was used for another request. Send a new one for a new request."))
    return found.made
