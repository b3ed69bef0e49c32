"""Cases of people with several numbers: an opt-out of one of them holds for all."""

from __future__ import annotations

from campaigns.models import DoNotCall, OtherNumber
from tests.campaigns.core.eligibility_table.world import FORBIDDEN, NEW_YORK, NOW, SECOND, Arrange, Case, World, wish
from tests.conftest import make_contact

HOME, WORK, STRANGER = "+982188770001", "+982188770002", "+989350001122"


def other_numbers(*phones: str) -> Arrange:
    """The person has these numbers too."""

    def arrange(world: World) -> None:
        for phone in phones:
            OtherNumber.objects.create(contact=world.contact, phone=phone)

    return arrange


def is_other_number_of(phone: str, *further: str) -> Arrange:
    """The number to call is another number of somebody with this one, and with further ones."""

    def arrange(world: World) -> None:
        somebody = make_contact(phone=phone)
        for number in (world.contact.phone, *further):
            OtherNumber.objects.create(contact=somebody, phone=number)

    return arrange


def wish_of_everybody(world: World) -> None:
    """Strangers asked not to be called."""
    DoNotCall.objects.bulk_create([DoNotCall(phone=STRANGER), DoNotCall(phone=NEW_YORK)])


OTHER_NUMBERS = [
    Case(name="other numbers, and no wish", arrange=(other_numbers(HOME, WORK), wish_of_everybody)),
    Case(name="a wish of another number", arrange=(other_numbers(HOME, WORK), wish(phone=WORK)), **FORBIDDEN),
    Case(name="a wish of the number itself", arrange=(other_numbers(HOME), wish()), **FORBIDDEN),
    Case(
        name="a wish of another number for another second",
        arrange=(other_numbers(HOME), wish(phone=HOME, expires_at=NOW + SECOND)),
        **FORBIDDEN,
    ),
    Case(
        name="a wish of another number that is over",
        arrange=(other_numbers(HOME), wish(phone=HOME, expires_at=NOW)),
    ),
    Case(
        name="a wish of somebody whose other number this is",
        arrange=(is_other_number_of(STRANGER), wish(phone=STRANGER)),
        **FORBIDDEN,
    ),
    Case(
        name="a wish of a further number of somebody whose other number this is",
        arrange=(is_other_number_of(STRANGER, HOME), wish(phone=HOME)),
        **FORBIDDEN,
    ),
    Case(name="another number of somebody without a wish", arrange=(is_other_number_of(STRANGER, HOME),)),
]
