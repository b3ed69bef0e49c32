"""What the tests do inside an installation, in a process of its own, where no screen is needed for it."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import User

from campaigns.contacts.do_not_call import forbid_many
from campaigns.core.allowed_use import team_for
from campaigns.launch.start import launch
from campaigns.models import Campaign, Contact, ContactList, ListMembership
from providers.models import Agent, CallerId, Provider, Voice


def open_limits(lines: int = 50) -> None:
    """Let every provider call and read as fast as the simulator answers, over so many lines."""
    Provider.objects.update(max_lines=lines, calls_per_minute=6000, reads_per_minute=6000)


def launch_at_new_people(vendor: str, people: int, first: int) -> None:
    """Launch a campaign at so many new people, each called once; the numbers count up from `first`."""
    phones = [f"+9891200{number:05d}" for number in range(first, first + people)]
    contacts = Contact.objects.bulk_create(Contact(name=f"Person {phone[-5:]}", phone=phone) for phone in phones)
    audience = ContactList.objects.create(name=f"People for {vendor}")
    ListMembership.objects.bulk_create(ListMembership(contact_list=audience, contact=contact) for contact in contacts)
    launch_at(vendor, audience.name, max_attempts=1, retries={})


def forbid_all(numbers: list[str]) -> None:
    """Put numbers on the do-not-call list."""
    forbid_many(numbers, reason="Asked us", source="person")


def launch_at(vendor: str, list_name: str, **fields: Any) -> None:
    """Launch a campaign of a vendor at a list, at any hour and beside other campaigns."""
    provider = Provider.objects.get(vendor=vendor)
    manager = User.objects.get(username="manager")
    audience = ContactList.objects.get(name=list_name)
    campaign = Campaign.objects.create(
        name=f"Campaign at {vendor}",
        provider=provider,
        owner=manager,
        team_id=team_for(manager, provider.team_id, audience.team_id),
        agent=Agent.objects.filter(provider=provider, name="Appointment reminder").first(),
        voice=Voice.objects.filter(provider=provider).first() if vendor == "bitel" else None,
        caller_id=CallerId.objects.filter(provider=provider).first()
        if provider.backend_class.needs_caller_id
        else None,
        hours_start=datetime.time(0, 0),
        hours_end=datetime.time(0, 0),
        quiet_hours=0,
        **fields,
    )
    campaign.lists.add(audience)
    launch(campaign.pk, manager)
