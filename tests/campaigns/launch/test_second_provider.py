"""The consent to a second provider: shown with its price, bound by an approval, checked by the usual homes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.core.installation_changes import change_settings
from campaigns.core.refusals import Refusal
from campaigns.launch import approvals, drafts, second_providers
from campaigns.models import Campaign, SecondProvider
from providers.models import Provider
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_agent, make_caller_id, make_campaign, make_list, make_person, make_provider
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]


@pytest.fixture
def campaign(manager: User) -> Campaign:
    return make_campaign([make_list(2)], owner=manager, **ALL_DAY)


@pytest.fixture
def other() -> Provider:
    return make_provider(name="Spare account")


def chosen(other: Provider, **values: Any) -> dict[str, Any]:
    price = {"price_per_minute": other.price_per_minute, "currency": other.currency}
    return {"provider": other, "agent": make_agent(other), "wait_minutes": 2, **price} | values


def test_a_user_agrees_on_the_page_and_sees_it_wherever_it_counts(
    client: Client, manager: User, campaign: Campaign, other: Provider
) -> None:
    agent, number = make_agent(other), make_caller_id(other)
    client.force_login(manager)
    address = reverse("campaign-second", args=[campaign.pk])
    page = text_of(client.get(address))
    assert "No second provider is set." in page
    assert "Spare account" in page
    sent = {"agent": agent.pk, "caller_id": number.pk, "wait_minutes": "3", "price_shown": "0.0500 USD"}
    refused = client.post(f"{address}?provider={other.pk}", sent)
    assert refused.status_code == 422
    assert "Tick this to agree. Nothing was saved." in text_of(refused)
    client.post(f"{address}?provider={other.pk}", sent | {"is_agreed": "on"})
    second = fresh(campaign).second
    assert second is not None
    assert (second.provider, second.agent, second.wait_minutes, second.consented_by) == (other, agent, 3, manager)
    event = AuditEvent.objects.get(action="campaign.second_set")
    assert (event.actor, event.detail["provider"]) == (manager, "Spare account")
    assert event.detail["caller_id"] == f"…{number.number[-4:]}"
    for name in ("campaign-second", "campaign-check", "campaign-settings"):
        said = text_of(client.get(reverse(name, args=[campaign.pk])))
        assert "Spare account" in said
        assert number.number in said
        assert "after 3 minutes without a free line" in said
    client.post(address, {"then": "remove"})
    assert fresh(campaign).second is None
    assert AuditEvent.objects.filter(action="campaign.second_removed").count() == 1


def test_a_price_that_rose_since_the_page_was_shown_is_not_agreed_to(
    client: Client, manager: User, campaign: Campaign, other: Provider
) -> None:
    client.force_login(manager)
    sent = {"agent": make_agent(other).pk, "price_shown": "0.0100 USD", "is_agreed": "on"}
    answer = client.post(f"{reverse('campaign-second', args=[campaign.pk])}?provider={other.pk}", sent)
    assert "The price changed since the page was shown." in text_of(answer)
    assert fresh(campaign).second is None


@pytest.mark.parametrize("spoilt", ["currency", "team", "is_active", "own"])
def test_only_what_may_be_used_is_offered(manager: User, campaign: Campaign, other: Provider, spoilt: str) -> None:
    if spoilt == "own":
        other = campaign.provider
    else:
        value = {"currency": "IRT", "team": Team.objects.create(name="Others"), "is_active": False}[spoilt]
        Provider.objects.filter(pk=other.pk).update(**{spoilt: value})
        other.refresh_from_db()
    values = chosen(other)
    with pytest.raises(Refusal):
        second_providers.agree(campaign.pk, manager, values)
    assert not SecondProvider.objects.exists()


def test_a_part_that_is_gone_or_missing_is_refused(manager: User, campaign: Campaign, other: Provider) -> None:
    with pytest.raises(Refusal, match="no longer exists at the provider"):
        second_providers.agree(campaign.pk, manager, chosen(other, agent=make_agent(other, is_present=False)))
    with pytest.raises(Refusal, match="Choose what"):
        second_providers.agree(campaign.pk, manager, chosen(other, agent=None))
    with pytest.raises(Refusal, match="belongs to another provider"):
        second_providers.agree(campaign.pk, manager, chosen(other, agent=campaign.agent))


def test_who_may_not_edit_the_campaign_agrees_to_nothing(campaign: Campaign, other: Provider) -> None:
    Campaign.objects.update(team=Team.objects.create(name="Theirs"))
    stranger = make_person(MANAGER)
    Membership.objects.create(user=stranger, team=Team.objects.create(name="Our call"))
    with pytest.raises(PermissionDenied):
        second_providers.agree(campaign.pk, stranger, chosen(other))
    Campaign.objects.update(status="finished")
    with pytest.raises(Refusal):
        second_providers.agree(campaign.pk, campaign.owner, chosen(other))


def test_an_approval_binds_it_and_whoever_agreed_does_not_approve(
    manager: User, campaign: Campaign, other: Provider
) -> None:
    approver = make_person(MANAGER)
    mark = approvals.mark_of(campaign)
    second_providers.agree(campaign.pk, manager, chosen(other))
    assert approvals.mark_of(fresh(campaign)) != mark
    approval = approvals.give(fresh(campaign), approver, None)
    Campaign.objects.update(status="running")
    assert not approvals.is_edited(fresh(campaign), approval)
    assert approvals.may_approve(fresh(campaign), approver)
    second_providers.agree(campaign.pk, approver, chosen(other))
    assert fresh(campaign).status == Campaign.Status.WAITING, "returned for approval"
    (said,) = approvals.differences(fresh(campaign), approval)
    assert said.startswith("Second provider: was")
    assert not approvals.may_approve(fresh(campaign), approver)


def test_a_campaign_without_one_keeps_the_approval_that_it_had(manager: User, campaign: Campaign) -> None:
    assert "second" not in approvals.bound_values(campaign)


def test_a_copy_asks_for_its_own_consent(manager: User, campaign: Campaign, other: Provider) -> None:
    second_providers.agree(campaign.pk, manager, chosen(other))
    assert drafts.copy(campaign.pk, manager).second is None


def test_the_launch_check_says_what_forbids_its_use(
    client: Client, manager: User, campaign: Campaign, other: Provider
) -> None:
    second_providers.agree(campaign.pk, manager, chosen(other))
    Provider.objects.filter(pk=other.pk).update(price_per_minute=9)
    client.force_login(manager)
    said = text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    assert "Confirm the second provider again." in said


def test_a_legal_text_is_asked_of_both_messages(manager: User, campaign: Campaign, other: Provider) -> None:
    campaign.lists.first().contacts.update(region="DE")
    Campaign.objects.update(text="This call is recorded.", launched_at=campaign.created_at, status="running")
    change_settings({"legal_texts": {"DE": "This call is recorded."}}, manager)
    with pytest.raises(Refusal, match="must say what the law asks for"):
        second_providers.agree(campaign.pk, manager, chosen(other))
    assert fresh(campaign).second is None


def test_the_page_of_a_running_campaign_says_that_the_second_calls(
    client: Client, manager: User, campaign: Campaign, other: Provider
) -> None:
    second_providers.agree(campaign.pk, manager, chosen(other))
    Campaign.objects.update(status="running", launched_at=campaign.created_at, is_filled=True)
    client.force_login(manager)
    address = reverse("campaign", args=[campaign.pk])
    assert "go through the second provider" not in text_of(client.get(address))
    Provider.objects.filter(pk=campaign.provider_id).update(halted_at=campaign.created_at, halted_reason="no key")
    said = text_of(client.get(address))
    assert "Waiting calls go through the second provider, “Spare account”." in said.replace("⁨", "").replace("⁩", "")
    Provider.objects.filter(pk=other.pk).update(uncompared_since=campaign.created_at)
    assert "must first be compared with ours" in text_of(client.get(address))
