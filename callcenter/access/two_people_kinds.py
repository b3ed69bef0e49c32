"""The table of acts that take two people: who may ask, who may confirm, what runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

REMOVE_OPT_OUT, UNDO_OPT_OUTS = "remove_opt_out", "undo_opt_outs"
RESET_SECOND_FACTOR = "reset_second_factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActKind:
    """One kind of act that takes two people."""

    key: str
    """Its name in the database; must never change."""
    label: Words
    happens: Words
    """What happens as soon as it is confirmed."""
    may_ask: str
    """The right of whoever asks for it."""
    may_confirm: str
    """The right of whoever confirms or refuses it, who is never the person who asked."""
    runs: str
    """Dotted path of the function that does it: `(TwoPersonRequest, confirming person) -> str`, in the transaction of
    the confirmation; returns what it did in a sentence, and raises `two_people.CannotBeDone` or a room's refusal if it
    cannot be done any more. A path, because the ground imports no room."""
    beyond: str = ""
    """Dotted path of `(ids, person) -> set[int]`: which of these things a person does not reach; "" is none.

    Nobody confirms or refuses what is about a thing out of their reach. A thing that is gone is nobody's.
    """


KINDS: tuple[ActKind, ...] = (
    ActKind(
        key=REMOVE_OPT_OUT,
        label=_("Remove an opt-out made by the contact"),
        happens=_("The number is removed from the do-not-call list. Campaigns and users can call it again."),
        may_ask="remove_do_not_call",
        may_confirm="remove_do_not_call",
        runs="campaigns.contacts.opt_out_removal.remove_confirmed",
        beyond="campaigns.contacts.opt_out_removal.entries_beyond",
    ),
    ActKind(
        key=UNDO_OPT_OUTS,
        label=_("Remove the opt-outs of an undone import"),
        happens=_(
            "Numbers whose opt-out came only from this file are removed from the do-not-call list. Campaigns "
            "and users can call them again."
        ),
        may_ask="add_do_not_call",
        may_confirm="remove_do_not_call",
        runs="campaigns.contacts.opt_out_removal.undo_confirmed",
        beyond="campaigns.contacts.opt_out_removal.imports_beyond",
    ),
    ActKind(
        key=RESET_SECOND_FACTOR,
        label=_("Reset two-factor login"),
        happens=_(
            "The user logs in with only the password until they set up two-factor login again. Their sessions end."
        ),
        may_ask="change_settings",
        may_confirm="change_settings",
        runs="callcenter.sign_in.second_factor.reset_confirmed",
    ),
)
BY_KEY: Mapping[str, ActKind] = {kind.key: kind for kind in KINDS}
