"""What disappeared or changed at a vendor, and a balance that runs out: told once to those who act and to the owner."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Alert, Campaign
from campaigns.notices import alerts, deliveries
from providers.models import Provider
from tests.conftest import make_agent, make_campaign, make_person, make_provider

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def readers(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://console.example.org"
    make_person("Managers", email="reza@example.org")


def told(now: datetime.datetime) -> int:
    found = alerts.alert(now)
    deliveries.send(now)
    return found


def of_sara(**fields: object) -> Campaign:
    provider = make_provider(name="Main account")
    agent = make_agent(provider, name="Reminder")
    owner = make_person("Callers", email="sara@example.org")
    return make_campaign(
        name="Appointments", provider=provider, agent=agent, owner=owner, **{"status": "running", **fields}
    )


def test_an_agent_that_is_gone_is_told_to_managers_and_to_the_owner_once() -> None:
    campaign = of_sara()
    other = make_campaign(provider=campaign.provider, agent=campaign.agent, status="finished")
    assert told(NOW) == 0
    campaign.agent.is_present = False
    campaign.agent.save()
    assert told(NOW) == 1
    assert sorted(letter.to for letter in mail.outbox) == [["reza@example.org"], ["sara@example.org"]]
    for letter in mail.outbox:
        assert "“Appointments” cannot continue calling: “Reminder” no longer exists at the provider." in letter.body
        assert f"https://console.example.org/campaigns/{campaign.pk}/" in letter.body
        assert other.name not in letter.body
    assert told(NOW + 10 * MINUTE) == 0
    campaign.agent.is_present = True
    campaign.agent.save()
    assert told(NOW + 20 * MINUTE) == 0
    assert not Alert.objects.filter(cleared_at__isnull=True).exists()
    campaign.agent.is_present = False
    campaign.agent.save()
    assert told(NOW + 30 * MINUTE) == 1, "gone again is told again"


def test_changed_variables_are_told_and_another_change_once_more() -> None:
    campaign = of_sara(launched_at=NOW - 60 * MINUTE)
    agent = campaign.agent
    agent.variables, agent.variables_before, agent.variables_changed_at = ["city"], ["name"], NOW
    agent.save()
    assert told(NOW + MINUTE) == 1
    assert "The agent “Reminder” now needs: city. Before: name." in mail.outbox[1].body
    assert told(NOW + 2 * MINUTE) == 0
    agent.variables_changed_at = NOW + 3 * MINUTE
    agent.save()
    assert told(NOW + 4 * MINUTE) == 1
    Campaign.objects.update(status="stopped")
    assert told(NOW + 5 * MINUTE) == 0
    assert not Alert.objects.filter(cleared_at__isnull=True).exists()


def test_an_owner_is_told_where_no_manager_has_an_address() -> None:
    campaign = of_sara()
    campaign.agent.warnings = ["not_active"]
    campaign.agent.save()
    Provider.objects.update(is_active=True)
    type(campaign.owner).objects.filter(email="reza@example.org").update(email="")
    assert told(NOW) == 1
    assert [letter.to for letter in mail.outbox] == [["sara@example.org"]]


@pytest.mark.parametrize(
    ("limit", "account", "is_told"),
    [
        ("10", {"balance": "9.99", "currency": "USD"}, True),
        ("10", {"balance": "10.00", "currency": "USD"}, False),
        ("10", {"balance": "9.99", "currency": "INR"}, False),
        ("10", {"balance": "9.99"}, True),
        ("10", {"balance": "many", "currency": "USD"}, False),
        ("10", {}, False),
        (None, {"balance": "0.01", "currency": "USD"}, False),
    ],
)
def test_a_balance_below_its_limit_is_told_before_it_is_empty(
    limit: str | None, account: dict[str, str], is_told: bool
) -> None:
    limited = Decimal(limit) if limit else None
    provider = make_provider(name="Main account", balance_limit=limited, account=account, currency="USD")
    assert told(NOW) == is_told
    if is_told:
        (letter,) = mail.outbox
        assert "The balance is 9.99 USD, below the warning limit of 10.00 USD." in letter.body
        assert f"https://console.example.org/providers/{provider.pk}/" in letter.body
        Provider.objects.update(account={"balance": "50", "currency": "USD"})
        assert told(NOW + MINUTE) == 0
        assert not Alert.objects.filter(cleared_at__isnull=True).exists()
