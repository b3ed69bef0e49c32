"""The settings of this installation: the row wins where it says something, the environment where it does not."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.contacts.importing.files.limits import FileLimits, FileRefused, limits
from campaigns.contacts.importing.saved.forgetting import kept_until
from campaigns.contacts.importing.upload import take_file
from campaigns.core import installation
from campaigns.core.call_caps import caps_of, counted_since
from campaigns.core.eligibility import Judge
from campaigns.core.eligibility_facts import asked_columns, quiet_hours_of, quiet_since
from campaigns.core.hours import CallingHours, hours_of
from campaigns.core.hours.week import Week
from campaigns.launch.forms.builder import CampaignForm
from campaigns.launch.lifecycle import needs_approval
from campaigns.models import ContactImport, InstallationSettings

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
        ("import_max_rows", 4, 4),
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


def test_everything_that_goes_by_them_reads_the_row(caller: User, manager: User) -> None:
    """A reader that asks the environment instead would answer as before."""
    ten, noon = datetime.time(10), datetime.time(12)
    InstallationSettings.objects.create(
        quiet_period_hours=77,
        person_calls_a_day=2,
        person_calls_a_week=3,
        single_call_start=ten,
        single_call_end=noon,
        single_call_minutes=9,
        caller_launch_limit=4,
        import_keep_days=2,
        import_max_megabytes=3,
        import_max_rows=5,
    )
    now = datetime.datetime(2026, 11, 16, 9, tzinfo=datetime.UTC)
    assert hours_of(None) == CallingHours(Week.same_on(range(7), ten, noon))
    assert quiet_hours_of(None) == 77
    assert quiet_since(now, [None]) == now - datetime.timedelta(hours=77)
    assert [(cap.most, cap.days) for cap in caps_of(None)] == [(2, 1), (3, 7)]
    assert counted_since(now, [None]) == now - datetime.timedelta(days=7, hours=1)
    assert asked_columns(now)["expires_at"] == now + datetime.timedelta(minutes=9)
    assert [needs_approval(people, caller) for people in (4, 5)] == [False, True]
    assert kept_until(ContactImport(created_at=now)) == now + datetime.timedelta(days=2)
    assert limits() == FileLimits(3 * 1024 * 1024, 5)
    assert CampaignForm(person=manager).initial["quiet_hours"] == 77
    for judge in (Judge(now, None), Judge(now, None, installation=installation.current())):
        assert (judge.quiet, judge.caps) == (datetime.timedelta(hours=77), caps_of(None))
    said = installation.in_words()
    assert "quiet period 77 h; to one person at most 2 calls a day and 3 a week; single calls 10:00-12:00" in said
    assert "Set under Set-up: quiet_period_hours, person_calls_a_day" in said


def test_an_import_is_bounded_by_the_row_at_every_door(client: Client, manager: User, tmp_path: Path) -> None:
    InstallationSettings.objects.create(import_max_rows=2, import_max_megabytes=1)
    client.force_login(manager)
    context = client.get(reverse("import-new")).context
    assert (context["most_megabytes"], context["most_rows"]) == (1, 2)
    rows = [f"Person {n},0912000910{n}" for n in range(3)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["Name,Phone", *rows]))
    # The process that parses is told, and so is the command.
    with path.open("rb") as file, pytest.raises(FileRefused, match="2"):
        take_file(file, path.name, "IR")
    with pytest.raises(CommandError, match="2"):
        call_command("import_contacts", str(path), "--list", "New")
    for address in ("import-new", "do-not-call-import"):
        large = SimpleUploadedFile("large.csv", b"x" * (2 * 1024 * 1024 + 5_000))
        assert client.post(reverse(address), {"file": large, "region": "IR"}).status_code == 413
    InstallationSettings.objects.update(import_max_rows=3)
    path.write_text("\n".join(["Name,Phone", *rows]))
    with path.open("rb") as file:
        assert take_file(file, path.name, "IR").total_rows == 3


@pytest.mark.parametrize(("name", "value"), [("import_max_megabytes", 65), ("import_max_rows", 0)])
def test_limits_of_imports_have_bounds_of_their_own(name: str, value: int) -> None:
    with pytest.raises(ValidationError):
        InstallationSettings(**{name: value}).full_clean()
