"""Results of reviews: means by agent, campaign, week and point, within the days and the viewer's reach."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from campaigns.models import ScorecardReview
from campaigns.review import figures, reviewing
from tests.answers import text_of
from tests.campaigns.review.cards import card_of, talk
from tests.conftest import make_agent, make_campaign, make_person

pytestmark = pytest.mark.django_db


def test_means_by_what_the_calls_have_in_common(client: Client, manager: User) -> None:
    card = card_of(manager, ("Greets", 1, 1), ("Listens", 4, 1))
    greets, listens = card.points.all()
    ann, ben = make_agent(name="Ann"), make_agent(name="Ben")
    campaign = make_campaign(owner=manager, provider=ann.provider, name="Spring")
    for agent, of, values in (
        (ann, {"campaign": campaign}, (1, 4)), (ann, {}, (0, 2)), (ben, {}, (0, 0)),
    ):  # fmt: skip
        call = talk(manager, agent=agent, provider=agent.provider, **of)
        reviewing.review(manager, call, card, {f"point-{greets.pk}": values[0], f"point-{listens.pk}": values[1]})
    long_ago = talk(manager)
    reviewing.review(manager, long_ago, card, {f"point-{greets.pk}": 1, f"point-{listens.pk}": 4})
    today = timezone.localdate()
    ScorecardReview.objects.filter(call=long_ago).update(reviewed_at=timezone.now() - datetime.timedelta(days=90))
    found = figures.reviews_in(card, manager, today - datetime.timedelta(days=2), today)
    by_agent = [(one.name, one.reviews, one.percent) for one in figures.means_by(found, "call__agent__name")]
    assert by_agent == [("Ann", 2, Decimal("62.5")), ("Ben", 1, Decimal("0.0"))]
    by_campaign = [(one.name, one.percent) for one in figures.means_by(found, "call__campaign__name")]
    assert by_campaign == [("Spring", Decimal("100.0")), (None, Decimal("12.5"))]
    by_point = [(one.name, one.percent) for one in figures.means_by_point(found)]
    assert by_point == [("Greets", Decimal("33.3")), ("Listens", Decimal("50.0"))]
    weeks = figures.means_by_week(found)
    assert sum(one.reviews for one in weeks) == 3
    client.force_login(manager)
    shown = text_of(client.get(reverse("review-results")))
    assert "41.7 % on average in 3 reviews" in shown
    assert "Ann 2 62.5 %" in shown
    assert client.get(reverse("review-results"), {"since": "2026-02-02", "until": "2026-02-01"}).status_code == 200


def test_reviews_of_other_teams_are_not_counted(manager: User) -> None:
    card = card_of(manager)
    given = {f"point-{card.points.get().pk}": 1}
    reviewing.review(manager, talk(manager), card, given)
    south = Team.objects.create(name="South")
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    other = make_person("Managers")
    Membership.objects.create(user=other, team=south)
    other = User.objects.get(pk=other.pk)
    reviewing.review(other, talk(other, team=south), card, given)
    today = timezone.localdate()
    assert figures.reviews_in(card, User.objects.get(pk=manager.pk), today, today).count() == 1
