"""The page of daily spending limits: what is left is shown, only admins set and remove, everything is recorded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.audit.models import AuditEvent
from campaigns.launch import spending_limits
from campaigns.models import DayCap, DaySpending
from tests.answers import text_of
from tests.conftest import make_call, make_provider
from tests.shown import shown_at

pytestmark = pytest.mark.django_db
PAGE = "/spending-limits/"


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="North")


def test_an_admin_sets_changes_and_removes_a_limit(client: Client, admin_person: User, team: Team) -> None:
    make_provider()
    client.force_login(admin_person)
    for amount in ("20", "30.5"):
        client.post(PAGE, {"team": team.pk, "amount": amount, "currency": "USD"} | shown_at(client, PAGE))
    limit = DayCap.objects.get()
    assert (limit.team, limit.amount, limit.currency) == (team, Decimal("30.5"), "USD")
    client.post(reverse("spending-limit-remove", args=[limit.pk]))
    assert not DayCap.objects.exists()
    assert client.post(reverse("spending-limit-remove", args=[limit.pk])).status_code == 404
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["spending_limit.set", "spending_limit.set", "spending_limit.removed"]


@pytest.mark.parametrize("both", [True, False])
def test_a_limit_is_of_a_team_or_of_a_user(client: Client, admin_person: User, team: Team, both: bool) -> None:
    make_provider()
    client.force_login(admin_person)
    whose = {"team": team.pk, "person": admin_person.pk} if both else {}
    answer = client.post(PAGE, {"amount": "20", "currency": "USD"} | whose)
    assert (answer.status_code, DayCap.objects.count()) == (422, 0)
    assert "Choose a team or a user, not both." in text_of(answer)


def test_each_currency_is_shown_by_itself_with_what_is_left(client: Client, manager: User, team: Team) -> None:
    Membership.objects.create(user=manager, team=team)
    usd, toman = make_provider(), make_provider(currency="IRT", price_per_minute=900, day_cap=50_000)
    DayCap.objects.create(team=team, currency="USD", amount=20)
    DayCap.objects.create(team=team, currency="IRT", amount=90_000)
    DayCap.objects.create(person=manager, currency="USD", amount=5)
    today = timezone.localdate()
    keys = {"day": today, "team_key": team.pk, "person_key": manager.pk}
    DaySpending.objects.create(provider=usd, currency="USD", amount=Decimal("3.5"), **keys)
    DaySpending.objects.create(provider=toman, currency="IRT", amount=9_000, **keys)
    make_call(
        provider=usd, team=team, status="ringing", placing_at=timezone.now(), reserved_cost=Decimal("1.5")
    )  # fmt: skip
    client.force_login(manager)
    text = text_of(client.get(PAGE))
    assert "15.00 USD of 20.00 USD left until" in text
    assert "81,000 Toman of 90,000 Toman left until" in text
    assert "1.50 USD of 5.00 USD left until" in text
    assert "41,000 Toman of 50,000 Toman left until" in text
    assert "Set a limit" not in text


def test_only_admins_set_and_remove(client: Client, caller: User, manager: User, team: Team) -> None:
    make_provider()
    client.force_login(manager)
    client.post(PAGE, {"team": team.pk, "amount": "20", "currency": "USD"})
    assert not DayCap.objects.exists()
    limit = DayCap.objects.create(team=team, currency="USD", amount=1)
    assert client.post(reverse("spending-limit-remove", args=[limit.pk])).status_code == 403
    for act in (
        lambda: spending_limits.set_limit(manager, team, "USD", Decimal(9)),
        lambda: spending_limits.remove_limit(manager, limit.pk),
    ):
        with pytest.raises(PermissionDenied):
            act()
    client.force_login(caller)
    assert client.get(PAGE).status_code == 403


def test_the_page_of_a_provider_says_what_is_left(client: Client, caller: User) -> None:
    provider = make_provider(day_cap=20)
    DaySpending.objects.create(
        day=timezone.localdate(), provider=provider, team_key=0, person_key=0, currency="USD", amount=Decimal("7.7")
    )
    client.force_login(caller)
    assert "Daily spending limit 12.30 USD of 20.00 USD left until" in text_of(
        client.get(reverse("provider", args=[provider.pk]))
    )
