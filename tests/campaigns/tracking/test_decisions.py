"""The page Needs a decision: what it lists, who may answer, where its count stands, and the alert of it."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import CALLER, MANAGER
from callcenter.diagnosis import calls as diagnosed
from campaigns.models import Alert, Call, CallHint, Campaign
from campaigns.notices import alerts, deliveries
from campaigns.tracking import webhooks
from providers.models import Provider
from providers.types import CallStatus
from tests.answers import html_of
from tests.conftest import make_call, make_campaign, make_person, make_provider

HOUR = datetime.timedelta(hours=1)


def given_up(owner: User | None = None, **fields: object) -> Call:
    """Make a call that was given up an hour ago."""
    at = timezone.now() - HOUR
    return make_call(
        owner=owner, status="failed", rank=51, failure_reason="no_news", no_news_at=at, placing_at=at - HOUR,
        remote_id="there-1", raw_status="NOT_PICKED", **fields,
    )  # fmt: skip


@pytest.fixture
def provider(db: None) -> Provider:
    return make_provider(name="Main")


@pytest.fixture
def campaign(provider: Provider, caller: User) -> Campaign:
    return make_campaign(provider=provider, owner=caller, status="finished", name="Spring", launched_at=timezone.now())


def listed(client: Client, **asked: object) -> list[int]:
    return [call.pk for call, _kind, _may in client.get(reverse("decisions"), asked).context["rows"]]


def test_it_lists_each_kind_with_its_sentence_and_its_answers(
    client: Client, manager: User, provider: Provider, campaign: Campaign
) -> None:
    silent = given_up(provider=provider, campaign=campaign)
    unknown = make_call(provider=provider, status="unknown", placing_at=timezone.now() - HOUR)
    held = make_call(provider=provider, status="failed", failure_reason="not_placed", held_at=timezone.now())
    make_call(provider=provider, status="unknown", placing_at=timezone.now())
    make_call(provider=provider, status="failed", failure_reason="not_connected")
    client.force_login(manager)
    page = html_of(client.get(reverse("decisions")))
    assert listed(client) == [held.pk, unknown.pk, silent.pk]
    assert listed(client, kind="no_news") == [silent.pk]
    assert listed(client, kind="unknown") == [unknown.pk]
    assert listed(client, campaign=campaign.pk) == [silent.pk]
    assert listed(client, provider=make_provider().pk) == []
    for words in ("no more updates", "response was lost", "has no such call, so nobody was called", "NOT_PICKED"):
        assert words in page
    assert page.count('value="took_place"') == page.count('value="did_not"') == page.count('value="wait"') == 2


def test_a_caller_sees_their_own_and_answers_only_for_single_calls(
    client: Client, caller: User, provider: Provider, campaign: Campaign
) -> None:
    single = given_up(caller, provider=provider)
    of_campaign = given_up(caller, provider=make_provider(), campaign=campaign)
    given_up(make_person(MANAGER), provider=make_provider())
    client.force_login(caller)
    answer = client.get(reverse("decisions"))
    assert [(call.pk, may) for call, _kind, may in answer.context["rows"]] == [
        (of_campaign.pk, False), (single.pk, True),
    ]  # fmt: skip
    assert "A manager must decide this." in html_of(answer)
    told = {"answer": "wait", "hours": "24", "next": reverse("decisions")}
    assert client.post(reverse("call-settle", args=[of_campaign.pk]), told).status_code == 403
    assert client.post(reverse("call-settle", args=[single.pk]), told)["Location"] == reverse("decisions")
    assert listed(client) == [of_campaign.pk]


@pytest.mark.parametrize(
    ("told", "status", "reason"),
    [
        ({"answer": "took_place", "result": "talked", "seconds": "45", "reason": "seen"}, "completed", ""),
        ({"answer": "took_place", "result": "talked", "seconds": "", "reason": "seen"}, "failed", "no_news"),
        ({"answer": "took_place", "result": "talked", "seconds": "1e9", "reason": "seen"}, "failed", "no_news"),
        ({"answer": "took_place", "result": "busy", "reason": "seen"}, "busy", ""),
        ({"answer": "took_place", "result": "failed", "reason": "seen"}, "failed", "no_news"),
        ({"answer": "did_not", "reason": "not there"}, "failed", "no_call"),
        ({"answer": "did_not", "reason": " "}, "failed", "no_news"),
        ({"answer": "wait", "hours": "5"}, "failed", "no_news"),
        ({"answer": "nonsense", "reason": "x"}, "failed", "no_news"),
    ],
)
def test_the_forms_say_what_is_missing_and_change_nothing_then(
    client: Client, manager: User, provider: Provider, told: dict[str, str], status: str, reason: str
) -> None:
    call = given_up(provider=provider)
    client.force_login(manager)
    answer = client.post(reverse("call-settle", args=[call.pk]), told, follow=True)
    call.refresh_from_db()
    assert (call.status, call.failure_reason, call.decide_after) == (status, reason, None)
    tones = {message.level_tag for message in answer.context["messages"]}
    assert tones == ({"success"} if reason != "no_news" else tones & {"error", "warning"})
    assert tones


def test_its_count_stands_in_the_menu_on_today_on_the_campaign_and_on_the_provider(
    client: Client, manager: User, provider: Provider, campaign: Campaign
) -> None:
    client.force_login(manager)
    places = {
        "today": ("today", ()), "campaign": ("campaign", (campaign.pk,)), "campaigns": ("campaigns", ()),
        "provider": ("provider", (provider.pk,)),
    }  # fmt: skip

    def shown(name: str, arguments: tuple[int, ...]) -> str:
        return re.sub(r"\s+", " ", html_of(client.get(reverse(name, args=arguments))))

    empty = {name: shown(*where) for name, where in places.items()}
    assert all('<span class="tag">' not in page for name, page in empty.items() if name != "campaigns")
    given_up(provider=provider, campaign=campaign)
    pages = {name: shown(*where) for name, where in places.items()}
    assert all('Needs a decision <span class="tag">1</span>' in page for page in pages.values())
    assert '<span>Needs a decision</span> <span class="figure">1</span>' in pages["today"]
    assert "1 call needs a decision." in pages["campaign"]
    assert "Everything else is finished." in pages["campaign"]
    assert f"{reverse('decisions')}?campaign={campaign.pk}" in pages["campaigns"]
    assert f"{reverse('decisions')}?provider={provider.pk}" in pages["provider"]
    assert "call needs a decision" not in empty["campaign"]


def test_the_calls_own_page_says_the_state_and_the_next_step(client: Client, manager: User, provider: Provider) -> None:
    call = given_up(provider=provider)
    client.force_login(manager)
    page = html_of(client.get(reverse("call", args=[call.pk])))
    for words in (
        "No updates: decide",
        "no more updates",
        "It is not called again automatically",
        "Mark as called",
    ):
        assert words in page


def test_it_is_alerted_once_and_over_when_decided(provider: Provider, manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(email="reza@example.org")
    calls = [given_up(provider=provider), given_up(provider=make_provider())]
    now = timezone.now()
    assert alerts.alert(now) == 2
    deliveries.send(now)
    (letter,) = mail.outbox
    assert "send no more updates for 2 calls" in letter.body
    assert "/decisions/?kind=no_news" in letter.body
    assert calls[0].to_number not in letter.body
    assert alerts.alert(now + HOUR) == 0
    Call.objects.all().update(failure_reason="no_call")
    alerts.alert(now + 2 * HOUR)
    assert not Alert.objects.filter(cleared_at__isnull=True).exists()


def test_the_doctor_names_them(provider: Provider) -> None:
    assert list(diagnosed()) == []
    given_up(provider=provider)
    (found,) = diagnosed()
    assert "1 need a decision: 1 without news" in found.sentence


def test_a_webhook_lets_a_given_up_call_be_read_now(provider: Provider) -> None:
    call = given_up(provider=provider, next_poll_at=timezone.now() + 24 * HOUR)
    now = timezone.now()
    hint = CallHint.objects.create(provider=provider, digest="x", remote_id=call.remote_id, received_at=now)
    assert webhooks.match_hint(hint, now) == CallHint.State.DONE
    call.refresh_from_db()
    assert call.next_poll_at == now


@pytest.mark.parametrize("role", [CALLER, MANAGER])
def test_a_call_that_is_live_or_over_offers_no_answer(client: Client, provider: Provider, role: str) -> None:
    person = make_person(role)
    client.force_login(person)
    for status in (CallStatus.RINGING, CallStatus.COMPLETED, CallStatus.FAILED):
        call = make_call(provider=provider, owner=person, status=status)
        assert 'value="took_place"' not in html_of(client.get(reverse("call", args=[call.pk])))
        told = {"answer": "did_not", "reason": "x"}
        client.post(reverse("call-settle", args=[call.pk]), told)
        call.refresh_from_db()
        assert (call.status, call.failure_reason) == (status, "")
