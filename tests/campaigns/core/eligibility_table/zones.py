"""Cases of a zone that somebody gave: it wins within the number's country, else both count; only places count."""

from __future__ import annotations

from tests.campaigns.core.eligibility_table.holidays import HOLIDAYS
from tests.campaigns.core.eligibility_table.world import Case, closed, utc

ZONES = [
    Case(
        name="the person's own zone goes before the number's",
        contact={"phone": "+61491570156", "time_zone": "Australia/Perth"},
        at=utc(16, 10, 30),
    ),
    Case(
        name="the person's own zone is closed",
        contact={"phone": "+61491570156", "time_zone": "Australia/Perth"},
        at=utc(16, 13, 30),
        **closed(utc(17, 0, 0), "Tue 08:00"),
    ),
    Case(name="a zone of another country, open in both", contact={"time_zone": "Asia/Tokyo"}, at=utc(16, 5, 0)),
    Case(
        name="a zone of another country, closed in the number's",
        contact={"time_zone": "Asia/Tokyo"},
        at=utc(16, 0, 0),
        **closed(utc(16, 4, 30), "Mon 13:30"),
    ),
    Case(
        name="a zone of another country, closed in it",
        contact={"time_zone": "Asia/Tokyo"},
        at=utc(16, 12, 30),
        **closed(utc(17, 4, 30), "Tue 13:30"),
    ),
    Case(name="an own zone that is none", contact={"time_zone": "Mars/Base"}),
    Case(name="an own zone that names no place", contact={"time_zone": "EST"}),
    *HOLIDAYS,
]
