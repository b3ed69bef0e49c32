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
    MagicNumber("9901", "answered", _("Answers and talks.")),
    MagicNumber("9902", "busy", _("The line is busy.")),
    MagicNumber("9903", "no_answer", _("It rings; no one answers.")),
    MagicNumber("9904", "rejected", _("The provider rejects the number.")),
    MagicNumber("9905", "slow_down", _("The provider asks us to slow down twice, then accepts the call.")),
    MagicNumber("9906", "error_before", _("The provider fails before it accepts the call.")),
    MagicNumber("9907", "error_after", _("The provider accepts the call, then answers with an error.")),
    MagicNumber("9908", "silence_after", _("The provider accepts the call and never answers us.")),
    MagicNumber("9909", "slow", _("The provider answers after 3 seconds.")),
    MagicNumber("9910", "voicemail", _("A voicemail answers.")),
    MagicNumber("9911", "vendor_error", _("The call fails with an error at the provider.")),
    MagicNumber("9912", "key_refused", _("The provider rejects our key.")),
    MagicNumber("9913", "out_of_credit", _("The account at the provider is empty.")),
    MagicNumber("9914", "strange_word", _("The provider reports an unknown status.")),
    MagicNumber("9915", "never_ends", _("The call never ends.")),
    MagicNumber("9916", "late_result", _("The line drops, and the result comes minutes later.")),
    MagicNumber("9917", "do_not_call", _("Answers and asks not to be called again.")),
    MagicNumber("9918", "declined", _("It rings; the contact declines the call.")),
    MagicNumber("9919", "transferred", _("Answers; the agent transfers the call.")),
    MagicNumber("9920", "no_speech", _("Answers and hangs up without talking.")),
)

NAME_OF: dict[str, str] = {row.suffix: row.name for row in MAGIC}

REFUSALS_BEFORE_ACCEPTANCE = 2
"""How often an order to the slow_down number gets a 429 before it is accepted."""


def magic_name(number: str) -> str:
    """Return the name of the behaviour that a number asks for; empty for an ordinary number."""
    return NAME_OF.get(number[-4:], "")
