"""The settings of this installation: the row wins where it says something, the environment where it does not."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.core import installation
from campaigns.models import InstallationSettings

pytestmark = pytest.mark.django_db


def test_without_a_row_the_environment_says_it_all(settings: Settings) -> None:
    settings.QUIET_PERIOD_HOURS, settings.SINGLE_CALL_HOURS = 7, "09:30-20:15"
    settings.REFUSED_NUMBER_TYPES = ["pager"]
    found = installation.current()
    assert found == installation.from_environment()
    assert (found.quiet_period_hours, found.refused_number_types) == (7, frozenset({"pager"}))
    assert (found.single_call_start, found.single_call_end) == (datetime.time(9, 30), datetime.time(20, 15))


@pytest.mark.parametrize(
    ("name", "stored", "held"),
    [
        ("refused_number_types", [], frozenset()),
        ("refused_number_types", ["uan"], frozenset({"uan"})),
        ("quiet_period_hours", 0, 0),
        ("person_calls_a_day", 2, 2),
        ("person_calls_a_week", 0, 0),
        ("single_call_minutes", 5, 5),
        ("caller_launch_limit", 0, 0),
        ("import_keep_days", 3, 3),
    ],
)
def test_a_value_of_the_row_wins_also_if_it_is_zero_or_empty(name: str, stored: Any, held: Any) -> None:
    InstallationSettings.objects.create(**{name: stored})
    assert getattr(installation.current(), name) == held


def test_it_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        installation.current()


def test_there_is_one_row_and_its_hours_are_whole() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        InstallationSettings.objects.create(pk=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        InstallationSettings.objects.create(single_call_start=datetime.time(9))
