"""The demo's data: log-ins, a team, providers at the simulator, people and a campaign ready to launch."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files import File
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.supervision import ProcessGroup, Program, manage, port_is_taken, wait_for_port
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved.saving import begin_saving, save_import
from campaigns.contacts.importing.upload import map_columns, take_file
from campaigns.launch import own_numbers
from campaigns.models import Campaign, Contact, ContactList, DoNotCall
from providers.models import Agent, CallerId, Dialer, Provider, Voice
from providers.sandbox.accounts import DEMO_ACCOUNTS, DemoAccount
from providers.sandbox.wire import demo_accounts
from providers.services.checking import check_provider
from providers.services.keys import store_secrets
from providers.services.syncing import sync_provider
from providers.services.webhooks import make_address

PEOPLE = Path(__file__).with_name("demo_people.csv")
LIST_NAME = "Appointments this week"
DO_NOT_CALL = "+989120001533"


class Login(NamedTuple):
    """An account of the demo."""

    username: str
    password: str
    name: str
    role: str
    who: str | Promise


LOGINS = (
    Login("caller", "callcenter-demo", "Sara", CALLER, _("calls contacts, imports lists, runs campaigns")),
    Login("manager", "callcenter-demo", "Reza", MANAGER, _("sees calls and reports, approves, decides")),
    Login("admin", "callcenter-demo", "Mina", ADMIN, _("manages provider keys, roles and limits")),
)


def simulator(group: ProcessGroup) -> None:
    """Start the simulator and wait until it answers; does nothing where one answers already."""
    address = urlsplit(settings.SANDBOX_ORIGIN)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    if port_is_taken(port, host):
        return
    journal = settings.VAR_DIR / "sandbox-journal.jsonl"
    options = ["--host", host, "--port", str(port), "--journal", str(journal)]
    child = group.start(Program("sandbox", manage("sandbox", *options)))
    wait_for_port(port, host, seconds=20, child=child)


def have_news_sent(origin: str) -> None:
    """Make a webhook address for each demo provider and register it at the simulator."""
    with requests.Session() as session:
        session.trust_env = False
        for account in demo_accounts():
            provider = Provider.objects.filter(name=account.name, vendor=account.vendor).first()
            if provider is None or not provider.backend_class.supports_webhook:
                continue
            order = {
                "vendor": account.vendor,
                "url": make_address(provider.pk, None, origin),
                "secret": account.webhook_secret,
            }
            session.post(f"{settings.SANDBOX_ORIGIN}/_control/webhooks", json=order, timeout=5).raise_for_status()


def real_data() -> str:
    """Return in a sentence what shows that real work is done here, among which no demo may be laid out; else ""."""
    for name, options in Provider.objects.values_list("name", "options"):
        if not str(options.get("base_url", "")).startswith("http://"):
            return f"The provider {name} is a real one."
    is_demo = User.objects.filter(username__in=[login.username for login in LOGINS]).exists()
    if not is_demo and (User.objects.exists() or Contact.objects.exists()):
        return "There are users or contacts here that are not the demo's."
    return ""


def lay_out() -> Iterator[str]:
    """Create the missing data and yield one sentence for each step; existing rows are not changed."""
    team, _is_new = Team.objects.get_or_create(name="Front desk")
    caller, manager, admin = [_person(login, team) for login in LOGINS]
    for place, person in enumerate((caller, manager, admin), start=1):
        phone = own_numbers.enter(person, f"+98912999000{place}")
        own_numbers.confirm(phone.pk, person=None, reason="A phone of the simulator.")
    yield f"{len(LOGINS)} log-ins are in place."
    for account in demo_accounts():
        provider = _provider(account, admin)
        check_provider(provider.pk, admin)
        brought = sync_provider(provider.pk, admin) if _lists_something(provider) else ""
        yield f"{provider}: {brought} {_type_in(provider, account)}".strip().replace("  ", " ")
    people = _people(caller)
    yield f"{people.contacts.count()} people are in the list “{people}”."
    campaign = _campaign(people, caller, team)
    yield f"The campaign “{campaign}” is {campaign.get_status_display().lower()}."


def _person(login: Login, team: Team) -> User:
    person = User.objects.filter(username=login.username).first()
    if person is None:
        person = User.objects.create_user(
            login.username, password=login.password, first_name=login.name, is_staff=login.role == ADMIN
        )
        person.groups.add(Group.objects.get(name=login.role))
        Membership.objects.create(user=person, team=team)
    return person


def _provider(account: DemoAccount, admin: User) -> Provider:
    """Return the demo's provider: created, or pointed at the simulator's present address."""
    provider = Provider.objects.filter(name=account.name).first()
    address = settings.SANDBOX_ORIGIN + account.base_path
    if provider is None:
        backend = Provider(vendor=account.vendor).backend_class
        names = [field.name for field in backend.fields if field.is_secret]
        calls, reads = backend.fitting_pace(120, 600)
        secrets = {name: account.webhook_secret if name == "webhook_secret" else account.key for name in names}
        provider = Provider.objects.create(
            vendor=account.vendor,
            name=account.name,
            options={**account.options, "base_url": address},
            created_by=admin,
            max_lines=10,
            calls_per_minute=calls,
            reads_per_minute=reads,
            price_per_minute=Decimal(900) if account.vendor == "bitel" else Decimal("0.05"),
            currency="IRT" if account.vendor == "bitel" else "USD",
        )
        store_secrets(provider.pk, {name: value for name, value in secrets.items() if value}, person=admin)
    elif provider.options.get("base_url", "").startswith("http://") and provider.options["base_url"] != address:
        provider.options["base_url"] = address
        provider.save(update_fields=["options"])
    return provider


def _lists_something(provider: Provider) -> bool:
    backend = provider.backend_class
    return backend.supports_list_agents or backend.supports_list_voices or backend.supports_list_caller_ids


def _type_in(provider: Provider, account: DemoAccount) -> str:
    """Create the rows that this vendor does not list and an admin types in; returns a sentence, empty if none."""
    backend = provider.backend_class
    typed = []
    if not backend.supports_list_voices and account.voices:
        for voice in account.voices:
            values = {"name": voice.name, "maker": voice.maker, "language": voice.language}
            Voice.objects.get_or_create(provider=provider, remote_id=voice.id, defaults=values)
        typed.append(f"{len(account.voices)} voices")
    if not backend.supports_list_caller_ids and account.caller_ids:
        for number in account.caller_ids:
            values = {"remote_id": number, "name": "Front desk"}
            CallerId.objects.get_or_create(provider=provider, number=number, defaults=values)
        typed.append(f"{len(account.caller_ids)} caller IDs")
    if backend.accepts_dialer and account.dialers:
        for dialer in account.dialers:
            Dialer.objects.get_or_create(provider=provider, remote_id=dialer, defaults={"name": dialer})
        typed.append(f"{len(account.dialers)} diallers")
    return f"Typed in: {', '.join(typed)}." if typed else ""


def _people(caller: User) -> ContactList:
    """Import the demo's file of people as a caller would, then put one person on the do-not-call list."""
    found = ContactList.objects.filter(name=LIST_NAME).first()
    if found is None:
        with PEOPLE.open("rb") as file:
            upload = take_file(File(file), PEOPLE.name, "IR", caller)
        mapping = ColumnMapping.from_json(upload.mapping)
        map_columns(upload, mapping, region="IR", contact_list=None, list_name=LIST_NAME)
        check_import(upload.pk)
        begin_saving(upload.pk, caller, consent_source="Asked at the reception")
        save_import(upload.pk)
        found = ContactList.objects.get(name=LIST_NAME)
        forbid(DO_NOT_CALL, reason="Asked at the reception", source=DoNotCall.Source.PERSON, person=caller)
    return found


def _campaign(people: ContactList, caller: User, team: Team) -> Campaign:
    found = Campaign.objects.filter(lists=people).order_by("pk").first()
    if found is None:
        provider = Provider.objects.get(
            name=next(account.name for account in DEMO_ACCOUNTS if account.vendor == "bolna")
        )
        agent = Agent.objects.filter(provider=provider, name="Appointment reminder").first()
        found = Campaign.objects.create(
            name="Remind people of their appointment",
            provider=provider,
            agent=agent,
            owner=caller,
            team=team,
            variables={"name": "{name}", "appointment": "{appointment}"},
            # All day: the demo shall call whenever it is tried.
            hours_start=datetime.time(0, 0),
            hours_end=datetime.time(0, 0),
        )
        found.lists.add(people)
    return found
