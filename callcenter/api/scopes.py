"""What a key may be made for: each scope opens some rights, of those that its owner and its role hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

REACH = frozenset({"see_team_calls", "see_unassigned", "see_all_calls", "see_all_content"})
"""Rights that say whose rows are seen, and do nothing by themselves: every key has those of its owner and role."""
DECISIONS, NOTICES = "decisions", "notices"
"""Scopes that operations name themselves: what is given to a user, or told to one, needs no right of its own."""
LARGE = "exports:large"
"""The scope in place of the fresh sign-in that a page asks for before a large export."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing that a key may be made for."""

    code: str
    label: str
    rights: frozenset[str]


def _scope(code: str, label: str, *rights: str) -> Scope:
    return Scope(code, label, frozenset(rights))


SCOPES = (
    _scope("people:read", _("See contacts and lists"), "see_people"),
    _scope("people:write", _("Create and edit contacts and lists"), "import_people"),
    _scope("numbers", _("See full phone numbers"), "see_numbers", "see_own_numbers"),
    _scope("do_not_call:add", _("See and add to the do-not-call list"), "add_do_not_call"),
    _scope("do_not_call:remove", _("Remove from the do-not-call list, with a reason"), "remove_do_not_call"),
    _scope("calls:read", _("See calls and campaigns"), "see_calls"),
    _scope("calls:place", _("Place single calls, and cancel waiting ones"), "place_call"),
    _scope("calls:note", _("Write notes and tags of calls, and set their disposition"), "note_calls"),
    _scope("calls:hear", _("Read transcripts and play recordings"), "hear_calls"),
    _scope("calls:review", _("Review calls, with scorecards too"), "review_calls"),
    _scope(
        DECISIONS, _("Decide about unclear calls, and act on calls given to a user"), "settle_calls", "settle_own_calls"
    ),
    _scope("campaigns:write", _("Edit campaigns"), "draft_campaign"),
    _scope("campaigns:launch", _("Launch campaigns (approval rules apply)"), "launch_campaign", "launch_above_limit"),
    _scope("campaigns:control", _("Pause, resume and end campaigns"), "control_campaign", "control_all_campaigns"),
    _scope("providers:read", _("See the status of providers"), "see_providers"),
    _scope("reports", _("See reports"), "see_reports"),
    _scope("exports", _("Export calls"), "export_calls", "see_exports", "see_all_exports"),
    _scope(NOTICES, _("Read the owner’s notices")),
    _scope("webhooks", _("Add and change webhooks, which are sent what the owner may see"), "make_api_keys"),
    _scope(LARGE, _("Export large numbers of calls without logging in again")),
)
BY_CODE = {scope.code: scope for scope in SCOPES}


def rights_of(codes: Iterable[str]) -> frozenset[str]:
    """Return the rights that these scopes open, with those of `REACH`; a scope of another version opens none."""
    return REACH.union(*(BY_CODE[code].rights for code in codes if code in BY_CODE))


def scopes_with(right: str) -> list[str]:
    """Return the codes of the scopes that open a right."""
    return [scope.code for scope in SCOPES if right in scope.rights]
