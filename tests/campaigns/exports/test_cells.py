"""Cells of a file: local times as Python's zones give them, and what is remembered stays within bounds."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest

from campaigns.exports import cells
from campaigns.exports.cells import Clock, Remembered

ZONES = ("UTC", "Asia/Tehran", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "America/St_Johns")


@pytest.mark.parametrize("name", ZONES)
def test_local_times_are_those_of_the_zone_around_every_change_of_the_clocks(name: str) -> None:
    zone, clock = zoneinfo.ZoneInfo(name), Clock(zoneinfo.ZoneInfo(name))
    at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    while at.year == 2026:
        wanted = f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        plain = f"{at:%Y-%m-%d %H:%M:%S}"
        # As SQLite writes it, with and without a fraction, and as PostgreSQL does.
        assert {clock(plain), clock(f"{plain}.250000"), clock(f"{plain}+00"), clock(f"{plain}.25+00")} == {wanted}
        at += datetime.timedelta(minutes=19, seconds=59)
    assert clock(None) == ""


def test_a_moment_with_another_offset_is_that_moment() -> None:
    clock = Clock(zoneinfo.ZoneInfo("Asia/Tehran"))
    assert clock("2026-05-05 10:30:00+02") == clock("2026-05-05 08:30:00") == "2026-05-05 12:00:00"


def test_no_more_is_remembered_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_KEPT", 3)
    kept = Remembered(str)
    assert [kept[n] for n in range(10)] == [str(n) for n in range(10)]
    assert len(kept) == 3
