"""Live pages are shown whatever happens between two of their statements: nothing they read holds for the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from campaigns.models import Call, Campaign
from tests.conftest import make_call, make_campaign, make_contact

pytestmark = pytest.mark.django_db


class Meanwhile:
    """An execute wrapper that lets something happen before the statement of a number."""

    def __init__(self, at: int, happens: Callable[[], object]) -> None:
        self.at, self.happens, self.count, self.is_happening = at, happens, 0, False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.is_happening:
            self.count += 1
            if self.count == self.at:
                self.is_happening = True
                self.happens()
                self.is_happening = False
        return execute(sql, params, many, context)


def ended() -> None:
    """End every campaign: whoever waits is skipped."""
    Call.objects.filter(status="pending").update(status="skipped", skip_reason="campaign_stopped")
    Campaign.objects.update(status="stopped", finished_at=timezone.now())


def gone() -> None:
    """Take everybody away, as an import that is undone does."""
    Call.objects.filter(status="pending").delete()


def all_over() -> None:
    """Let every call end."""
    Call.objects.exclude(status="pending").update(status="completed", talk_seconds=9, ended_at=timezone.now())
    Call.objects.filter(status="pending").update(status="no_answer", placing_at=timezone.now())
    Campaign.objects.update(status="finished", finished_at=timezone.now())


CAMPAIGN = "/campaigns/{}/live/"


@pytest.mark.parametrize(
    ("page", "happens"),
    [
        (CAMPAIGN, ended), (CAMPAIGN, gone), (CAMPAIGN, all_over), ("/campaigns/{}/people/", ended),
        ("/campaigns/{}/hours/", gone), ("/today/live/", ended),
    ],
)  # fmt: skip
def test_a_page_is_shown_whatever_happens_meanwhile(
    client: Client, manager: User, page: str, happens: Callable[[], object]
) -> None:
    campaign = make_campaign(owner=manager, status="running", is_filled=True, launched_at=timezone.now())
    for status in ("pending", "pending", "ringing", "unknown"):
        make_call(
            campaign=campaign, contact=make_contact(), status=status, owner=manager,
            placing_at=None if status == "pending" else timezone.now(),
        )  # fmt: skip
    client.force_login(manager)
    path = page.format(campaign.pk)
    whole = Meanwhile(0, happens)
    client.get(path)
    with connection.execute_wrapper(whole):
        assert client.get(path).status_code == 200
    for at in range(1, whole.count + 1):
        with transaction.atomic(), connection.execute_wrapper(Meanwhile(at, happens)):
            assert client.get(path).status_code in {200, 286}, at
            transaction.set_rollback(True)
