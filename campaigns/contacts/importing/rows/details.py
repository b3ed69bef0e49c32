"""A row's values beside the phone number: name, time zone, consent and variables."""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as as_json
from typing import NamedTuple

from callcenter.formats.plain_text import plain_text
from campaigns import time_zones
from campaigns.contacts.importing.cells.consent import NOTHING_SAID, Consent, ConsentColumns
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.rows.notes import ZONE_ELSEWHERE, ZONE_UNKNOWN
from campaigns.contacts.tags import MOST_TAGS, read_tags
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME

MAX_VARIABLE = 1000


class PersonDetails(NamedTuple):
    """A row's values beside the phone number."""

    name: str
    time_zone: str
    consent: Consent
    variables: dict[str, str]
    note: str
    """Key of `NOTES` for a value that was ignored; else empty."""
    tags: tuple[str, ...] = ()


class DetailColumns:
    """The columns of a file that hold such values."""

    def __init__(self, mapping: ColumnMapping, consent: ConsentColumns) -> None:
        self._names = mapping.columns_of(meanings.NAME)
        self._variables = mapping.variables()
        self._zone = next(iter(mapping.columns_of(meanings.TIME_ZONE)), -1)
        self._consent = consent if consent.is_there else None
        self._tags = next(iter(mapping.columns_of(meanings.TAGS)), -1)
        self._most_tags = None if mapping.is_own_export else MOST_TAGS
        self.are_only_texts = self._zone < 0 and self._tags < 0 and self._consent is None
        """Whether a row has a name and variables, and nothing else."""
        self._keys = [(column, f"{as_json(name)}: ") for column, name in self._variables.items()]

    def name_in(self, cells: Sequence[str]) -> str:
        """Return the person's name from the name columns of a row."""
        if len(self._names) == 1:
            (column,) = self._names
            return plain_text(cells[column], MAX_NAME) if column < len(cells) else ""
        return plain_text(" ".join([cells[column] for column in self._names if column < len(cells)]), MAX_NAME)

    def details_in(self, cells: Sequence[str], e164: str) -> PersonDetails:
        """Return the values of a row with this number."""
        note, width, said = "", len(cells), NOTHING_SAID
        zone = cells[self._zone].strip() if 0 <= self._zone < width else ""
        if zone and zone not in time_zones.place_names():
            zone, note = "", ZONE_UNKNOWN
        elif zone and time_zones.is_elsewhere(e164, zone):
            note = ZONE_ELSEWHERE
        if self._consent is not None:
            said = self._consent.of(cells)
            said = said._replace(source=plain_text(said.source, MAX_CONSENT_SOURCE))
            note = said.note or note
        variables = {
            name: text
            for column, name in self._variables.items()
            if column < width and (text := plain_text(cells[column], MAX_VARIABLE))
        }
        tags = tuple(read_tags(cells[self._tags], self._most_tags)) if 0 <= self._tags < width else ()
        return PersonDetails(self.name_in(cells), zone, said, variables, note, tags)

    def texts_in(self, cells: Sequence[str]) -> tuple[str, str]:
        """Return the name and the variables of a row, as JSON; half the price of `details_in` for thousands of rows."""
        width, parts = len(cells), []
        for column, key in self._keys:
            if column < width and (text := plain_text(cells[column], MAX_VARIABLE)):
                parts.append(key + as_json(text))
        return self.name_in(cells), f"{{{', '.join(parts)}}}"

    @property
    def have_notes(self) -> bool:
        """Tell whether `details_in` may return notes, that is, whether a column can have invalid values."""
        return self._zone >= 0 or self._consent is not None
