"""`manage.py sum_up_calls`: builds the stored sums of the reports again."""

from __future__ import annotations

from typing import Any

from callcenter.commands import PlainCommand
from campaigns.reports.rollups import rebuild


class Command(PlainCommand):
    """Counts every quarter of an hour again from the calls; safe at any time."""

    help = "Count the sums behind the reports again from the calls. The sweep keeps them; this is for when in doubt."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild the sums, and print how many quarters they cover."""
        self.stdout.write(f"{rebuild():,} quarters of an hour are summed.")
