"""The cases of a number that is held, as its person may have asked not to be called again."""

from __future__ import annotations

from typing import Any

from campaigns.models import ContactImport, HeardOptOut
from tests.campaigns.core.eligibility_table.world import (
    FORBIDDEN,
    HOUR,
    NEW_YORK,
    NOW,
    Arrange,
    Case,
    World,
    against,
    call,
    utc,
    wish,
)

HELD_NUMBER = against(
    "opt_out_unclear",
    "This contact may have opted out. This is not decided yet.",
    "A manager must decide under “Needs a decision” whether to call.",
    "A manager must decide under “Needs a decision”, then call.",
)


def heard(phone: str = "", **fields: Any) -> Arrange:
    """Something like a wish was heard in a call that a vendor never dialled."""

    def arrange(world: World) -> None:
        row = world.other_call(status="skipped", placing_at=None)
        HeardOptOut.objects.create(**{"call": row, "phone": phone or world.contact.phone, "said": "maybe"} | fields)

    return arrange


def doubted(phone: str = "", **fields: Any) -> Arrange:
    """A cell of a saved file says neither yes nor no to "do not call"."""

    def arrange(world: World) -> None:
        file = ContactImport.objects.create(original_name="wishes.csv", status="saved")
        row = {"contact_import": file, "row": 2, "phone": phone or world.contact.phone, "said": "perhaps"}
        HeardOptOut.objects.create(**row | fields)

    return arrange


HELD = [
    Case(name="a file may hold a wish", arrange=(doubted(),), **HELD_NUMBER),
    Case(name="a file held none, somebody decided", arrange=(doubted(decision="allowed", decided_at=NOW - HOUR),)),
    Case(name="it may have been a wish", arrange=(heard(),), **HELD_NUMBER),
    Case(name="a certain wish that is not carried out yet", arrange=(heard(is_certain=True),), **HELD_NUMBER),
    Case(name="it was no wish", arrange=(heard(decision="allowed", decided_at=NOW - HOUR),)),
    Case(name="it may have been a wish of somebody else", arrange=(heard(phone=NEW_YORK),)),
    Case(name="a wish goes before what may be one", arrange=(heard(), wish()), **FORBIDDEN),
    Case(name="it may have been a wish, and another call is live", arrange=(heard(), call(status="ringing")),
         **HELD_NUMBER),
    Case(name="it may have been a wish, at night", at=utc(16, 22, 0), arrange=(heard(),), **HELD_NUMBER),
]  # fmt: skip
