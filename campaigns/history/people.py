"""Generates the people: unique numbers, names in two scripts, and the do-not-call list."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from campaigns.history import words
from campaigns.history.loading import Loader, as_json
from campaigns.models import Contact, DoNotCall

MOBILE = ("912", "913", "914", "915", "916", "917", "918", "919", "935", "936", "937", "938", "901", "902", "903")
ABROAD = (("+4915", 9, "DE"), ("+4477", 8, "GB"), ("+39347", 7, "IT"))
SPREAD = 7_654_321
"""Coprime to ten, so that its multiples, reduced to their last digits, are all different."""
FORBIDDEN_SHARE = 100
"""One person in this many has opted out."""


class Everybody(NamedTuple):
    """Ids and numbers of all generated people, in the same order."""

    first_id: int
    phones: Sequence[str]
    forbidden: frozenset[int]
    """Indexes of people on the do-not-call list."""


def phone_of(position: int) -> tuple[str, str]:
    """Return number and country of the person with this index; no two indexes share a number."""
    if position % 25 == 24:
        prefix, digits, region = ABROAD[position // 25 % len(ABROAD)]
        turn = position // (25 * len(ABROAD))
        return f"{prefix}{_rest(turn, digits)}", region
    turn, place = divmod(position, len(MOBILE))
    return f"+98{MOBILE[place]}{_rest(turn, 7)}", "IR"


def _rest(turn: int, digits: int) -> str:
    return f"{(turn * SPREAD + 2_718_281) % 10**digits:0{digits}d}"


def make_people(loader: Loader, chance: random.Random, number: int, until: datetime.datetime, owners: list[int]) -> Any:
    """Write the contacts and the do-not-call list; returns them as `Everybody`."""
    first, known = loader.next_id(Contact), set(Contact.objects.values_list("phone", flat=True))
    found: list[tuple[str, str]] = []
    position = 0
    while len(found) < number:
        made = phone_of(position)
        position += 1
        if made[0] not in known:
            found.append(made)
    since = until - datetime.timedelta(days=160)
    columns = ("id", "name", "phone", "region", "variables", "tags", "consent_source", "owner", "created_at")
    loader.load(Contact, columns, _contacts(chance, first, found, since, owners))
    phones = [phone for phone, _region in found]
    forbidden = frozenset(chance.sample(range(number), number // FORBIDDEN_SHARE))
    in_force = set(DoNotCall.objects.values_list("phone", flat=True))
    entries = _entries(chance, [phones[place] for place in sorted(forbidden)], until, owners, in_force)
    loader.load(DoNotCall, ("phone", "reason", "source", "added_by", "added_at", "expires_at"), entries)
    return Everybody(first, phones, forbidden)


def _contacts(
    chance: random.Random, first: int, found: list[tuple[str, str]], since: datetime.datetime, owners: list[int]
) -> Iterator[tuple[Any, ...]]:
    tags = [as_json([]), as_json([]), *(as_json([tag]) for tag in words.TAGS)]
    cities = [as_json({"city": city}) for city in words.CITIES]
    step = datetime.timedelta(days=30) / max(len(found), 1)
    for place, (phone, region) in enumerate(found):
        yield (
            first + place, _name(chance, region), phone, region, chance.choice(cities), chance.choice(tags),
            chance.choice(words.CONSENTS), chance.choice(owners), since + place * step,
        )  # fmt: skip


def _name(chance: random.Random, region: str) -> str:
    dice = chance.random()
    if dice < 0.02:
        return ""
    if region == "IR" and dice < 0.75:
        return f"{chance.choice(words.PERSIAN_FIRST)} {chance.choice(words.PERSIAN_LAST)}"
    name = f"{chance.choice(words.ENGLISH_FIRST)} {chance.choice(words.ENGLISH_LAST)}"
    # A few have a rare second name, to try searches for something rare.
    return f"{name}-{chance.choice(words.ENGLISH_LAST)}{chance.randrange(100)}" if dice > 0.99 else name


def _entries(
    chance: random.Random, phones: list[str], until: datetime.datetime, people: list[int], known: set[str]
) -> Iterator[tuple[Any, ...]]:
    sources = (DoNotCall.Source.PERSON, DoNotCall.Source.VENDOR, DoNotCall.Source.IMPORT, DoNotCall.Source.AUTHORITY)
    for place, phone in enumerate(phones):
        if phone in known:
            continue
        source = sources[place % 4]
        added = until - datetime.timedelta(seconds=chance.randrange(60, 150 * 86_400))
        expires = until + datetime.timedelta(days=chance.randrange(1, 300)) if chance.random() < 0.1 else None
        by = chance.choice(people) if source == DoNotCall.Source.PERSON else None
        yield phone, chance.choice(words.OPT_OUT_REASONS), source.value, by, added, expires
