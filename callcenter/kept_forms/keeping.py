"""What of a form is kept, for whom, and for how long; encrypted with the first of FIELD_KEYS.

What the version before kept is read as well; what is kept here, that version does not show in its last hour.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from callcenter.access.models import KEPT_FOR, MAX_ADDRESS, KeptForm
from providers.sealing import CannotOpen, box, seal, sealed_with, unseal

MOST_BYTES = 100_000
MOST_FORMS = 5
"""Forms that are kept for one user, the newest."""
KEPT_FORM = "kept_form"
"""Name of the hidden input by which a form that was shown again says which kept one it is."""
NEVER = frozenset({"csrfmiddlewaretoken", KEPT_FORM})
SECRET = re.compile(r"passw|secret|credential|(^|[_-])(api)?_?keys?($|[_-])|token", re.IGNORECASE)
"""Names of fields that are never kept."""
OWN_TOKEN = "form_token"  # noqa: S105
"""Kept although it is named a token: by it a form acts once, however often it is sent."""


class TooLong(Exception):
    """Raised for a form of more than `MOST_BYTES`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept form, opened."""

    pk: int
    action: str
    """Where it was sent to: path and query."""
    why: KeptForm.Why
    fields: dict[str, list[str]]
    is_whole: bool
    """Whether nothing was left out, such as a file."""

    @property
    def data(self) -> QueryDict:
        """The fields as a form takes them."""
        found = QueryDict(mutable=True)
        for name, values in self.fields.items():
            found.setlist(name, values)
        return found


def is_secret(name: str) -> bool:
    """Return whether a field of this name is never kept."""
    return name in NEVER or (name != OWN_TOKEN and bool(SECRET.search(name)))


def keep(request: HttpRequest, owner: int, why: KeptForm.Why) -> KeptForm | None:
    """Keep the form of a request for a user; None for a user who is gone or switched off. Raises TooLong."""
    if not get_user_model().objects.filter(pk=owner, is_active=True).exists():
        return None
    fields = {name: request.POST.getlist(name) for name in request.POST if not is_secret(name)}
    left_out = set(request.POST) - set(fields) - NEVER
    text = json.dumps({"fields": fields, "is_whole": not left_out and not request.FILES})
    if len(text.encode()) > MOST_BYTES:
        raise TooLong
    with transaction.atomic():
        made = KeptForm.objects.create(
            user_id=owner,
            page=page_of(request),
            action=request.get_full_path()[:MAX_ADDRESS],
            why=why,
            sealed="",
        )
        # Its place has the primary key, which the first statement gives.
        made.sealed = seal(text, *_place(made))
        made.save(update_fields=["sealed"])
    forget(owner, request.POST.get(KEPT_FORM, ""))
    newest = KeptForm.objects.filter(user=owner).order_by("-pk").values_list("pk", flat=True)[:MOST_FORMS]
    KeptForm.objects.filter(user=owner).exclude(pk__in=list(newest)).delete()
    return made


def page_of(request: HttpRequest) -> str:
    """Return path and query of the page on which a form was filled in; where it was sent to if that is not known."""
    told = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if url_has_allowed_host_and_scheme(told, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(told)
        page = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if len(page) <= MAX_ADDRESS and url_has_allowed_host_and_scheme(page, None):
            return page
    return request.get_full_path()[:MAX_ADDRESS]


def find(user: int, page: str) -> list[Kept]:
    """Return what is kept for a user and a page, of each address that a form goes to the newest."""
    rows = KeptForm.objects.filter(user=user, page=page, kept_at__gt=timezone.now() - KEPT_FOR).order_by("-pk")
    found: dict[str, Kept] = {}
    for row in rows:
        if row.action not in found and (kept := _opened(row)):
            found[row.action] = kept
    return list(found.values())


def _place(row: KeptForm) -> tuple[str, ...]:
    """Return what a kept form is bound to: its row, its user and where it goes."""
    return ("access.keptform.sealed", str(row.pk), str(row.user_id), row.action)


def _text_of(row: KeptForm) -> str:
    """Open a kept form, also one that the version before sealed; raises CannotOpen."""
    if sealed_with(row.sealed):
        return unseal(row.sealed, *_place(row))
    try:
        return box().decrypt(row.sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen("No key of FIELD_KEYS opens it.") from None


def reseal_kept_forms() -> None:
    """Seal every kept form anew with the first of FIELD_KEYS; one that no key opens is deleted."""
    for row in KeptForm.objects.iterator():
        try:
            sealed = seal(_text_of(row), *_place(row))
        except CannotOpen:
            row.delete()
        else:
            KeptForm.objects.filter(pk=row.pk).update(sealed=sealed)


def _opened(row: KeptForm) -> Kept | None:
    try:
        text = json.loads(_text_of(row))
    except (CannotOpen, ValueError):
        return None
    return Kept(row.pk, row.action, KeptForm.Why(row.why), text["fields"], text["is_whole"])


def forget(user: int, key: str) -> None:
    """Forget one kept form of a user."""
    if key.isascii() and key.isdigit() and len(key) < 19:
        KeptForm.objects.filter(user=user, pk=int(key)).delete()
