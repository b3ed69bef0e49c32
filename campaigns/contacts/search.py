"""Search for people by a part of a name or number: by trigram index if few match, by scanning in order if many do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from campaigns.contacts.search_index import SEARCH
from campaigns.core.paging import NAMED_UP_TO
from campaigns.models import Contact, OtherNumber
from campaigns.numbers import SHORTEST_SEARCH, search_digits, text_of_digits

SHORTEST_NUMBER = SHORTEST_SEARCH
SHORTEST_INDEXED = 3
"""Letters that a trigram index needs; fewer occur in half of all names and are searched at beginnings of words only."""
BEFORE_A_WORD = (" ", "-", "\u200c")
"""Characters that separate words of a name; the last is the zero-width non-joiner of Persian."""
TO_ARABIC = str.maketrans("یک", "يك")
TO_PERSIAN = str.maketrans("يك", "یک")


@dataclass(frozen=True, slots=True)
class SearchPart:
    """A search: any of these texts in the name, or these digits in the number.

    Texts of one or two letters match the beginning of a word only.
    """

    names: tuple[str, ...] = ()
    digits: str = ""
    is_ending: bool = False
    """Whether the number must end with the digits, instead of containing them."""

    @property
    def condition(self) -> Q:
        """The condition on a contact, evaluated row by row without an index."""
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
            wanted |= Q(pk__in=self._by_other_number())
        return wanted

    def _by_other_number(self) -> list[int] | QuerySet[OtherNumber, int]:
        """Return the people with the digits in another number: few as a list of ids, which an index serves."""
        matching = {"phone__endswith" if self.is_ending else "phone__contains": self.digits}
        theirs = OtherNumber.objects.filter(**matching).order_by().values_list("contact", flat=True)
        ids = list(theirs[: NAMED_UP_TO + 1])
        return ids if len(ids) <= NAMED_UP_TO else theirs

    def people(self) -> QuerySet[Contact]:
        """Return the matching people, found through the index."""
        found = Contact.objects.order_by().filter(self.condition)
        if connection.vendor == "sqlite" and (indexed := self._indexed()) is not None:
            found = found.filter(pk__in=indexed)
        return found

    def ids(self) -> list[int] | None:
        """Return the ids of the matching people; None if there are more than `NAMED_UP_TO`."""
        ids = list(self.people().values_list("pk", flat=True)[: NAMED_UP_TO + 1])
        return ids if len(ids) <= NAMED_UP_TO else None

    def _indexed(self) -> RawSQL | None:
        """Return the candidates from SQLite's index: all matches and a few others, because it ignores some accents."""
        terms = [*self.names, self.digits] if self.digits else [*self.names]
        if not terms or any(len(term) < SHORTEST_INDEXED or "\0" in term for term in terms):
            return None
        parts = [f"name : {_quoted(name)}" for name in self.names]
        if self.digits:
            parts.append(f"phone : {_quoted(self.digits)}")
        statement, values = f"SELECT rowid FROM {SEARCH} WHERE {SEARCH} MATCH %s", [" OR ".join(parts)]  # noqa: S608
        if self.digits:
            statement += f" UNION SELECT contact_id FROM {OtherNumber._meta.db_table} WHERE phone LIKE %s"  # noqa: S608
            values.append(f"%{self.digits}%")
        return RawSQL(statement, values)  # noqa: S611


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def spellings(text: str) -> tuple[str, ...]:
    """Return a text as typed on Persian and on Arabic keyboards, and with Latin digits."""
    return tuple(sorted({text, text.translate(TO_ARABIC), text.translate(TO_PERSIAN), text_of_digits(text)}))


def part_of_person(text: str) -> SearchPart:
    """Return the search for a text: a part of a name, and of a number if it consists of digits."""
    digits = search_digits(text)
    return SearchPart(spellings(text), digits if len(digits) >= SHORTEST_NUMBER else "")


def people_with(part: SearchPart, people: QuerySet[Contact]) -> QuerySet[Contact]:
    """Return those of the people who match."""
    ids = part.ids()
    return people.filter(part.condition) if ids is None else people.filter(pk__in=ids)


def rows_of_people_with(part: SearchPart, person: str = "contact", *, is_walked: bool = True) -> Q:
    """Return the condition of rows whose contact (field `person`) matches.

    `is_walked`: the rows are read in list order, page by page, where a scan soon finds the first of many matches.
    Without it, and for few matches, the rows are found through the matching people.
    """
    ids = part.ids()
    if ids is not None:
        return Q(**{f"{person}__in": ids})
    if not is_walked:
        return Q(**{f"{person}__in": part.people().values("pk")})
    return Q(Exists(Contact.objects.filter(part.condition, pk=OuterRef(person))))


def contacts_with(phone: str, most: int = 50) -> list[int]:
    """Return the ids of the contacts that have this as another number."""
    return list(OtherNumber.objects.filter(phone=phone).values_list("contact", flat=True).order_by("contact")[:most])
