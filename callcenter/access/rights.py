"""The one permission table: every right of the product and the roles that hold it."""

from __future__ import annotations

from dataclasses import dataclass

CALLER, MANAGER, ADMIN = "Callers", "Managers", "Admins"
ROLES = (CALLER, MANAGER, ADMIN)


@dataclass(frozen=True, slots=True)
class RightRow:
    """One right: its code in `access.<code>`, its name for people, and who holds it."""

    code: str
    label: str
    roles: frozenset[str]


def _row(code: str, label: str, *roles: str) -> RightRow:
    return RightRow(code, label, frozenset(roles))


RIGHTS = (
    _row("see_today", "See what needs me", CALLER, MANAGER, ADMIN),
    _row("place_call", "Call one person", CALLER, MANAGER),
    _row("see_calls", "See own calls", CALLER, MANAGER, ADMIN),
    _row("see_all_calls", "See everybody's calls", MANAGER, ADMIN),
    _row("hear_calls", "Read transcripts and hear recordings", CALLER, MANAGER),
    _row("see_people", "See contacts and lists", CALLER, MANAGER),
    _row("import_people", "Import contacts", CALLER, MANAGER),
    _row("add_do_not_call", "Add to the do-not-call list", CALLER, MANAGER, ADMIN),
    _row("remove_do_not_call", "Remove from the do-not-call list, with a reason", MANAGER, ADMIN),
    _row("draft_campaign", "Write campaigns", CALLER, MANAGER),
    _row("launch_campaign", "Launch campaigns up to the limit of people", CALLER, MANAGER),
    _row("launch_above_limit", "Launch campaigns of any size", MANAGER),
    _row("control_campaign", "Pause, resume and stop own campaigns", CALLER, MANAGER),
    _row("control_all_campaigns", "Pause, resume and stop any campaign", MANAGER, ADMIN),
    _row("stop_all", "Press stop-all", CALLER, MANAGER, ADMIN),
    _row("release_stop_all", "Release stop-all", MANAGER, ADMIN),
    _row("settle_calls", "Decide about unknown and held calls", MANAGER),
    _row("export_calls", "Export calls", MANAGER),
    _row("see_reports", "See reports", MANAGER, ADMIN),
    _row("see_providers", "See the state of providers", CALLER, MANAGER, ADMIN),
    _row("manage_providers", "Create, test, halt and resume providers", ADMIN),
)
