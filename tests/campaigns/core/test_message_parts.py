"""Agent, voice and caller ID as last synced: what is gone or not active is launched, started and resumed by nobody."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.core import message_parts
from campaigns.core.refusals import Refusal
from campaigns.launch import lifecycle, start
from campaigns.launch.launch_check import check_launch, find_blockers
from campaigns.models import Campaign
from campaigns.reasons import MAX_REASON
from providers.exceptions import AgentRefused, CallerIdRefused
from providers.models import Voice
from tests.conftest import make_agent, make_caller_id, make_campaign, make_list, make_provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
NOW = timezone.now()
HOUR = datetime.timedelta(hours=1)
GONE = ({"is_present": False}, "no longer exists at the provider")
OFF = ({"warnings": ["not_active"]}, "is not active at the provider")


def with_agent(fields: dict[str, Any], **more: Any) -> Campaign:
    provider = make_provider()
    agent = make_agent(provider, name="Reminder", **fields)
    return make_campaign([make_list(2)], provider=provider, agent=agent, **more)


@pytest.mark.parametrize(("fields", "words"), [GONE, OFF])
def test_it_is_neither_launched_nor_started_nor_resumed(fields: dict[str, Any], words: str, manager: User) -> None:
    draft = with_agent(fields)
    assert any(words in sentence for sentence in find_blockers(draft))
    assert not check_launch(draft).is_ready
    with pytest.raises(Refusal, match=words):
        start.launch(draft.pk, manager)

    planned = with_agent(fields, status="scheduled", starts_at=NOW - HOUR, launched_by=manager)
    assert not start.start_scheduled(planned.pk, NOW)
    planned.refresh_from_db()
    assert (planned.status, words in planned.start_refusal) == ("draft", True)

    paused = with_agent(fields, status="paused", is_filled=True, launched_at=NOW)
    with pytest.raises(Refusal, match=words) as caught:
        lifecycle.resume(paused.pk, manager)
    assert "An admin must fix it at the provider and sync" in str(caught.value)
    assert "Its lists are being read again" in str(caught.value)
    paused.agent.is_present, paused.agent.warnings = True, []
    paused.agent.save()
    assert lifecycle.resume(paused.pk, manager).changed


def test_each_kind_is_found_by_the_same_rule_in_python_and_in_sql() -> None:
    provider = make_provider()
    voice = Voice.objects.create(provider=provider, remote_id="v", name="Voice", is_present=False)
    number = make_caller_id(provider, is_present=False)
    off, chat = make_agent(provider, warnings=["not_active"]), make_agent(provider, warnings=["not_voice"])
    gone = [
        make_campaign(provider=provider, voice=voice),
        make_campaign(provider=provider, caller_id=number),
        make_campaign(provider=provider, agent=off),
    ]
    make_campaign(provider=provider)
    make_campaign(provider=provider, agent=chat)
    found = Campaign.objects.filter(message_parts.with_gone_parts())
    assert set(found) == set(gone) == {one for one in Campaign.objects.all() if message_parts.gone_of(one)}
    assert {one.pk: message_parts.gone_sentence(one.agent) for one in gone}[gone[2].pk].endswith("at the provider.")


def test_a_reason_keeps_what_it_can_of_its_sentences() -> None:
    provider = make_provider(name="P" * 80)
    agent = make_agent(provider, name="A" * 200, is_present=False)
    campaign = make_campaign(provider=provider, agent=agent, caller_id=make_caller_id(provider))
    for reason in (message_parts.why_paused(campaign), message_parts.why_refused(campaign, AgentRefused("no"))):
        assert len(reason) <= MAX_REASON
        assert reason.endswith(("provider.", "used.", "there."))
    told = message_parts.why_refused(campaign, CallerIdRefused("no"))
    assert "does not let us call from this caller ID" in told
    assert "Front desk" in told


def test_its_page_says_what_is_gone_and_what_changed_and_leads_to_the_provider(as_manager: Client) -> None:
    campaign = with_agent(
        {"variables": ["name", "city"], "variables_before": ["name"], "variables_changed_at": NOW},
        status="running", launched_at=NOW - HOUR,
    )  # fmt: skip
    text = as_manager.get(reverse("campaign", args=[campaign.pk])).content.decode()
    assert "The agent “Reminder” now needs: name, city. Before: name." in text
    assert "no longer exists at the provider" not in text
    assert reverse("provider", args=[campaign.provider_id]) in text
    campaign.agent.is_present = False
    campaign.agent.save()
    assert (
        "“Reminder” no longer exists at the provider." in as_manager.get(f"/campaigns/{campaign.pk}/").content.decode()
    )


def test_a_change_before_the_launch_is_no_news() -> None:
    fields = {"variables": ["name"], "variables_changed_at": NOW - 2 * HOUR}
    campaign = with_agent(fields, status="running", launched_at=NOW - HOUR)
    assert message_parts.notices(campaign) == []
    assert not message_parts.with_changed_agent().exists()
    campaign.agent.variables_changed_at = NOW
    campaign.agent.save()
    assert [said for said, _step in message_parts.notices(campaign)] == [message_parts.changed_sentence(campaign)]
    assert list(message_parts.with_changed_agent()) == [campaign]
    Campaign.objects.update(status="stopped")
    campaign.refresh_from_db()
    assert message_parts.notices(campaign) == []
