"""One search over everything that a person may see: a few rows of each kind, each kind found by its own room's rule."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.access.sealed_searches import address_query
from callcenter.help import pages, searching
from callcenter.parameters import whole_number
from callcenter.search.places import places_for
from campaigns.contacts import people
from campaigns.contacts.refused_rows import find_refused
from campaigns.contacts.search import spellings
from campaigns.core.scope import seen_by
from campaigns.core.whole_numbers import read_teams
from campaigns.launch import drafts
from campaigns.models import Call, ContactList, DoNotCall
from campaigns.numbers import understand_number
from providers.models import Agent, Provider

MOST = 5
"""Rows of a kind."""
SHORTEST = 2
"""Characters of a text that is looked for; a call is found by an id of one digit, too."""
LONGEST = 80
"""Characters of a text that are read: no number, name, or id of a vendor is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What was found of one kind."""

    key: str
    title: str | Promise
    rows: Sequence[Any]
    more: str = ""
    """Address of all that was found of this kind; empty where these are all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for."""

    text: str
    person: Person

    @property
    def e164(self) -> str:
        """The whole number that was typed, in E.164; empty where it is none."""
        return understand_number(self.text, settings.DEFAULT_REGION).e164

    @property
    def has_digits(self) -> bool:
        """Whether a digit was typed, of any script."""
        return any(map(str.isdigit, self.text))

    def named(self, rows: QuerySet[Any], *columns: str) -> list[Any]:
        """Return the rows with the text in one of these columns, one more than is shown."""
        wanted = Q()
        for column in columns:
            for spelling in spellings(self.text):
                wanted |= Q(**{f"{column}__icontains": spelling})
        return list(rows.filter(wanted)[: MOST + 1])

    def all_at(self, name: str, parameter: str = "q") -> str:
        """Return the address of a page that finds all of them."""
        return f"{reverse(name)}?{address_query([(parameter, self.text)])}"


def find_everything(text: str, person: Person) -> list[Section]:
    """Return what a person may see of each kind that matches a text, the kinds in a fixed order; none is empty.

    Whole numbers in any form find whom they belong to, parts of names match in either spelling of Persian, and a call
    is found by its id, its reference and the id that its vendor gave it.
    """
    asked = Asked(" ".join(text.split()), person)
    if len(asked.text) < SHORTEST and not asked.text.isdecimal():
        return []
    return [section for kind in KINDS for section in kind(asked) if section.rows]


def _calls(asked: Asked) -> Iterator[Section]:
    if not may(asked.person, "see_calls") or not asked.has_digits:
        return
    calls = seen_by(asked.person, Call.objects.all()).select_related("contact", "campaign")
    wanted = Q()
    if (number := whole_number(asked.text.lstrip("#"))) is not None:
        wanted |= Q(pk=number)
    with suppress(ValueError):
        wanted |= Q(reference=uuid.UUID(asked.text))
    # By provider, too: their index is by provider and id.
    accounts = list(Provider.objects.values_list("pk", flat=True))
    found = list(calls.filter(wanted)[:MOST]) if wanted else []
    at_vendor = calls.filter(~Q(remote_id=""), provider__in=accounts, remote_id=asked.text)
    found += [call for call in at_vendor[:MOST] if call not in found]
    yield Section(key="calls", title=_("Calls"), rows=found[:MOST])


def _people(asked: Asked) -> Iterator[Section]:
    if len(asked.text) < SHORTEST or not may(asked.person, "see_people"):
        return
    found = people.find_people(asked.text, settings.DEFAULT_REGION, asked.person)
    if not asked.has_digits:
        found = found.filter(merged_into=None)
    rows = list(found.defer("variables")[: MOST + 1])
    read_teams(asked.person, rows)
    forbidden = people.mark_forbidden(rows)
    yield Section(
        key="people",
        title=_("Contacts"),
        rows=[(contact, contact.phone in forbidden) for contact in rows[:MOST]],
        more=asked.all_at("people") if len(rows) > MOST else "",
    )


def _campaigns(asked: Asked) -> Iterator[Section]:
    if len(asked.text) >= SHORTEST and _may_open(asked.person, "campaigns"):
        rows = asked.named(drafts.visible_to(asked.person).order_by("-pk"), "name")
        yield Section(key="campaigns", title=_("Campaigns"), rows=rows[:MOST], more=_rest(rows, "campaigns"))


def _lists(asked: Asked) -> Iterator[Section]:
    if len(asked.text) >= SHORTEST and may(asked.person, "see_people"):
        rows = asked.named(seen_by(asked.person, ContactList.objects.order_by("name")), "name")
        yield Section(key="lists", title=_("Lists"), rows=rows[:MOST], more=_rest(rows, "lists"))


def _do_not_call(asked: Asked) -> Iterator[Section]:
    if may(asked.person, "add_do_not_call") and asked.e164:
        rows = seen_by(asked.person, DoNotCall.objects.filter(phone=asked.e164))[:MOST]
        yield Section(
            key="do_not_call", title=_("Do-not-call list"), rows=[(row, asked.all_at("do-not-call")) for row in rows]
        )


def _refused(asked: Asked) -> Iterator[Section]:
    rows = list(find_refused(asked.text, settings.DEFAULT_REGION, asked.person))
    yield Section(
        key="refused",
        title=_("In imported files, not saved"),
        rows=rows[:MOST],
        more=asked.all_at("people") + "#refused" if len(rows) > MOST else "",
    )


def _providers(asked: Asked) -> Iterator[Section]:
    if len(asked.text) < SHORTEST or not may(asked.person, "see_providers"):
        return
    rows = asked.named(seen_by(asked.person, Provider.objects.order_by("name")), "name")
    agents = Agent.objects.filter(provider__in=seen_by(asked.person, Provider.objects.all()), is_present=True)
    found = asked.named(agents.select_related("provider").order_by("name"), "name")
    yield Section(key="providers", title=_("Providers"), rows=rows[:MOST], more=_rest(rows, "providers"))
    yield Section(key="agents", title=_("Agents"), rows=found[:MOST], more=_rest(found, "providers"))


def _places(asked: Asked) -> Iterator[Section]:
    wanted = searching.plain(asked.text)
    found = [place for place in places_for(asked.person) if wanted in searching.plain(str(place.label))]
    yield Section(key="places", title=_("Pages"), rows=found[:MOST])


def _help(asked: Asked) -> Iterator[Section]:
    language = (get_language() or pages.FALLBACK).split("-")[0]
    known = pages.guide(language)
    if may(asked.person, "manage_providers"):
        known = [*known, *pages.operators(language)]
    hits = searching.find(known, asked.text) if len(asked.text) > SHORTEST else []
    yield Section(key="help", title=_("Help"), rows=hits[:MOST], more=asked.all_at("help") if len(hits) > MOST else "")


def _may_open(person: Person, name: str) -> bool:
    return any(place.url == reverse(name) for place in places_for(person))


def _rest(rows: Sequence[Any], name: str) -> str:
    return reverse(name) if len(rows) > MOST else ""


KINDS: Sequence[Callable[[Asked], Iterator[Section]]] = (
    _places, _calls, _people, _campaigns, _lists, _do_not_call, _refused, _providers, _help,
)  # fmt: skip
"""What is looked for, in the order of the page; pages first, for there are few and their names are known."""
