"""Times of a zone's clock as moments: skipped and doubled hours, days that begin late, the earliest local time."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from callcenter.formats.calendars import with_moments
from callcenter.formats.moment_fields import MomentField
from callcenter.formats.zones import earliest_local, end_of, moment_at, start_of, titled, zone_choices, zone_named


def at(text: str, zone: str) -> str:
    return moment_at(datetime.datetime.fromisoformat(text), zoneinfo.ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2026-12-01T09:00", "Asia/Tehran", "2026-12-01 05:30"),
        ("2026-12-01T09:00", "America/New_York", "2026-12-01 14:00"),
        ("2026-07-01T09:00", "America/New_York", "2026-07-01 13:00"),
        ("2026-12-01T09:00", "Asia/Kathmandu", "2026-12-01 03:15"),
        ("2027-03-14T03:00", "America/New_York", "2027-03-14 07:00"),
        ("2026-11-01T00:59", "America/New_York", "2026-11-01 04:59"),
        ("2026-11-01T02:00", "America/New_York", "2026-11-01 07:00"),
    ],
)
def test_a_time_is_read_on_the_clock_of_the_zone(wall: str, zone: str, utc: str) -> None:
    assert at(wall, zone) == utc


@pytest.mark.parametrize(
    ("wall", "zone", "code", "said"),
    [
        ("2027-03-14T02:30", "America/New_York", "skipped", "02:30 does not exist. Choose 03:30."),
        ("2027-03-28T02:00", "Europe/Berlin", "skipped", "02:00 does not exist. Choose 03:00."),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "skipped", "02:15 does not exist. Choose 02:45."),
        ("2026-11-01T01:30", "America/New_York", "twice", "01:30 happens twice. Choose 00:30 or 02:30."),
        ("2027-04-04T01:45", "Australia/Lord_Howe", "twice", "01:45 happens twice. Choose 01:15 or 02:15."),
        ("0001-01-01T00:00", "Asia/Tehran", "overflow", "Choose another day."),
    ],
)
def test_a_time_that_the_clock_skips_or_shows_twice_is_answered_with_a_sentence(
    wall: str, zone: str, code: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        at(wall, zone)
    assert refused.value.code == code
    assert said in refused.value.message
    if code != "overflow":
        assert zone in refused.value.message
        # What is advised can be chosen.
        for advised in said.split("Choose ")[1].rstrip(".").split(" or "):
            at(f"{wall[:11]}{advised}", zone)


def test_a_day_begins_when_its_clock_first_shows_it() -> None:
    havana, cairo = zoneinfo.ZoneInfo("America/Havana"), zoneinfo.ZoneInfo("Africa/Cairo")
    # Midnight comes twice, and is skipped.
    assert start_of(datetime.date(2026, 11, 1), havana).astimezone(datetime.UTC).hour == 4
    begins = start_of(datetime.date(2026, 4, 24), cairo)
    assert begins.astimezone(datetime.UTC).astimezone(cairo).strftime("%d %H:%M") == "24 01:00"
    with timezone.override("Asia/Kathmandu"):
        assert end_of(datetime.date(2026, 5, 1)).astimezone(datetime.UTC).strftime("%d %H:%M") == "01 18:15"


def test_a_field_reads_names_and_writes_in_the_viewers_zone() -> None:
    field = MomentField()
    with timezone.override("Asia/Tehran"):
        found = field.clean("2026-12-01T09:00")
        assert found == datetime.datetime(2026, 12, 1, 5, 30, tzinfo=datetime.UTC)
        assert "Asia/Tehran" in str(field.help_text)
        assert field.widget.format_value(field.prepare_value(found)) == "2026-12-01T09:00"
        assert titled("Sent") == "Sent (Asia/Tehran)"
    with timezone.override("America/New_York"):
        assert "America/New_York" in str(field.help_text)
        with pytest.raises(ValidationError, match="happens twice"):
            field.clean("2026-11-01T01:30")
        with pytest.raises(ValidationError, match="does not exist"):
            field.clean("2027-03-14T02:30")


def test_the_earliest_clock_is_found_across_the_date_line() -> None:
    noon = datetime.datetime(2026, 12, 1, 11, 30, tzinfo=datetime.UTC)
    found = earliest_local(noon, ["Asia/Tehran", "America/New_York", "Pacific/Auckland", "Nowhere/City"])
    assert found is not None
    assert (found[0], found[1].strftime("%d %H:%M")) == ("America/New_York", "01 06:30")
    assert earliest_local(noon, ["", "Nowhere/City"]) is None


def test_only_zones_of_the_database_are_known() -> None:
    assert zone_named("Asia/Tehran") is not None
    for name in ("", "Tehran", "../etc/passwd", "Asia/", "asia/tehran", "posix/Asia/Tehran", "/etc/localtime", "\0"):
        assert zone_named(name) is None
    assert {"Asia/Tehran", "America/New_York", "Asia/Kathmandu", "UTC"} <= set(zone_choices())
    assert not [name for name in zone_choices() if name.startswith("Etc/")]


def test_moments_within_stored_details_are_written_on_the_viewers_clock() -> None:
    detail = {"at": "2026-12-01T05:30:00+00:00", "of": [{"to": "2026-12-01T05:30:00Z"}], "name": "2026-12-01", "n": 4}
    with timezone.override("Asia/Tehran"):
        shown = with_moments(detail)
    assert shown == {"at": "1 Dec 2026, 09:00", "of": [{"to": "1 Dec 2026, 09:00"}], "name": "2026-12-01", "n": 4}
    assert with_moments("2026-13-01T05:30:00Z") == "2026-13-01T05:30:00Z"
