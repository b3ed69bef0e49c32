"""The permission table: every right of the product and the roles that hold it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

CALLER, MANAGER, ADMIN = "Callers", "Managers", "Admins"
ROLES = (CALLER, MANAGER, ADMIN)


@dataclass(frozen=True, slots=True)
class RightRow:
    """One right: its code (the permission is `access.<code>`), its name on screens, and the roles that hold it."""

    code: str
    label: str
    roles: frozenset[str]


def _row(code: str, label: str, *roles: str) -> RightRow:
    return RightRow(code, label, frozenset(roles))


RIGHTS = (
    _row("see_today", _("See what needs me"), CALLER, MANAGER, ADMIN),
    _row("place_call", _("Call one person"), CALLER, MANAGER, ADMIN),
    _row("see_calls", _("See own calls"), CALLER, MANAGER, ADMIN),
    _row("see_all_calls", _("See everybody's calls"), MANAGER, ADMIN),
    _row("hear_calls", _("Read transcripts and hear recordings"), CALLER, MANAGER),
    _row("note_calls", _("Write notes and tags on calls"), CALLER, MANAGER),
    _row("review_calls", _("Give calls a review score"), MANAGER),
    _row("share_filters", _("Share saved filters with everybody"), MANAGER, ADMIN),
    _row("see_people", _("See contacts and lists"), CALLER, MANAGER),
    _row("see_numbers", _("See whole phone numbers"), MANAGER),
    _row("see_own_numbers", _("See whole numbers of own contacts and, for a week, of own calls"), CALLER, MANAGER),
    _row("erase_people", _("Erase a person for good, with a reason"), MANAGER),
    _row("export_people", _("Download all that is held about one person"), MANAGER),
    _row("import_people", _("Import contacts"), CALLER, MANAGER),
    _row("merge_people", _("Make one person of two entries"), MANAGER),
    _row("add_do_not_call", _("Add to the do-not-call list"), CALLER, MANAGER, ADMIN),
    _row("remove_do_not_call", _("Remove from the do-not-call list, with a reason"), MANAGER, ADMIN),
    _row("allow_numbers", _("Allow single numbers of types that are not called, with a reason"), MANAGER),
    _row("draft_campaign", _("Write campaigns"), CALLER, MANAGER),
    _row("launch_campaign", _("Launch campaigns up to the limit of people"), CALLER, MANAGER),
    _row("launch_above_limit", _("Launch campaigns of any size"), MANAGER),
    _row("control_campaign", _("Pause, resume and stop own campaigns"), CALLER, MANAGER),
    _row("control_all_campaigns", _("Pause, resume and stop any campaign"), MANAGER, ADMIN),
    _row("stop_all", _("Press stop-all"), CALLER, MANAGER, ADMIN),
    _row("release_stop_all", _("Release stop-all"), MANAGER, ADMIN),
    _row("settle_calls", _("Decide about calls whose result nobody knows, and held calls"), MANAGER),
    _row("settle_own_calls", _("Decide about own single calls whose result nobody knows"), CALLER, MANAGER),
    _row("review_vendor_calls", _("Decide about vendor calls that nobody knows"), MANAGER, ADMIN),
    _row("export_calls", _("Export calls"), MANAGER),
    _row("see_exports", _("See own exports"), MANAGER, ADMIN),
    _row("see_all_exports", _("See everybody's exports, fetch and delete their files"), ADMIN),
    _row("see_reports", _("See reports"), MANAGER, ADMIN),
    _row("see_providers", _("See the state of providers"), CALLER, MANAGER, ADMIN),
    _row("manage_providers", _("Create, test, halt and resume providers"), ADMIN),
    _row("invite_users", _("Invite users: managers callers of their team, admins anybody"), MANAGER, ADMIN),
    _row("change_settings", _("Change the settings of this installation"), ADMIN),
)
