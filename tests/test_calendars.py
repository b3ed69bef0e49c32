"""Days in both calendars: Jalali first in Persian with the Gregorian beside, on the desk and in Set-up."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from callcenter.audit.models import AuditEvent
from callcenter.formats.calendars import plain_day, whole_day, whole_moment
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.templatetags import console
from tests.conftest import make_contact

DAY = datetime.date(2026, 11, 21)
INSTANT = datetime.datetime(2026, 11, 21, 20, 45, tzinfo=datetime.UTC)


def test_english_has_one_calendar() -> None:
    assert (plain_day(DAY), whole_day(DAY), console.day(DAY)) == ("21 Nov 2026",) * 3
    assert plain_day(DAY, has_year=False) == "21 Nov"
    assert whole_moment(INSTANT) == "21 Nov 2026, 20:45"


def test_persian_has_both_by_the_viewer_s_day() -> None:
    with translation.override("fa"), timezone.override(zoneinfo.ZoneInfo("Asia/Tehran")):
        assert whole_day(DAY) == "۳۰ آبان ۱۴۰۵ (\u2066۲۰۲۶-۱۱-۲۱\u2069)"
        assert plain_day(DAY, has_year=False) == "۳۰ آبان"
        # A quarter past midnight in Tehran.
        assert whole_moment(INSTANT).startswith("۱ آذر ۱۴۰۵ (\u2066۲۰۲۶-۱۱-۲۲\u2069)")
        written = console.moment(INSTANT - datetime.timedelta(days=400))
        assert "۱۴۰۴" in written
        assert "۲۰۲۵-۱۰-۱" in written


@pytest.mark.parametrize("text", ["1405-08-30", "۱۴۰۵/۰۸/۳۰", "2026-11-21", " ۲۰۲۶-۱۱-۲۱ "])
def test_a_day_is_read_in_either_calendar_and_any_digits(text: str) -> None:
    assert DayField().clean(text) == DAY


@pytest.mark.parametrize("text", ["1405-13-01", "1405-12-31", "1405-08", "x", "9999-12-31", "0001-01-01"])
def test_no_day_is_said_in_words(text: str) -> None:
    with pytest.raises(ValidationError, match=str(forms.DateField.default_error_messages["invalid"])):
        DayField().clean(text)


def test_set_up_writes_both_calendars(client: Client, admin_person: User) -> None:
    event = AuditEvent.objects.create(action="person.added", at=INSTANT)
    contact = make_contact()
    client.force_login(admin_person)
    client.cookies["django_language"] = "fa"
    client.cookies["timezone"] = "Asia/Tehran"
    written = "۱ آذر ۱۴۰۵ (\u2066۲۰۲۶-۱۱-۲۲\u2069)"
    for page in (
        reverse("admin:audit_auditevent_changelist"),
        reverse("admin:audit_auditevent_change", args=[event.pk]),
        reverse("admin:audit_auditevent_changelist") + "?o=1",
    ):
        answer = client.get(page)
        assert (answer.status_code, written in answer.content.decode()) == (200, True), page
    for name in ("campaigns_contact", "campaigns_call", "campaigns_donotcall", "auth_user", "providers_provider"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert client.get(reverse("admin:campaigns_contact_change", args=[contact.pk])).status_code == 200
    assert client.get(reverse("admin:auth_user_change", args=[admin_person.pk])).status_code == 200
