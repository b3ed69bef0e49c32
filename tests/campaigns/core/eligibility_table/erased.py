"""Cases of erased people: the opt-out that is kept as a hash forbids their number as the entry itself did."""

from __future__ import annotations

import datetime

from campaigns.core import kept_opt_outs
from tests.campaigns.core.eligibility_table.world import FORBIDDEN, NEW_YORK, NOW, SECOND, Arrange, Case, World


def kept(phone: str = "", until: datetime.datetime | None = None) -> Arrange:
    """An erased person with this number, or the person's own, had asked not to be called."""

    def arrange(world: World) -> None:
        kept_opt_outs.keep([phone or world.contact.phone], until)

    return arrange


ERASED = [
    Case(name="an opt-out kept of an erased person", arrange=(kept(),), **FORBIDDEN),
    Case(name="an opt-out kept for another second", arrange=(kept(until=NOW + SECOND),), **FORBIDDEN),
    Case(name="an opt-out kept that is over", arrange=(kept(until=NOW),)),
    Case(name="an opt-out kept of somebody else", arrange=(kept(NEW_YORK),)),
]
