"""Magic numbers: the last four digits decide the course of a call, in every region and at every vendor."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class MagicNumber(NamedTuple):
    """One row of the table that the screens show in demo mode."""

    suffix: str
    name: str
    what_happens: str | Promise


MAGIC: tuple[MagicNumber, ...] = (
    MagicNumber("9901", "answered", _("Somebody answers and talks.")),
    MagicNumber("9902", "busy", _("The line is busy.")),
    MagicNumber("9903", "no_answer", _("It rings, nobody answers.")),
    MagicNumber("9904", "rejected", _("The vendor refuses the number.")),
    MagicNumber("9905", "slow_down", _("The vendor asks us twice to slow down, then takes the call.")),
    MagicNumber("9906", "error_before", _("The vendor breaks before it takes the call.")),
    MagicNumber("9907", "error_after", _("The vendor takes the call, then answers with an error.")),
    MagicNumber("9908", "silence_after", _("The vendor takes the call and never answers us.")),
    MagicNumber("9909", "slow", _("The vendor answers after three seconds.")),
    MagicNumber("9910", "voicemail", _("A voicemail answers.")),
    MagicNumber("9911", "vendor_error", _("The call fails with an error at the vendor.")),
    MagicNumber("9912", "key_refused", _("The vendor refuses our key.")),
    MagicNumber("9913", "out_of_credit", _("The account at the vendor is empty.")),
    MagicNumber("9914", "strange_word", _("The vendor reports a status word that nobody knows.")),
    MagicNumber("9915", "never_ends", _("The call never ends.")),
    MagicNumber("9916", "late_result", _("The line drops, and the result comes minutes later.")),
    MagicNumber("9917", "do_not_call", _("Somebody answers and asks not to be called again.")),
    MagicNumber("9918", "declined", _("It rings, and the person declines the call.")),
    MagicNumber("9919", "transferred", _("Somebody answers, and the agent transfers the call.")),
    MagicNumber("9920", "no_speech", _("Somebody answers and hangs up; nobody talked.")),
)

NAME_OF: dict[str, str] = {row.suffix: row.name for row in MAGIC}

REFUSALS_BEFORE_ACCEPTANCE = 2
"""How often an order to the slow_down number gets a 429 before it is accepted."""


def magic_name(number: str) -> str:
    """Return the name of the behaviour that a number asks for; empty for an ordinary number."""
    return NAME_OF.get(number[-4:], "")
