"""Variants compared: figures by hand, what is said of them, and that currencies stay apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.answers import comparison, reading
from campaigns.answers.comparison_words import lead_in_words
from campaigns.core.variants import Variant
from campaigns.models import Call, Campaign, Question
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact

pytestmark = pytest.mark.django_db


def campaign_of(manager: User, *shares: int) -> Campaign:
    variants = [
        Variant(key=key, label="", share=share, variables={"v": key}).to_json()
        for key, share in zip("ABC", shares, strict=False)
    ]
    return make_campaign(owner=manager, name="Spring", variants=variants)


def talk(campaign: Campaign, variant: str, *, is_reached: bool, **fields: Any) -> Call:
    values = {
        "agent": campaign.agent, "status": "completed", "talk_seconds": 20, "answered_by": "human",
        "placing_at": timezone.now(), "ended_at": timezone.now(), "owner": campaign.owner, "variant": variant,
        "extracted": {"ok": is_reached}, "cost": Decimal("0.5"), "currency": "USD",
    }  # fmt: skip
    values |= fields
    if "contact" not in values:
        values["contact"] = make_contact()
    return make_call(campaign=campaign, **values)


def miss(campaign: Campaign, variant: str, **fields: Any) -> Call:
    given = {"status": "no_answer", "talk_seconds": None, "answered_by": "unknown", "cost": None, "extracted": {}}
    return talk(campaign, variant, is_reached=False, **(given | fields))


def read(campaign: Campaign) -> Question:
    goal = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="ok", goal="yes")
    reading.read_for([goal], list(Call.objects.filter(campaign=campaign).values_list("pk", flat=True)))
    return goal


def test_people_are_counted_once_over_all_their_attempts(manager: User) -> None:
    campaign = campaign_of(manager, 50, 50)
    for n in range(4):
        talk(campaign, "A", is_reached=n < 3, talk_seconds=10 * (n + 1))
    first = miss(campaign, "B")
    talk(campaign, "B", is_reached=True, contact=first.contact, attempt=2, cost=Decimal(30), currency="IRT")
    miss(campaign, "B", status="skipped", placing_at=None)
    talk(campaign, "B", is_reached=False)
    one, two = comparison.compare(campaign, read(campaign))
    assert (one.people, one.called, one.talked.hits, one.goal and one.goal.hits) == (4, 4, 4, 3)
    assert (two.people, two.called, two.talked.hits, two.goal and two.goal.hits) == (3, 2, 2, 1)
    assert (one.talk_seconds, two.talk_seconds) == (25, 20)
    assert list(one.costs) == [("USD", Decimal(2), Decimal("0.5"))]
    assert list(two.costs) == [("IRT", Decimal(30), Decimal(15)), ("USD", Decimal("0.5"), Decimal("0.25"))]


def figures(key: str, goal: int, called: int) -> comparison.VariantFigures:
    share = comparison.Share(goal, called)
    return comparison.VariantFigures(
        variant=Variant(key=key, label="", share=50), people=called, called=called,
        talked=comparison.Share(called, called), goal=share, talk_seconds=None,
    )  # fmt: skip


def said(*found: comparison.VariantFigures) -> str:
    text = " ".join(lead_in_words(comparison.lead_of(found)))
    return "".join(letter for letter in text if letter.isprintable())


def test_a_small_lead_is_called_what_it_is() -> None:
    # 12 and 14 of 60: the pooled z is 0.44, so p = 0.66.
    assert said(figures("A", 12, 60), figures("B", 14, 60)) == (
        "B is ahead of A by 3.3 points at the goal. With 120 people called, this may be chance. "
        "If the difference stays as it is, about 4,674 more people must be called to be sure."
    )


def test_a_large_lead_is_called_hardly_chance() -> None:
    # 20 and 40 of 100: z = 3.09, p = 0.002.
    assert said(figures("A", 20, 100), figures("B", 40, 100)) == (
        "B is ahead of A by 20.0 points at the goal. With 200 people called, this is hardly chance (p = 0.002)."
    )


def test_of_three_a_lead_must_be_three_times_as_clear() -> None:
    two = comparison.lead_of([figures("A", 20, 100), figures("B", 33, 100)])
    three = comparison.lead_of([figures("A", 20, 100), figures("B", 33, 100), figures("C", 1, 100)])
    assert two is not None
    assert three is not None
    assert three.chance == pytest.approx(3 * two.chance)
    assert (two.is_sure, three.is_sure) == (True, False)


def test_few_people_are_never_sure() -> None:
    lead = comparison.lead_of([figures("A", 0, 4), figures("B", 4, 4)])
    assert lead is not None
    assert lead.chance < 0.05
    assert not lead.is_sure
    assert "may be chance" in said(figures("A", 0, 4), figures("B", 4, 4))


def test_nothing_to_say_is_said() -> None:
    assert said(figures("A", 0, 0), figures("B", 1, 2)).startswith("Nothing to compare yet")
    assert said(figures("A", 5, 50), figures("B", 5, 50)) == "No difference so far."


def test_the_results_page_compares_and_opens_the_calls_of_a_variant(client: Client, manager: User) -> None:
    campaign = campaign_of(manager, 50, 50)
    for n in range(6):
        talk(campaign, "AB"[n % 2], is_reached=n % 2 == 1)
    client.force_login(manager)
    page = reverse("campaign-results", args=[campaign.pk])
    assert "B is ahead" not in text_of(client.get(page))
    read(campaign)
    answer = client.get(page)
    assert "by 100.0 points at the goal" in text_of(answer)
    assert "3 of 3" in text_of(answer)
    log = client.get(answer.context["variants"][1].url)
    assert {call.variant for call in log.context["page"].rows} == {"B"}
    assert len(log.context["page"].rows) == 3
    people = client.get(reverse("campaign-people", args=[campaign.pk]), {"variant": "A"})
    assert [row.variant for row in people.context["rows"]] == ["A"] * 3


def test_one_variant_alone_is_no_comparison(client: Client, manager: User) -> None:
    campaign = campaign_of(manager, 100)
    talk(campaign, "A", is_reached=True)
    client.force_login(manager)
    assert "A/B test" not in text_of(client.get(reverse("campaign-results", args=[campaign.pk])))
