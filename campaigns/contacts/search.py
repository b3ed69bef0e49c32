"""Finds people by a part of a name or number: through the engine's index where few match, by walking where many do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from campaigns.contacts.search_index import SEARCH
from campaigns.core.paging import NAMED_UP_TO
from campaigns.models import Contact
from campaigns.numbers import SHORTEST_SEARCH, search_digits, text_of_digits

SHORTEST_NUMBER = SHORTEST_SEARCH
SHORTEST_INDEXED = 3
"""Fewer letters stand in half of all names, and an index of three letters knows nothing of them inside a word."""
BEFORE_A_WORD = (" ", "-", "\u200c")
"""What parts two words of a name; the last parts those of a Persian one without a gap."""
TO_ARABIC = str.maketrans("یک", "يك")
TO_PERSIAN = str.maketrans("يك", "یک")


@dataclass(frozen=True, slots=True)
class SearchPart:
    """What is looked for in people: any of these texts in the name, or these digits in the number.

    One or two letters are looked for where a word of the name begins.
    """

    names: tuple[str, ...] = ()
    digits: str = ""
    is_ending: bool = False
    """Whether the number must end in the digits."""

    @property
    def condition(self) -> Q:
        """The condition on a person, which no index decides."""
        wanted = Q()
        for name in self.names:
            if len(name) >= SHORTEST_INDEXED:
                wanted |= Q(name__icontains=name)
                continue
            wanted |= Q(name__istartswith=name)
            for gap in BEFORE_A_WORD:
                wanted |= Q(name__icontains=gap + name)
        if self.digits:
            wanted |= Q(phone__endswith=self.digits) if self.is_ending else Q(phone__contains=self.digits)
        return wanted

    def people(self) -> QuerySet[Contact]:
        """Return the people who match, found through the index."""
        found = Contact.objects.order_by().filter(self.condition)
        if connection.vendor == "sqlite" and (indexed := self._indexed()) is not None:
            found = found.filter(pk__in=indexed)
        return found

    def ids(self) -> list[int] | None:
        """Return the people who match; None where they are too many to be named."""
        ids = list(self.people().values_list("pk", flat=True)[: NAMED_UP_TO + 1])
        return ids if len(ids) <= NAMED_UP_TO else None

    def _indexed(self) -> RawSQL | None:
        """Return whom SQLite's index holds for this: all who match and a few more, as it knows no accents of ours."""
        terms = [*self.names, self.digits] if self.digits else [*self.names]
        if not terms or any(len(term) < SHORTEST_INDEXED or "\0" in term for term in terms):
            return None
        parts = [f"name : {_quoted(name)}" for name in self.names]
        if self.digits:
            parts.append(f"phone : {_quoted(self.digits)}")
        return RawSQL(f"SELECT rowid FROM {SEARCH} WHERE {SEARCH} MATCH %s", [" OR ".join(parts)])  # noqa: S611, S608


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def spellings(text: str) -> tuple[str, ...]:
    """Return a text as Persian and as Arabic keyboards write it, and with Latin digits."""
    return tuple(sorted({text, text.translate(TO_ARABIC), text.translate(TO_PERSIAN), text_of_digits(text)}))


def part_of_person(text: str) -> SearchPart:
    """Return what a text may mean: a part of a name, and of a number where it is made of digits."""
    digits = search_digits(text)
    return SearchPart(spellings(text), digits if len(digits) >= SHORTEST_NUMBER else "")


def people_with(part: SearchPart, people: QuerySet[Contact]) -> QuerySet[Contact]:
    """Narrow people to those who match."""
    ids = part.ids()
    return people.filter(part.condition) if ids is None else people.filter(pk__in=ids)


def rows_of_people_with(part: SearchPart, person: str = "contact", *, is_walked: bool = True) -> Q:
    """Return the condition of rows that name a person who matches.

    Where a list is walked in its order, the first rows of many are soon met; else people lead to their rows.
    """
    ids = part.ids()
    if ids is not None:
        return Q(**{f"{person}__in": ids})
    if not is_walked:
        return Q(**{f"{person}__in": part.people().values("pk")})
    return Q(Exists(Contact.objects.filter(part.condition, pk=OuterRef(person))))
