"""Locks are taken in one order and hold up nobody who only refers to a locked row: else two wait for each other."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.core.sql.locking import lock_rows
from campaigns.dialing import order_results
from campaigns.dialing.order_results import OrderAnswer
from campaigns.models import Call, Campaign
from campaigns.tracking import auto_pause, call_updates
from providers.exceptions import NotSent
from providers.models import Provider
from providers.types import CallOrder
from tests.conftest import make_call, make_campaign, make_list
from tests.waiting import A_MINUTE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("holder", ["commit point", "poller"])
def test_a_call_is_added_while_its_provider_and_campaign_are_locked(holder: str) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    campaign = make_campaign([make_list(1)], status="running")
    live = make_call(
        campaign=campaign, provider=campaign.provider, status="ringing", rank=50, placing_at=timezone.now()
    )
    failures: list[BaseException] = []

    def add() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            make_call(campaign=campaign, provider=campaign.provider, to_number="+989125550099")
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        if holder == "commit point":
            lock_rows(Provider, [campaign.provider_id], ("vendor",))
            lock_rows(Campaign, [campaign.pk], ("status",))
        else:
            call_updates.merge_news({}, source="poll", now=timezone.now(), looked=[live.pk])
            auto_pause.weigh_rejection(live, "no", timezone.now())
        thread = threading.Thread(target=add)
        thread.start()
        thread.join(A_MINUTE)
    assert not failures
    assert Call.objects.filter(campaign=campaign).count() == 2


@pytest.mark.django_db
def test_an_answer_that_went_wrong_locks_the_provider_before_the_campaign() -> None:
    campaign = make_campaign([make_list(1)], status="running", reserved_cost=1)
    call = make_call(
        campaign=campaign, provider=campaign.provider, status="placing", rank=10, placing_at=timezone.now(),
        reserved_cost=1,
    )  # fmt: skip
    order = CallOrder(reference=call.reference, to_number=call.to_number)
    answer = OrderAnswer(call_id=call.pk, order=order, result=NotSent("No connection."))
    with CaptureQueriesContext(connection) as statements:
        order_results.write_answers(campaign.provider_id, [answer], timezone.now())
    said = [query["sql"] for query in statements]
    provider = next(place for place, sql in enumerate(said) if f"FROM {Provider._meta.db_table}" in sql)
    spent = next(place for place, sql in enumerate(said) if sql.startswith(f'UPDATE "{Campaign._meta.db_table}"'))
    assert provider < spent
