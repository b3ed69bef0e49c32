"""Readers of what a request carries: whole numbers, words, and the page to go back to. One home, for every room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    Chosen = forms.ModelMultipleChoiceField[Any]
else:
    Chosen = forms.ModelMultipleChoiceField

LARGEST_KEY = 2**63 - 1
"""The largest whole number that a column of either database holds."""
_DIGITS = len(str(LARGEST_KEY))
MAX_ADDRESS = 2_000
"""Characters of an address to go back to; the pages' own are far shorter."""


def whole_number(text: Any, most: int = LARGEST_KEY) -> int | None:
    """Return what was entered as a whole number from 0 to `most`, in digits of any script; None for anything else.

    The digits are counted before they are read: Python refuses to read more than 4,300.
    """
    digits = str("" if text is None else text)
    if len(digits) > _DIGITS or not digits.isdecimal():
        return None
    number = int(digits)
    return number if number <= most else None


class RowsField(Chosen):
    """Chosen rows; a key that no column holds is that of no row, where Django would ask the database for it."""

    def clean(self, value: Any) -> Any:
        """Return the chosen rows. Raises ValidationError for a key of no row."""
        for key in value if isinstance(value, list | tuple) else ():
            if whole_number(getattr(key, "pk", key)) is None:
                params = {"pk": str(key)[:20]}
                raise ValidationError(self.error_messages["invalid_pk_value"], code="invalid_pk_value", params=params)
        return super().clean(value)


def words_of(asked: QueryDict, name: str, most: int) -> str:
    """Return a parameter's text without blanks around it, cut to `most` characters before anything else reads it."""
    return str(asked.get(name, ""))[: most * 2].strip()[:most]


def go_back(request: HttpRequest, fallback: str, *arguments: object) -> HttpResponse:
    """Redirect to the form's `next` if it is a page of this site, else to the named URL with these arguments."""
    wanted = str(request.POST.get("next", ""))
    return redirect(wanted if is_our_page(request, wanted) else reverse(fallback, args=arguments))


def is_our_page(request: HttpRequest, wanted: str) -> bool:
    """Return whether an address leads to a page of this site."""
    if len(wanted) > MAX_ADDRESS or not wanted.startswith("/"):
        return False
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return False
    try:
        resolve(urlsplit(wanted).path)
    except (Resolver404, ValueError):
        return False
    return True
