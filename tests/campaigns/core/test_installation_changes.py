"""Changes of the installation's settings: audited, not over somebody else's, and in force from their commit on."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from callcenter.audit.models import AuditEvent
from callcenter.edits.shown import BothChanged, Shown
from callcenter.edits.states import state_of
from campaigns.core import installation, stop_all
from campaigns.core.forms.installation import CHANGED_HERE, InstallationForm
from campaigns.core.installation_changes import change_settings
from campaigns.models import DialingSwitch, InstallationSettings
from campaigns.models.installation import SETTINGS_ID

pytestmark = pytest.mark.django_db


def test_a_change_is_written_counted_and_audited(admin_person: User) -> None:
    nine, noon = datetime.time(9), datetime.time(12)
    row = change_settings(
        {"quiet_period_hours": 48, "single_call_start": nine, "single_call_end": noon, "person_calls_a_day": None},
        admin_person,
    )
    assert (row.version, row.changed_by) == (1, admin_person)
    found = installation.current()
    assert (found.quiet_period_hours, found.single_call_start, found.single_call_end) == (48, nine, noon)
    event = AuditEvent.objects.get(action="settings.changed")
    assert event.actor == admin_person
    assert event.detail == {
        "quiet_period_hours": {"from": None, "to": 48},
        "single_call_start": {"from": None, "to": "09:00"},
        "single_call_end": {"from": None, "to": "12:00"},
    }


def test_what_somebody_changed_meanwhile_is_not_overwritten(admin_person: User) -> None:
    seen = Shown(InstallationForm.edited, state_of(InstallationSettings(pk=SETTINGS_ID), CHANGED_HERE))
    change_settings({"quiet_period_hours": 48}, admin_person, seen)
    with pytest.raises(BothChanged):
        change_settings({"quiet_period_hours": 1}, admin_person, seen)
    assert installation.current().quiet_period_hours == 48
    change_settings({"person_calls_a_day": 2}, admin_person, seen)
    assert (installation.current().quiet_period_hours, installation.current().person_calls_a_day) == (48, 2)


def test_no_change_is_no_event(admin_person: User) -> None:
    change_settings({"quiet_period_hours": None}, admin_person)
    assert not InstallationSettings.objects.exists()
    assert not AuditEvent.objects.filter(action="settings.changed").exists()


def test_a_commit_point_reads_the_row_once_for_each_change_of_it(
    admin_person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mark = stop_all.pass_gate().settings_mark
    with django_assert_num_queries(0):
        assert installation.at_mark(mark) == installation.from_environment()
    for hours in (48, 72):
        change_settings({"quiet_period_hours": hours}, admin_person)
        before, mark = mark, stop_all.pass_gate().settings_mark
        assert mark not in (0, before)
        with django_assert_num_queries(1):
            assert installation.at_mark(mark).quiet_period_hours == hours
        with django_assert_num_queries(0):
            assert installation.at_mark(mark).quiet_period_hours == hours


def test_a_change_leaves_stop_all_as_it_stands(admin_person: User) -> None:
    stop_all.press_stop_all(admin_person, "Wrong list")
    change_settings({"quiet_period_hours": 48}, admin_person)
    assert DialingSwitch.objects.get().reason == "Wrong list"
    assert not stop_all.pass_gate().is_open
