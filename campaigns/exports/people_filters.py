"""Which people a file is of: a list, a search, a tag, any of these together, or everybody whom one sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from campaigns.contacts.people import find_people
from campaigns.core.scope import seen_by
from campaigns.launch.audience_query import CarriesOneOf
from campaigns.models import Contact, ContactList, ListMembership

KEY = "people"
MAX_TEXT = 80
"""Characters of a searched name or number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilters:
    """Which people; what is not given does not narrow."""

    contact_list: ContactList | None = None
    text: str = ""
    """A part of a name, or a number in any form."""
    tag: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        asked = {"list": self.contact_list.pk if self.contact_list else None, "text": self.text, "tag": self.tag}
        # A worker of the release before knows files of calls only: for it, the campaign of these filters is gone.
        return {KEY: {name: value for name, value in asked.items() if value}, "campaign": 0}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> PeopleFilters:
        """Return filters from `to_json`. Raises KeyError for any other, and ObjectDoesNotExist if the list is gone."""
        asked = stored[KEY]
        contact_list = ContactList.objects.get(pk=asked["list"]) if "list" in asked else None
        return cls(contact_list=contact_list, text=asked.get("text", ""), tag=asked.get("tag", ""))

    def find(self, person: Person) -> QuerySet[Contact]:
        """Return the people that a person may see; whoever is found by a merged number is the one it belongs to."""
        people = seen_by(person, Contact.objects.order_by().filter(merged_into=None))
        if self.contact_list is not None:
            # Of a list that the person may not see any more, nobody.
            lists = seen_by(person, ContactList.objects.filter(pk=self.contact_list.pk))
            members = ListMembership.objects.filter(contact_list__in=lists.values("pk"))
            people = people.filter(pk__in=members.order_by().values("contact"))
        if self.text:
            found = find_people(self.text, settings.DEFAULT_REGION, person).order_by()
            merged = found.filter(merged_into__isnull=False).values("merged_into")
            people = people.filter(Q(pk__in=found.values("pk")) | Q(pk__in=merged))
        return people.filter(CarriesOneOf("tags", [self.tag])) if self.tag else people

    def in_words(self) -> list[tuple[str, str]]:
        """Return the filters as pairs of what is asked and for what."""
        words = [
            (_("List"), self.contact_list.name if self.contact_list else ""),
            (_("Name or number"), self.text),
            (_("Tag"), self.tag),
        ]
        return [(name, value) for name, value in words if value] or [(_("Contacts"), _("all contacts you can see"))]
