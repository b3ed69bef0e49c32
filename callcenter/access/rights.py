"""The permission table: every right of the product and the roles that hold it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

CALLER, MANAGER, ADMIN = "Callers", "Managers", "Admins"
ROLES = (CALLER, MANAGER, ADMIN)

OPENS_SET_UP = frozenset({"manage_providers", "manage_people"})
"""Rights whose holders work in Set-up, which lets only members of staff in."""


@dataclass(frozen=True, slots=True)
class RightRow:
    """One right: its code (the permission is `access.<code>`), its name on screens, and the roles that hold it."""

    code: str
    label: str
    roles: frozenset[str]


def _row(code: str, label: str, *roles: str) -> RightRow:
    return RightRow(code, label, frozenset(roles))


RIGHTS = (
    _row("see_today", _("See what needs my attention"), CALLER, MANAGER, ADMIN),
    _row("place_call", _("Call one contact"), CALLER, MANAGER),
    _row("place_test_call", _("Place test calls to own phone"), CALLER, MANAGER, ADMIN),
    _row("see_calls", _("See own calls"), CALLER, MANAGER, ADMIN),
    _row("see_team_calls", _("See and edit what belongs to own teams"), CALLER, MANAGER),
    _row("see_unassigned", _("See and edit calls, campaigns and imports without a team"), MANAGER, ADMIN),
    _row("see_team_acts", _("See own teams’ actions in the audit log"), MANAGER, ADMIN),
    _row("see_all_calls", _("See what belongs to any team"), ADMIN),
    _row("hear_calls", _("Read transcripts and play recordings"), CALLER, MANAGER),
    _row(
        "see_all_content",
        _("See contacts, transcripts and recordings of any team (where the other permissions allow it)"),
    ),
    _row("note_calls", _("Add notes and tags to calls"), CALLER, MANAGER),
    _row("review_calls", _("Score calls"), MANAGER),
    _row("define_dispositions", _("Manage dispositions, scorecards and review queues"), MANAGER),
    _row("share_filters", _("Share saved filters"), MANAGER, ADMIN),
    _row("see_people", _("See contacts and lists"), CALLER, MANAGER),
    _row("see_numbers", _("See full phone numbers"), MANAGER),
    _row("see_own_numbers", _("See full numbers of own contacts and, for a week, of own calls"), CALLER, MANAGER),
    _row("erase_people", _("Erase a contact permanently, with a reason"), MANAGER),
    _row("export_people", _("Download all data about a contact"), MANAGER),
    _row("export_contacts", _("Export contacts and lists"), MANAGER),
    _row("import_people", _("Import contacts"), CALLER, MANAGER),
    _row("merge_people", _("Merge duplicate contacts"), MANAGER),
    _row("add_do_not_call", _("Add to the do-not-call list"), CALLER, MANAGER, ADMIN),
    _row("remove_do_not_call", _("Remove from the do-not-call list, with a reason"), MANAGER, ADMIN),
    _row("allow_numbers", _("Allow single numbers of blocked types, with a reason"), MANAGER),
    _row("draft_campaign", _("Create and edit campaigns"), CALLER, MANAGER),
    _row("launch_campaign", _("Launch campaigns up to the size limit"), CALLER, MANAGER),
    _row("launch_above_limit", _("Launch campaigns of any size"), MANAGER),
    _row("control_campaign", _("Pause, resume and end campaigns"), CALLER, MANAGER),
    _row("control_all_campaigns", _("Edit what belongs to any team, and end any campaign"), ADMIN),
    _row("stop_all", _("Stop all calling"), CALLER, MANAGER, ADMIN),
    _row("release_stop_all", _("Resume calling after a stop"), MANAGER, ADMIN),
    _row("settle_calls", _("Decide about calls on hold and calls with an unknown result"), MANAGER),
    _row("settle_own_calls", _("Decide about own single calls with an unknown result"), CALLER, MANAGER),
    _row("review_vendor_calls", _("Decide about calls at providers that are not in Callcenter"), MANAGER, ADMIN),
    _row("export_calls", _("Export calls"), MANAGER),
    _row("see_exports", _("See own exports"), MANAGER, ADMIN),
    _row("see_all_exports", _("See all exports, download and delete their files"), ADMIN),
    _row("see_reports", _("See reports"), MANAGER, ADMIN),
    _row("see_providers", _("See the status of providers"), CALLER, MANAGER, ADMIN),
    _row("manage_providers", _("Create, test, pause and resume providers"), ADMIN),
    _row("manage_people", _("Manage users, roles and teams"), ADMIN),
    _row("confirm_numbers", _("Confirm other users’ own numbers for test calls"), MANAGER, ADMIN),
    _row("invite_users", _("Invite users (managers: callers of their team; admins: anybody)"), MANAGER, ADMIN),
    _row("make_api_keys", _("Create own API keys for programs"), MANAGER, ADMIN),
    _row("change_settings", _("Change the settings of this installation"), ADMIN),
)
