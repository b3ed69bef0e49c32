"""Guesses what each column means, from what stands in it and from its title; where it cannot know, it asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from campaigns.contacts.importing.cells.consent import is_yes_no
from campaigns.contacts.importing.cells.wish_words import is_wish_title
from campaigns.contacts.importing.columns import name_columns, phone_columns
from campaigns.contacts.importing.columns.mapping import (
    CONSENT,
    CONSENT_SOURCE,
    DO_NOT_CALL,
    IGNORED,
    NAME,
    OTHER_PHONE,
    OUR_ROW_TITLES,
    OUR_TITLES,
    PHONE,
    SEVERAL,
    VARIABLE,
    plain_title,
    variable_name,
)
from campaigns.contacts.importing.columns.title_rows import headers_of
from campaigns.contacts.importing.columns.title_words import meaning_of_title


class GuessedColumns(NamedTuple):
    """The meaning of each column, and by meaning the columns of which a person has to choose one."""

    columns: dict[int, str]
    asks: dict[str, list[int]]


def guess_columns(titles: Sequence[str], body: Sequence[Sequence[str]], region: str) -> GuessedColumns:
    """Return what each column means; `titles` has "" for a column without a title, `body` the first rows below.

    A titled column of unknown meaning becomes a variable of that name. One without a title is left out until somebody
    names it.
    """
    cells = {
        column: [row[column] for row in body if column < len(row) and row[column].strip()]
        for column in range(len(titles))
    }
    has_titles = any(titles)
    ours = {column for column, title in enumerate(titles) if plain_title(title) in OUR_TITLES}
    if not any(plain_title(title) in OUR_ROW_TITLES for title in titles):
        # A file of bad rows has both of our columns; in any other file a reason is a value like others.
        ours = set()
    weighed = [
        phone_columns.weigh(column, found, titles[column], region)
        for column, found in cells.items()
        if column not in ours
    ]
    phones = phone_columns.choose(weighed)
    columns: dict[int, str] = dict.fromkeys(phones.others, OTHER_PHONE)
    if phones.phone is not None:
        columns[phones.phone] = PHONE
    asks = {PHONE: phones.asked} if phones.asked else {}
    free = {column: found for column, found in cells.items() if column not in {*columns, *phones.asked, *ours}}
    names = name_columns.choose(titles, free, has_titles=has_titles)
    columns |= dict.fromkeys(names.names, NAME)
    if names.asked:
        asks[NAME] = names.asked
    for column, title in enumerate(titles):
        meaning = meaning_of_title(title)[0] if title else ""
        if is_wish_title(title):
            meaning = DO_NOT_CALL
        elif meaning == CONSENT and not is_yes_no(cells[column]):
            meaning = CONSENT_SOURCE
        is_free = meaning in SEVERAL or meaning not in columns.values()
        if column not in columns and meaning not in {"", PHONE, OTHER_PHONE, NAME} and is_free:
            columns[column] = meaning
    headers = headers_of(titles)
    # {name} is the person's name.
    taken = {NAME}
    for column, title in enumerate(titles):
        if column in columns:
            continue
        is_kept = title and cells[column] and column not in ours
        columns[column] = VARIABLE + variable_name(headers[column], taken) if is_kept else IGNORED
    return GuessedColumns(columns, asks)
