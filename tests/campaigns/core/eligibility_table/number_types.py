"""Cases of number types: premium rate and the like are not called, unless a manager allowed the one number."""

from __future__ import annotations

from typing import Any

from campaigns.models import AllowedNumber, InstallationSettings
from tests.campaigns.core.eligibility_table.world import (
    FORBIDDEN,
    NO_ZONE,
    TOLL_FREE,
    Arrange,
    Case,
    World,
    against,
    utc,
    wish,
)

PREMIUM, SHARED, PERSONAL, PAGER, UAN = (
    "+449098790123",
    "+491801234567",
    "+447011234567",
    "+447640123456",
    "+443001234567",
)
VOICEMAIL, WITHDRAWN, SHORT, EMERGENCY = "+41860123456789", "+989681234567", "+98110", "+49112"
NO_NUMBER = {"form": "what is typed there is refused as no number before it is judged"}
STEP = (
    "Ask for a direct number. A manager can allow one number with a reason, under Contacts, “Allowed numbers”, "
    "but not short or emergency numbers."
)
NOON_IN_EUROPE = utc(16, 11, 0)


def refused(sentence: str) -> dict[str, Any]:
    """Return the answer for a number of a type that is not called."""
    return against("number_type", sentence, STEP, STEP)


def allowed(world: World) -> None:
    """A manager allowed this number."""
    AllowedNumber.objects.create(phone=world.contact.phone, number_type="premium_rate", reason="Their own hot line")


def refusing(*types: str) -> Arrange:
    """The settings refuse these types."""
    return lambda _world: InstallationSettings.objects.create(refused_number_types=list(types))


A_PREMIUM_RATE = "This is a premium rate number: a call costs far more than usual."
UNKNOWN = "This number is not known to be in use in its country."
IS_SHORT = "This is a short or emergency number: it is never called."
TYPES = [
    Case(name="premium rate", contact={"phone": PREMIUM}, at=NOON_IN_EUROPE, **refused(A_PREMIUM_RATE)),
    Case(
        name="shared cost",
        contact={"phone": SHARED},
        at=NOON_IN_EUROPE,
        **refused("This is a shared cost number: a call may cost more than usual."),
    ),
    Case(
        name="a personal number",
        contact={"phone": PERSONAL},
        at=NOON_IN_EUROPE,
        **refused("This is a personal number: calls are forwarded and the price is not known."),
    ),
    Case(
        name="a pager",
        contact={"phone": PAGER},
        at=NOON_IN_EUROPE,
        **refused("This is a pager: you cannot talk to anyone there."),
    ),
    Case(
        name="a company's number",
        contact={"phone": UAN},
        at=NOON_IN_EUROPE,
        **refused("This number belongs to a company (UAN), not to a person."),
    ),
    Case(
        name="a voicemail box",
        contact={"phone": VOICEMAIL},
        at=NOON_IN_EUROPE,
        **refused("This is a voicemail number: you cannot talk to anyone there."),
    ),
    Case(name="a unknown number range", contact={"phone": WITHDRAWN}, not_asked=NO_NUMBER, **refused(UNKNOWN)),
    Case(name="a unknown number range, allowed", contact={"phone": WITHDRAWN}, arrange=(allowed,)),
    Case(name="a short number", contact={"phone": SHORT}, not_asked=NO_NUMBER, **refused(IS_SHORT)),
    Case(
        name="a short number, allowed by mistake",
        contact={"phone": SHORT},
        arrange=(allowed,),
        not_asked=NO_NUMBER,
        **refused(IS_SHORT),
    ),
    Case(
        name="an emergency number",
        contact={"phone": EMERGENCY},
        at=NOON_IN_EUROPE,
        not_asked=NO_NUMBER,
        **refused(IS_SHORT),
    ),
    Case(name="premium rate, allowed", contact={"phone": PREMIUM}, at=NOON_IN_EUROPE, arrange=(allowed,)),
    Case(
        name="premium rate, the settings refuse others only",
        contact={"phone": PREMIUM},
        at=NOON_IN_EUROPE,
        arrange=(refusing("pager"),),
    ),
    Case(
        name="premium rate, the settings refuse it",
        contact={"phone": PREMIUM},
        at=NOON_IN_EUROPE,
        arrange=(refusing("pager", "premium_rate"),),
        **refused(A_PREMIUM_RATE),
    ),
    Case(
        name="toll-free, where the settings refuse it",
        contact={"phone": TOLL_FREE, "time_zone": "America/New_York"},
        at=utc(16, 14, 0),
        arrange=(refusing("toll_free"),),
        **refused("This is a toll-free number, not a person's number."),
    ),
    Case(
        name="a wish goes before the type",
        contact={"phone": PREMIUM},
        at=NOON_IN_EUROPE,
        arrange=(wish(), allowed),
        **FORBIDDEN,
    ),
    Case(
        name="allowed, but nobody knows the time there",
        contact={"phone": "+979123456789"},
        arrange=(allowed,),
        **NO_ZONE,
    ),
]
