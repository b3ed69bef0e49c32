"""The dashboard of a campaign: what its attempts came to, when people answer, when it ends, what a stop would do."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.core.call_events import step, write_steps
from campaigns.models import Call, Campaign, DoNotCall
from campaigns.reports import outcomes, progress
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list, make_provider

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
HOUR = datetime.timedelta(hours=1)


def launched(owner: User | None = None, **fields: Any) -> Campaign:
    values = {"status": "running", "is_filled": True, "launched_at": timezone.now() - HOUR, "owner": owner} | fields
    return make_campaign(**values)


def over(campaign: Campaign, status: str = "completed", **fields: Any) -> Call:
    values = {"placing_at": timezone.now(), "ended_at": timezone.now(), "owner": campaign.owner} | fields
    return make_call(campaign=campaign, contact=make_contact(), status=status, **values)


def mixed(owner: User | None = None) -> Campaign:
    """Make a campaign whose attempts came to everything."""
    campaign = launched(owner)
    for _ in range(4):
        over(campaign, talk_seconds=40, answered_by="human")
    over(campaign, talk_seconds=2, answered_by="human")
    wished = over(campaign, talk_seconds=30)
    DoNotCall.objects.create(phone=wished.to_number, source="person")
    write_steps([step(wished.pk, "do_not_call_heard", at=timezone.now())])
    heard = over(campaign, talk_seconds=1)
    DoNotCall.objects.create(phone=heard.to_number, source="vendor")
    over(campaign, talk_seconds=9, answered_by="machine")
    over(campaign)
    for status in ("no_answer", "no_answer", "no_answer", "busy", "failed", "canceled"):
        over(campaign, status)
    make_call(campaign=campaign, contact=make_contact(), status="skipped", owner=owner)
    return campaign


def test_every_outcome_is_counted_and_opens_its_calls(console: Client, caller: User) -> None:
    campaign = mixed(caller)
    came = outcomes.count_outcomes(campaign)
    assert (came.ended, came.talked, came.machine, came.silent) == (15, 7, 1, 1)
    assert (came.no_answer, came.busy, came.failed, came.canceled) == (3, 1, 1, 1)
    assert (came.refused, came.answer_rate) == (3, 46.7)
    page = console.get(f"/campaigns/{campaign.pk}/").content.decode()
    found = re.findall(r'class="card stat"\s+href="([^"]+)">.*?class="figure[^"]*">\s*([^<]*?)\s*<', page, re.S)
    assert len(found) == 7
    for url, figure in found:
        shown = console.get(url.replace("&amp;", "&"))
        assert shown.status_code == 200
        assert len(shown.context["page"].rows) == int(figure), url


def test_slow_figures_are_kept_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = mixed()
    monkeypatch.setattr(outcomes, "QUICK", 0.0)
    monkeypatch.setattr(outcomes, "KEPT_TIMES", 100_000)
    before = outcomes.count_outcomes(campaign)
    over(campaign, "busy")
    assert outcomes.count_outcomes(campaign) == before
    now = progress.measure(campaign)
    assert (now.outcomes, now.by_status["busy"]) == (before, before.by_status["busy"] + 1)
    monkeypatch.setattr(outcomes, "QUICK", 1.0)
    outcomes.cache.clear()
    assert outcomes.count_outcomes(campaign).busy == 2


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tehran", "Asia/Kathmandu", "America/New_York"])
def test_hours_are_those_of_the_viewers_clock(zone: str) -> None:
    campaign = launched()
    instants = [datetime.datetime(2026, 3, 2, 0, 0, tzinfo=UTC) + n * datetime.timedelta(minutes=37) for n in range(60)]
    for number, instant in enumerate(instants):
        over(campaign, "completed" if number % 3 else "busy", placing_at=instant, talk_seconds=number % 3 and 30)
    make_call(campaign=campaign, contact=make_contact(), status="pending")
    with timezone.override(zone):
        cells = outcomes.count_hours(campaign).cells
        expected: dict[tuple[int, int], list[int]] = {}
        for number, instant in enumerate(instants):
            there = timezone.localtime(instant)
            cell = expected.setdefault((there.isoweekday(), there.hour), [0, 0])
            cell[0] += 1
            cell[1] += bool(number % 3)
    assert {key: [cell.ended, cell.talked] for key, cell in cells.items()} == expected


def test_a_cell_of_the_heat_map_opens_its_calls_and_stands_in_the_table(console: Client, caller: User) -> None:
    campaign, other = launched(caller), launched(caller)
    when = timezone.now().replace(minute=5)
    for status, talked in (("completed", 30), ("busy", None), ("no_answer", None)):
        over(campaign, status, placing_at=when, talk_seconds=talked)
    over(other, placing_at=when, talk_seconds=30)
    lazy = console.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert f'hx-get="/campaigns/{campaign.pk}/hours/"' in lazy
    whole = console.get(f"/campaigns/{campaign.pk}/hours/")
    assert "<html" in whole.content.decode()
    part = console.get(f"/campaigns/{campaign.pk}/hours/", headers={"HX-Request": "true"})
    page = part.content.decode()
    assert "<html" not in page
    assert "1 of 3 calls answered (33.3 %)" in page
    assert "<table" in page
    url = re.search(r'<a href="([^"]+)" tabindex="-1">', page)
    assert url
    shown = console.get(url[1].replace("&amp;", "&"))
    assert {call.campaign_id for call in shown.context["page"].rows} == {campaign.pk}
    assert len(shown.context["page"].rows) == 3


def test_hours_of_others_campaigns_are_not_shown(console: Client) -> None:
    assert console.get(f"/campaigns/{launched().pk}/hours/").status_code == 404


def test_a_campaign_without_calls_says_so(console: Client, caller: User) -> None:
    assert "No call of this campaign is finished yet." in text_of(
        console.get(f"/campaigns/{launched(caller).pk}/hours/")
    )


# When it ends


def test_the_expected_end_follows_the_pace_and_the_last_planned_attempt() -> None:
    now = timezone.now()
    campaign = launched(launched_at=now - HOUR / 6, **ALL_DAY)
    for number in range(20):
        over(campaign, placing_at=now - number * datetime.timedelta(seconds=25))
    for _ in range(10):
        make_call(campaign=campaign, contact=make_contact(), due_at=now)
    found = progress.measure(campaign)
    assert found.minutes_left == 6
    assert found.finish
    assert abs((found.finish - now).total_seconds() - 300) < 120
    later = now + 5 * HOUR
    make_call(campaign=campaign, contact=make_contact(), due_at=later, wait_reason="retry")
    assert progress.measure(campaign).finish == later
    Campaign.objects.filter(pk=campaign.pk).update(status="paused")
    campaign.refresh_from_db()
    assert progress.measure(campaign).finish is None


# What a pause and a stop would do


def test_pause_and_stop_say_before_what_they_will_do(console: Client, caller: User) -> None:
    campaign = launched(caller, provider=make_provider(vendor="bolna"))
    states = ["pending"] * 3 + ["in_progress"] * 12 + ["placing"] + ["queued"] * 2
    for number, state in enumerate(states):
        make_call(campaign=campaign, contact=make_contact(), status=state, remote_id=f"r{number}")
    text = text_of(console.get(f"/campaigns/{campaign.pk}/live/"))
    assert "14 calls in progress will finish. 1 call is still in progress and may ring. Pause" in text
    assert (
        "3 waiting calls will not be made. 12 calls in progress will finish. The provider is being asked to cancel "
        "2 calls that are not dialled yet. 1 call is still in progress and may ring."
    ) in text


def test_a_stopped_campaign_says_what_the_vendor_gave_back(console: Client, caller: User) -> None:
    campaign = launched(caller, status="stopped", finished_at=timezone.now())
    over(campaign, "canceled", stop_asked_at=timezone.now())
    make_call(campaign=campaign, contact=make_contact(), status="queued", remote_id="r")
    text = text_of(console.get(f"/campaigns/{campaign.pk}/live/"))
    assert "1 call queued at the provider was cancelled." in text
    assert "1 call is still queued at the provider and may ring until the provider cancels it." in text


def test_the_budget_stands_beside_the_cost(console: Client, caller: User) -> None:
    campaign = launched(caller, budget=Decimal(20), spent_cost=Decimal("7.5"), reserved_cost=Decimal("0.5"))
    text = text_of(console.get(f"/campaigns/{campaign.pk}/"))
    assert "7.50 USD of 20.00 USD ; 0.50 USD reserved for calls in progress; 12.00 USD left" in text


def test_the_dashboard_asks_as_often_for_many_calls_as_for_few(
    console: Client, caller: User, django_assert_max_num_queries: Any
) -> None:
    campaign = mixed(caller)
    make_list(1)
    with django_assert_max_num_queries(20):
        console.get(f"/campaigns/{campaign.pk}/")
