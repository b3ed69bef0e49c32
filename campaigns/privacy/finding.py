"""Who one person is in the data: all numbers, names, contacts and calls; and whether a text or a file names them."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from callcenter.access.roles import Person as Viewer
from campaigns.core.eligibility_numbers import numbers_of_persons
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.models import Call, Contact, OtherNumber
from campaigns.models.calls import CallQuerySet
from campaigns.numbers import text_of_digits

SHORTEST_NAME = 4
"""A shorter name is a part of too many words to be looked for in texts and files."""
ENDING = 9
"""Digits at a number's end that tell it, however its country is written."""
MOST_BYTES = 200 * 1024 * 1024
"""Bytes of one file, unpacked, that are looked through; a longer one is taken to name the person."""
_BETWEEN = re.compile(r"(?<=\d)[ \u00a0\u202f().+/\-\u2010-\u2015]{1,3}(?=\d)")


@dataclass(frozen=True, slots=True)
class Person:
    """One person, by everything that the data know them by."""

    contacts: tuple[int, ...]
    numbers: frozenset[str]
    names: frozenset[str]

    def calls(self) -> CallQuerySet:
        """Return all calls with the person, in both directions."""
        return Call.objects.filter(Q(contact__in=self.contacts) | Q(to_number__in=self.numbers))

    def is_named_in(self, value: Any) -> bool:
        """Return whether a text, or the texts within a JSON value, name the person."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return self._is_in(text)

    def _is_in(self, text: str) -> bool:
        folded = text.casefold()
        if any(name.casefold() in folded for name in self.names if len(name) >= SHORTEST_NAME):
            return True
        digits = _BETWEEN.sub("", text_of_digits(text))
        return any(number[-ENDING:] in digits for number in self.numbers)

    def is_named_in_file(self, content: bytes) -> bool:
        """Return whether a CSV file or a workbook names the person; what cannot be read is taken to do so."""
        return any(piece is None or self._is_in(piece) for piece in _texts(content))


def _texts(content: bytes) -> Iterator[str | None]:
    """Yield a file's text in each encoding that it may have; None for what cannot be looked through."""
    if len(content) > MOST_BYTES:
        yield None
        return
    if not content.startswith(b"PK"):
        for encoding in ("utf-8", "utf-16", "cp1256"):
            yield content.decode(encoding, "replace")
        return
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for name in package.namelist():
                with package.open(name) as member:
                    found = member.read(left + 1)
                left -= len(found)
                if left < 0:
                    yield None
                    return
                yield re.sub(r"<[^>]*>", "\n", found.decode("utf-8", "replace"))
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError):
        yield None


def person_of_contact(contact_id: int) -> Person:
    """Return a person by one of their entries: those merged with it count. Raises Refusal if it is gone."""
    found = Contact.objects.filter(pk=contact_id).values_list("pk", "merged_into").first()
    if found is None:
        raise Refusal("This contact is gone.")
    return _person([found[1] or found[0]])


def person_of_number(number: str) -> Person:
    """Return a person by a number in E.164, which may belong to no contact."""
    heads = {head or pk for pk, head in Contact.objects.filter(phone=number).values_list("pk", "merged_into")}
    if not heads:
        # A household's number belongs to several people: it says of none who they are.
        theirs = set(OtherNumber.objects.filter(phone=number).values_list("contact", flat=True))
        heads = theirs if len(theirs) == 1 else set()
    found = _person(sorted(heads))
    return Person(found.contacts, found.numbers | {number}, found.names)


def is_reached(viewer: Viewer, number: str) -> bool:
    """Return whether a viewer reaches whom a number (E.164) belongs to: one of its contacts, or a call to it if none.

    A number of which nothing is known is everybody's to ask for.
    """
    further = OtherNumber.objects.filter(phone=number).values("contact")
    contacts = Contact.objects.filter(Q(phone=number) | Q(pk__in=further))
    for rows in (contacts, Call.objects.filter(to_number=number)):
        if rows.exists():
            return seen_by(viewer, rows).exists()
    return True


def _person(heads: list[int]) -> Person:
    rows = Contact.objects.filter(Q(pk__in=heads) | Q(merged_into__in=heads)).values_list("pk", "name")
    contacts = dict(rows)
    numbers = {number for theirs in numbers_of_persons(list(contacts)).values() for number in theirs}
    # A number that somebody else has too is that person's as well, and stays theirs.
    shared = set(
        Contact.objects.filter(phone__in=numbers).exclude(pk__in=contacts).values_list("phone", flat=True)
    ) | set(OtherNumber.objects.filter(phone__in=numbers).exclude(contact__in=contacts).values_list("phone", flat=True))
    names = frozenset(name.strip() for name in contacts.values() if name.strip())
    return Person(tuple(contacts), frozenset(numbers - shared), names)
