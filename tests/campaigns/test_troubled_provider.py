"""One provider's trouble is its own: whatever is broken in one, everything else of the product goes on.

A new asker of providers joins `ASKERS`, a new page `PAGES`, a new button `BUTTONS`.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter import diagnosis
from callcenter.access.rights import ADMIN
from campaigns import minute_job, rules
from campaigns.core import stop_requests
from campaigns.dialing import circuit_breaker
from campaigns.launch import start
from campaigns.launch.enqueue import fill_running_campaigns
from campaigns.models import Call, CallHint, Campaign, VendorSweep
from campaigns.notices import alerts
from campaigns.tracking import reconciliation_sweep, vendor_stops, webhooks
from providers import guarding, registry
from providers.models import Provider, WebhookAddress
from providers.services.syncing import sync_provider
from providers.services.webhooks import make_address
from providers.types import FINAL, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.campaigns.troubles import CANARY, FAILING, KEY_TROUBLES, ONE_OF_A_KIND, TROUBLES, FailsAtOrders
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list, make_person
from tests.shown import shown_at

Run = Callable[..., None]
MINUTE = datetime.timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("nudges")


class Desk:
    """A troubled provider and a healthy one, each with a call in every state that somebody asks about."""

    def __init__(self, sandbox: Sandbox, dial: Run, read_back: Run) -> None:
        self.sandbox, self.dial, self.read_back = sandbox, dial, read_back
        self.troubled = sandbox.provider(name="Troubled")
        self.healthy = sandbox.provider(name="Well")
        self.campaigns = {provider.pk: self.campaign(provider) for provider in (self.troubled, self.healthy)}
        for provider in (self.troubled, self.healthy):
            make_address(provider.pk, None)

    def campaign(self, provider: Provider, **fields: Any) -> Campaign:
        """Make a campaign of two people that is ready to be launched."""
        agent = provider.agent_set.first()
        return make_campaign([make_list(2)], provider=provider, agent=agent, owner=None, **(ALL_DAY | fields))

    def call(self, provider: Provider, status: str = "pending", **fields: Any) -> Call:
        """Make a call of a provider as it stands."""
        defaults = {"agent": provider.agent_set.first(), "rank": rules.RANK[CallStatus(status)], "status": status}
        if status != "pending":
            defaults |= {"placing_at": timezone.now() - 5 * MINUTE, "deadline_at": timezone.now() - 4 * MINUTE}
        return make_call(provider=provider, **(defaults | fields))

    def placed(self, provider: Provider) -> Call:
        """Place a call at the simulator itself, so that the vendor knows it."""
        call = self.call(provider)
        self.dial(1.5, until=Call.objects.filter(pk=call.pk).exclude(remote_id="").exists)
        call.refresh_from_db()
        assert call.remote_id, call.failure_detail
        return call

    def is_met(self) -> bool:
        """Tell whether somebody has met the trouble."""
        self.troubled.refresh_from_db()
        return bool(self.troubled.halted_at or self.troubled.last_error)

    def both_asked(self, well: Call, ill: Call) -> Callable[[], bool]:
        """Return a condition: the healthy one was asked about its call, and the troubled one's was put off or read."""
        asked = Call.objects.filter(pk=well.pk).filter(Q(polls__gt=0) | Q(absent_looks__gt=0) | Q(status__in=FINAL))
        untouched = Call.objects.filter(pk=ill.pk, next_poll_at=ill.next_poll_at)
        return lambda: asked.exists() and not untouched.exists()


@pytest.fixture
def desk(sandbox: Sandbox, dial: Run, read_back: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(guarding, "_logged_at", {})
    for slug, found in FAILING.items():
        monkeypatch.setitem(registry.BACKENDS, slug, f"{found.__module__}.{found.__qualname__}")
    yield Desk(sandbox, dial, read_back)
    registry.forget()


# Askers: each must serve the healthy provider beside the troubled one


def fills(desk: Desk) -> None:
    for campaign in desk.campaigns.values():
        Campaign.objects.filter(pk=campaign.pk).update(status="running", launched_at=timezone.now())
    fill_running_campaigns(5)
    for campaign in desk.campaigns.values():
        assert Call.objects.filter(campaign=campaign).count() == 2


def dials(desk: Desk) -> None:
    ill, well = desk.call(desk.troubled), desk.call(desk.healthy)
    desk.dial(2.0, until=lambda: desk.is_met() and Call.objects.exclude(remote_id="").filter(pk=well.pk).exists())
    well.refresh_from_db()
    assert well.remote_id, well.failure_detail
    ill.refresh_from_db()
    assert ill.status in {"pending", "unknown"}, "never lost, never sent again"


def probes(desk: Desk) -> None:
    past = timezone.now() - MINUTE
    for provider in (desk.troubled, desk.healthy):
        desk.call(provider)
        Provider.objects.filter(pk=provider.pk).update(breaker_opened_at=past, breaker_probe_at=past)
    assert set(circuit_breaker.due_probes(timezone.now())) == {desk.troubled.pk, desk.healthy.pk}
    asked = Provider.objects.filter(breaker_probe_at=past)
    desk.dial(2.0, until=lambda: not asked.exists() and desk.healthy in Provider.objects.filter(breaker_opened_at=None))
    desk.healthy.refresh_from_db()
    assert desk.healthy.breaker_opened_at is None
    desk.troubled.refresh_from_db()
    Provider.objects.update(breaker_opened_at=None)


def polls(desk: Desk) -> None:
    well = desk.placed(desk.healthy)
    ill = desk.call(desk.troubled, "queued", remote_id="known-there", next_poll_at=timezone.now())
    Call.objects.filter(pk=well.pk).update(next_poll_at=timezone.now())
    desk.read_back(4.0, until=desk.both_asked(well, ill))
    well.refresh_from_db()
    ill.refresh_from_db()
    assert well.polls or well.is_final
    assert well.changed_at > ill.created_at
    assert ill.status == "queued"


def settles(desk: Desk) -> None:
    desk.placed(desk.healthy)
    lost = {
        provider.pk: desk.call(provider, "unknown", next_poll_at=timezone.now())
        for provider in (desk.troubled, desk.healthy)
    }
    desk.read_back(2.0, until=desk.both_asked(lost[desk.healthy.pk], lost[desk.troubled.pk]))
    for call in lost.values():
        call.refresh_from_db()
        assert call.status == "unknown"
    assert lost[desk.healthy.pk].polls or lost[desk.healthy.pk].absent_looks


def takes_back(desk: Desk) -> None:
    for provider in (desk.troubled, desk.healthy):
        stopped = desk.campaign(provider, status="stopped", finished_at=timezone.now())
        # More than one run asks about at once, so that those of the healthy one come last.
        for number in range(10 if provider == desk.troubled else 1):
            desk.call(provider, "queued", campaign=stopped, remote_id=f"{provider.pk}-{number}", contact=make_contact())
        stop_requests.for_campaign(stopped.pk, timezone.now())
    Provider.objects.update(halted_at=None)
    vendor_stops.take_back(5.0)
    well = Call.objects.filter(provider=desk.healthy, remote_id=f"{desk.healthy.pk}-0").get()
    assert well.events.filter(code__in=[vendor_stops.ASKED, vendor_stops.UNREACHED]).exists()


def compares_lists(desk: Desk) -> None:
    VendorSweep.objects.all().delete()
    desk.placed(desk.healthy)
    Provider.objects.filter(pk=desk.healthy.pk).update(created_at=timezone.now() - 10 * MINUTE)
    assert desk.healthy.pk in reconciliation_sweep.comparable()
    desk.troubled.refresh_from_db()
    for pk in (desk.troubled.pk, desk.healthy.pk):
        reconciliation_sweep.sweep_provider(pk)
    sweeps = {sweep.provider_id: sweep for sweep in VendorSweep.objects.all()}
    assert sweeps[desk.healthy.pk].swept_at is not None
    assert sweeps[desk.troubled.pk].problem or desk.troubled.backend_class is FailsAtOrders
    assert not sweeps[desk.troubled.pk].lease_until
    assert len(reconciliation_sweep.standings(make_person(ADMIN))) == 2


def follows_hints(desk: Desk) -> None:
    for provider in (desk.troubled, desk.healthy):
        call = desk.call(provider, "completed", remote_id=f"over-{provider.pk}", ended_at=timezone.now())
        CallHint.objects.create(
            provider=provider, digest=f"{provider.pk}-hint", remote_id=call.remote_id, state=CallHint.State.TO_READ,
            received_at=timezone.now(),
        )  # fmt: skip
    webhooks.follow_hints()
    assert CallHint.objects.get(provider=desk.healthy).state == CallHint.State.DONE


def receives(desk: Desk) -> None:
    addresses = WebhookAddress.objects.select_related("provider").order_by("provider__name")
    for address in addresses:
        webhooks.receive(address, {}, b'{"id": "x", "status": "completed"}')


def sweeps_each_minute(desk: Desk) -> None:
    Provider.objects.filter(pk=desk.troubled.pk).update(halted_at=timezone.now(), halted_reason="Broken.")
    assert {"started", "lost", "alerts"} <= minute_job.sweep().keys()
    alerts.alert(timezone.now())


def examines(desk: Desk) -> None:
    findings = diagnosis.examine()
    assert not [finding for finding in findings if "could not be examined" in finding.sentence]


def synchronises(desk: Desk) -> None:
    sync_provider(desk.troubled.pk)
    assert sync_provider(desk.healthy.pk).problem is None


ASKERS = (
    fills, dials, probes, polls, settles, takes_back, compares_lists, follows_hints, receives, sweeps_each_minute,
    examines, synchronises,
)  # fmt: skip


@pytest.mark.alike("trouble")
@pytest.mark.parametrize("trouble", ONE_OF_A_KIND)
@pytest.mark.parametrize("asks", ASKERS)
def test_worker_serves_the_others(
    desk: Desk, trouble: str, asks: Callable[[Desk], None], caplog: pytest.LogCaptureFixture
) -> None:
    plant, _kind = TROUBLES[trouble]
    plant(desk.troubled)
    with caplog.at_level(logging.INFO):
        asks(desk)
    assert CANARY not in caplog.text
    assert "Traceback" not in caplog.text
    desk.healthy.refresh_from_db()
    assert desk.healthy.halted_at is None
    assert desk.sandbox.dialed == [
        entry for entry in desk.sandbox.dialed if desk.sandbox.dials_of(entry["to_number"]) == 1
    ]


@pytest.mark.alike("trouble")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_named_and_nothing_is_lost(desk: Desk, trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    plant, kind = TROUBLES[trouble]
    plant(desk.troubled)
    calls = [desk.call(desk.troubled, to_number=f"+98912000000{last}") for last in (1, 2)]
    calls[0].refresh_from_db()
    desk.dial(2.0)
    desk.troubled.refresh_from_db()
    states = {call.pk: Call.objects.get(pk=call.pk).status for call in calls}
    if kind in {"OutcomeUnknown", "BackendFailed"}:
        # The commit point passed, so nobody knows: looked for, never sent again. Or no call passed it at all.
        assert set(states.values()) <= {"unknown", "pending"}
        said = [line for line in caplog.messages if "the backend failed" in line]
        assert len(said) == len(set(said)) <= 1
    else:
        assert set(states.values()) == {"pending"}
        assert (desk.troubled.state, desk.troubled.last_error_kind) == ("halted", kind)
        assert str(desk.troubled.standing.sentence).startswith("Paused: ")
        assert desk.troubled.standing.step


# Pages and buttons

PAGES = (
    "today", "today-live", "providers", "campaigns", "campaign-new", "call-log", "call-log-total", "quick-call",
    "unmatched-calls", "reports", "exports", "people", "lists", "do-not-call",
    "admin:index", "admin:providers_provider_changelist", "admin:providers_provider_add",
    "admin:providers_agent_changelist", "admin:providers_dialer_add", "admin:providers_callerid_add",
)  # fmt: skip
PAGES_OF_A_PROVIDER = ("provider", "admin:providers_provider_change")
PAGES_OF_A_CAMPAIGN = (
    "campaign",
    "campaign-live",
    "campaign-settings",
    "campaign-people",
    "campaign-check",
    "campaign-edit",
)
PAGES_OF_A_CALL = ("call", "call-live", "call-player")
BUTTONS = ("provider-test", "provider-sync", "provider-halt", "provider-resume", "provider-webhook", "provider-key")


class Visitor:
    """Somebody with every right, who opens the pages and presses the buttons of one provider."""

    def __init__(self, desk: Desk, provider: Provider, client: Client, person: User) -> None:
        person.groups.add(*Group.objects.all())
        client.force_login(person)
        self.desk, self.provider, self.client = desk, provider, client
        self.calls = {
            status: desk.call(
                provider, status, campaign=desk.campaigns[provider.pk], contact=make_contact(),
                remote_id="" if status == "pending" else f"{provider.pk}-{status}",
            )
            for status in ("pending", "queued", "in_progress", "completed")
        }  # fmt: skip

    def opens(self, *names: str) -> None:
        """Open pages of everybody, and every page of the provider, of its campaign and of its calls."""
        urls = [reverse(name) for name in names]
        urls += [reverse(name, args=[self.provider.pk]) for name in PAGES_OF_A_PROVIDER]
        urls += [reverse(name, args=[self.desk.campaigns[self.provider.pk].pk]) for name in PAGES_OF_A_CAMPAIGN]
        urls += [reverse(name, args=[call.pk]) for call in self.calls.values() for name in PAGES_OF_A_CALL]
        urls.append(f"{reverse('quick-call')}?provider={self.provider.pk}")
        shown = {url: self.client.get(url).status_code for url in urls}
        assert {url: code for url, code in shown.items() if code not in {200, 286, 302}} == {}

    def presses(self, allowed: set[int]) -> None:
        """Press every button of the provider, and those of its calls."""
        for name in BUTTONS:
            answer = self.client.post(reverse(name, args=[self.provider.pk]))
            assert answer.status_code in allowed, name
        for status, name in (("queued", "call-cancel-at-vendor"), ("in_progress", "call-hang-up")):
            assert self.client.post(reverse(name, args=[self.calls[status].pk])).status_code in {200, 302}


@pytest.mark.alike("trouble")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_pages_and_buttons_of_a_troubled_one_work(desk: Desk, trouble: str, client: Client, admin_person: User) -> None:
    plant, _kind = TROUBLES[trouble]
    visitor = Visitor(desk, desk.troubled, client, admin_person)
    plant(desk.troubled)
    visitor.opens(*PAGES)
    # A form that was sent empty may say what is wrong with what is stored.
    visitor.presses({200, 302, 422})


def test_pages_and_buttons_of_everybody_work_beside_every_trouble(
    desk: Desk, client: Client, admin_person: User
) -> None:
    healthy = Visitor(desk, desk.healthy, client, admin_person)
    for trouble, (plant, _kind) in TROUBLES.items():
        troubled = desk.sandbox.provider(name=f"Beside: {trouble}")
        desk.campaigns[troubled.pk] = desk.campaign(troubled)
        Visitor(desk, troubled, client, admin_person)
        plant(troubled)
    healthy.opens(*PAGES)
    healthy.presses({200, 302})
    Provider.objects.filter(pk=desk.healthy.pk).update(halted_at=None)
    start.launch(desk.campaigns[desk.healthy.pk].pk, admin_person)
    assert Call.objects.filter(campaign=desk.campaigns[desk.healthy.pk], attempt=1).exists()


@pytest.mark.alike("trouble")
@pytest.mark.parametrize("trouble", KEY_TROUBLES)
def test_page_takes_a_new_key_and_calls_go_on(desk: Desk, trouble: str, client: Client, admin_person: User) -> None:
    good = desk.troubled.secrets.open()["api_key"]
    TROUBLES[trouble][0](desk.troubled)
    call = desk.call(desk.troubled)
    desk.dial(1.0)
    client.force_login(admin_person)
    page = reverse("provider", args=[desk.troubled.pk])
    before = client.get(page).content.decode()
    assert "Paused: The keys cannot be read." in before
    assert "The saved keys cannot be read. Paste this one again." in before
    answer = client.post(reverse("provider-resume", args=[desk.troubled.pk]), follow=True).content.decode()
    assert "stays paused" in answer
    sent = {"secret_api_key": good} | shown_at(client, page)
    assert client.post(reverse("provider-key", args=[desk.troubled.pk]), sent).status_code == 302
    client.post(reverse("provider-resume", args=[desk.troubled.pk]))
    desk.troubled.refresh_from_db()
    assert desk.troubled.secrets.open() == {"api_key": good}
    assert desk.troubled.halted_at is None
    desk.dial(2.0)
    call.refresh_from_db()
    assert call.remote_id
