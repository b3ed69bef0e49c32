"""The rows of a file of people, which an import reads as the same people again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Count, Prefetch, QuerySet

from callcenter.access.roles import Person
from callcenter.formats.masking import ending
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns import own_titles
from campaigns.contacts.importing.columns.mapping import VARIABLE
from campaigns.contacts.importing.files.limits import MAX_COLUMNS
from campaigns.contacts.tags import written_tags
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.scope import seen_by
from campaigns.models import Contact, ContactList, HeardOptOut, OtherNumber

_BEFORE = (meanings.PHONE, meanings.NAME)
_AFTER = (
    own_titles.COUNTRY,
    meanings.TIME_ZONE,
    meanings.TAGS,
    own_titles.LISTS,
    meanings.CONSENT,
    meanings.CONSENT_SOURCE,
    meanings.CONSENT_AT,
    meanings.DO_NOT_CALL,
)
MOST_TOLD = MAX_COLUMNS - len(_BEFORE) - len(_AFTER)
"""Columns that a file has at most for other numbers and variables, so that an import takes it."""


class TooManyColumns(Exception):
    """Raised where these people need more columns than a file may have."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def columns_for(people: QuerySet[Contact]) -> list[str]:
    """Return the keys of the columns: fixed ones, one for each other number, and one for each variable.

    Raises TooManyColumns.
    """
    pks = people.order_by().values("pk")
    names: dict[str, None] = {}
    with_some = people.order_by("pk").exclude(variables={}).values_list("variables", flat=True)
    for variables in with_some.iterator(chunk_size=2_000):
        names.update(dict.fromkeys(name for name, value in variables.items() if _written(value)))
    others = OtherNumber.objects.filter(contact__in=pks).order_by().values("contact").annotate(n=Count("pk"))
    merged = Contact.objects.filter(merged_into__in=pks).order_by().values("merged_into").annotate(n=Count("pk"))
    counted: dict[int, int] = dict(others.values_list("contact", "n"))
    for head, number in merged.values_list("merged_into", "n"):
        assert head is not None
        counted[head] = counted.get(head, 0) + number
    most = max(counted.values(), default=0)
    if most + len(names) > MOST_TOLD:
        raise TooManyColumns(most + len(names))
    return [*_BEFORE, *[meanings.OTHER_PHONE] * most, *_AFTER, *(VARIABLE + name for name in names)]


class PeopleSheet:
    """Rows of people as texts, in the columns that `columns_for` named; `language` is that of titles and yes."""

    def __init__(self, owner: Person, columns: Sequence[str], *, shows_numbers: bool, language: str) -> None:
        self._owner, self._columns, self._shows_numbers = owner, columns, shows_numbers
        self._language = own_titles.language_of_titles(language)

    @property
    def header(self) -> list[str]:
        """The titles of the columns."""
        place, found = 0, []
        for key in self._columns:
            place += key == meanings.OTHER_PHONE
            if key.startswith(VARIABLE):
                found.append(own_titles.title_of_variable(key.removeprefix(VARIABLE)))
            elif key == meanings.PHONE and not self._shows_numbers:
                found.append(own_titles.title_of(own_titles.MASKED, self._language))
            else:
                found.append(own_titles.title_of(key, self._language, place if key == meanings.OTHER_PHONE else 1))
        return found

    def rows(self, people: QuerySet[Contact]) -> Iterator[list[str]]:
        """Yield a row a person, the newest first."""
        lists = seen_by(self._owner, ContactList.objects.order_by("name"))
        found = list(
            people.order_by("-pk").prefetch_related(
                Prefetch("lists", lists),
                Prefetch("other_numbers", OtherNumber.objects.order_by("pk")),
                Prefetch("merged", Contact.objects.only("phone", "merged_into").order_by("pk")),
            )
        )
        numbers = {person.pk: _numbers_of(person) for person in found}
        every = [number for theirs in numbers.values() for number in theirs]
        forbidden = forbidden_numbers(every)
        held = set(HeardOptOut.objects.undecided().filter(phone__in=every).values_list("phone", flat=True))
        for person in found:
            theirs = numbers[person.pk]
            wish = ""
            if not forbidden.isdisjoint(theirs):
                wish = own_titles.YES[self._language]
            elif not held.isdisjoint(theirs):
                wish = own_titles.HELD[self._language]
            yield self._row(person, theirs, wish)

    def _row(self, person: Contact, numbers: Sequence[str], wish: str) -> list[str]:
        others = iter(numbers[1:])
        values = {
            meanings.PHONE: self._number(numbers[0]),
            meanings.NAME: person.name,
            own_titles.COUNTRY: person.region,
            meanings.TIME_ZONE: person.time_zone,
            meanings.TAGS: written_tags(person.tags),
            own_titles.LISTS: ", ".join(one.name for one in person.lists.all()),
            meanings.CONSENT: own_titles.YES[self._language] if person.has_consent else "",
            meanings.CONSENT_SOURCE: person.consent_source,
            # With its offset and to the last digit, so that it is the same moment wherever it is read.
            meanings.CONSENT_AT: person.consent_at.isoformat() if person.consent_at else "",
            meanings.DO_NOT_CALL: wish,
        }
        row = []
        for key in self._columns:
            if key == meanings.OTHER_PHONE:
                number = next(others, "")
                row.append(self._number(number) if number else "")
            elif key.startswith(VARIABLE):
                row.append(_written(person.variables.get(key.removeprefix(VARIABLE))))
            else:
                row.append(values[key])
        return row

    def _number(self, number: str) -> str:
        return number if self._shows_numbers else ending(number)


def _numbers_of(person: Contact) -> list[str]:
    """Return all numbers of a person, each once: the one to call, those merged into it, further ones."""
    every = [person.phone, *(one.phone for one in person.merged.all())]
    return list(dict.fromkeys([*every, *(one.phone for one in person.other_numbers.all())]))


def _written(value: object) -> str:
    """Return a variable's value as text; "" for none."""
    return "" if value is None else str(value)
