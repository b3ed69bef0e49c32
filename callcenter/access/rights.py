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
    _row("see_today", _("See what needs me"), CALLER, MANAGER, ADMIN),
    _row("place_call", _("Call one person"), CALLER, MANAGER),
    _row("place_test_call", _("Place test calls to one's own phone"), CALLER, MANAGER, ADMIN),
    _row("see_calls", _("See own calls"), CALLER, MANAGER, ADMIN),
    _row("see_team_calls", _("See and change what belongs to one's teams"), CALLER, MANAGER),
    _row("see_unassigned", _("See and change calls, campaigns and imports of no team"), MANAGER, ADMIN),
    _row("see_team_acts", _("See in the audit log what people of one's teams did"), MANAGER, ADMIN),
    _row("see_all_calls", _("See what belongs to any team"), ADMIN),
    _row("hear_calls", _("Read transcripts and hear recordings"), CALLER, MANAGER),
    _row("see_all_content", _("See contacts, transcripts and recordings of any team, with the rights to such rows")),
    _row("note_calls", _("Write notes and tags on calls"), CALLER, MANAGER),
    _row("review_calls", _("Give calls a review score"), MANAGER),
    _row("define_dispositions", _("Write dispositions, scorecards and review queues"), MANAGER),
    _row("share_filters", _("Share saved filters"), MANAGER, ADMIN),
    _row("see_people", _("See contacts and lists"), CALLER, MANAGER),
    _row("see_numbers", _("See whole phone numbers"), MANAGER),
    _row("see_own_numbers", _("See whole numbers of own contacts and, for a week, of own calls"), CALLER, MANAGER),
    _row("erase_people", _("Erase a person for good, with a reason"), MANAGER),
    _row("export_people", _("Download all that is held about one person"), MANAGER),
    _row("export_contacts", _("Export contacts and lists"), MANAGER),
    _row("import_people", _("Import contacts"), CALLER, MANAGER),
    _row("merge_people", _("Make one person of two entries"), MANAGER),
    _row("add_do_not_call", _("Add to the do-not-call list"), CALLER, MANAGER, ADMIN),
    _row("remove_do_not_call", _("Remove from the do-not-call list, with a reason"), MANAGER, ADMIN),
    _row("allow_numbers", _("Allow single numbers of types that are not called, with a reason"), MANAGER),
    _row("draft_campaign", _("Write campaigns"), CALLER, MANAGER),
    _row("launch_campaign", _("Launch campaigns up to the limit of people"), CALLER, MANAGER),
    _row("launch_above_limit", _("Launch campaigns of any size"), MANAGER),
    _row("control_campaign", _("Pause, resume and stop campaigns"), CALLER, MANAGER),
    _row("control_all_campaigns", _("Change what belongs to any team, and stop any campaign"), ADMIN),
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
    _row("manage_people", _("Manage users, roles and teams"), ADMIN),
    _row("confirm_numbers", _("Confirm other people's own numbers, which test calls ring"), MANAGER, ADMIN),
    _row("invite_users", _("Invite users: managers callers of their team, admins anybody"), MANAGER, ADMIN),
    _row("make_api_keys", _("Make API keys of one's own, with which programs act"), MANAGER, ADMIN),
    _row("change_settings", _("Change the settings of this installation"), ADMIN),
)
