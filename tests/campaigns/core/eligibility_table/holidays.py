"""The cases of holidays: where they are kept, nobody is called on one of their country, by their own date."""

from __future__ import annotations

from campaigns.models import InstallationSettings
from tests.campaigns.core.eligibility_table.world import OWN_HOURS, Case, World, against, closed, utc


def kept_in_iran(_world: World) -> None:
    """An admin has the holidays of Iran kept."""
    InstallationSettings.objects.create(holiday_countries=["IR"])


HOLIDAYS = [
    # 22 Aban 1405, a Friday.
    Case(
        name="a holiday there",
        at=utc(13, 9),
        arrange=(kept_in_iran,),
        **closed(utc(14, 4, 30), "Sat 08:00")
        | {
            "sentence": "Today is a holiday there: Martyrdom of Fatima.",
            "queued": "No action needed. It will be called on 14 Nov at 08:00 local time.",
        },
    ),
    Case(
        name="a date without calls",
        campaign={"blackout_dates": ["2026-11-16/2026-11-17"]},
        not_asked=OWN_HOURS,
        **against(
            "outside_hours",
            "This campaign makes no calls on today's date (local time).",
            "No action needed. It will be called on 18 Nov at 08:00 local time.",
            "",
            until=utc(18, 4, 30),
        ),
    ),
]
