"""What every address needs and whose rows it reaches: the table that the route walker compares the product with.

Written by hand, apart from the product's own tables, so that a change of either shows. A new address has no entry here,
and the walker says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.security.addresses import PLAUSIBLE

OWN, TEAMS, FOREIGN, NOBODYS = "own", "team's", "foreign", "nobody's"
"""Whose a row is, seen from the person who asks: theirs, a colleague's, another team's, no team's and nobody's."""
CALLER, MANAGER, ADMIN, LISTENER, ANONYMOUS = "caller", "manager", "admin", "listener", "anonymous"
KEEPER = "keeper"
"""Listener and keeper have roles made in Set-up, with these rights."""
LISTENER_RIGHTS = ("see_today", "see_calls", "see_team_calls", "hear_calls")
KEEPER_RIGHTS = ("see_today", "manage_people")
PLAUSIBLE_PARTS = {"verdict": "now", "period": "daily", "key": "hours", "slug": "first-steps"}

ALL = frozenset({OWN, TEAMS, FOREIGN, NOBODYS})
WORK: dict[str, frozenset[str]] = {
    CALLER: frozenset({OWN, TEAMS}),
    MANAGER: frozenset({OWN, TEAMS, NOBODYS}),
    ADMIN: ALL,
    LISTENER: frozenset({OWN, TEAMS}),
}
"""Calls and campaigns, by role: whose a person of the role sees and changes, with the right of the address."""
CONTENT = WORK | {ADMIN: frozenset({OWN, NOBODYS})}
"""Imports and recordings: whoever sets things up does not reach those of a team. Imports of people need the right to
import them, which an admin lacks: the admin's own are of the do-not-call list."""
STOCK: dict[str, frozenset[str]] = dict.fromkeys((CALLER, MANAGER, LISTENER), frozenset({OWN, TEAMS, NOBODYS})) | {
    ADMIN: ALL
}
"""Lists, do-not-call entries, saved filters, providers: those of no team are everybody's."""
PEOPLE = STOCK | {ADMIN: frozenset({OWN, NOBODYS})}
"""Contacts, their notes and numbers."""
OWNERS: dict[str, frozenset[str]] = dict.fromkeys((CALLER, MANAGER, LISTENER), frozenset({OWN})) | {ADMIN: ALL}
"""Exports: their owner's, and all for who manages them."""
COMMON: dict[str, frozenset[str]] = dict.fromkeys((CALLER, MANAGER, ADMIN, LISTENER), ALL)
"""What belongs to the installation."""

REACH: dict[str, dict[str, frozenset[str]]] = {
    "call": WORK,
    "ringing": WORK,
    "waiting": WORK,
    "unknown": WORK,
    "held": WORK,
    "heard": WORK,
    "called_back": WORK,
    "recorded": CONTENT,
    "campaign": WORK,
    "asked": WORK,
    "asked_call": WORK,
    "approval": WORK,
    "running": WORK,
    "paused": WORK,
    "hand_over": WORK,
    "callback": WORK,
    "contact": PEOPLE,
    "note": PEOPLE,
    "other_number": PEOPLE,
    "merged": PEOPLE,
    "list": STOCK,
    "entry": STOCK,
    "filter": STOCK,
    "disposition": STOCK,
    "scorecard": STOCK,
    "review_queue": STOCK,
    "scored": CONTENT,
    "provider": STOCK,
    "vendor_call": STOCK,
    "import_source": CONTENT,
    "import": CONTENT | {ADMIN: frozenset({OWN})},
    "doubtful_wish": CONTENT,
    "export": OWNERS,
    "allowed": COMMON,
    "limit": COMMON,
    "own_number": dict.fromkeys((CALLER, LISTENER), frozenset({OWN})) | {MANAGER: ALL - {FOREIGN}, ADMIN: ALL},
    "api_key": OWNERS,
    "webhook": OWNERS,
    "delivery": OWNERS,
    "session": dict.fromkeys((CALLER, MANAGER, ADMIN, LISTENER), frozenset({OWN})),
    "notice": dict.fromkeys((CALLER, MANAGER, ADMIN, LISTENER), frozenset({OWN})),
    "security_key": dict.fromkeys((CALLER, MANAGER, ADMIN, LISTENER), frozenset({OWN})),
    "user": {MANAGER: frozenset({TEAMS}), ADMIN: ALL},
    "removal": STOCK,
}
"""Whose rows of a kind each role reaches."""


@dataclass(frozen=True)
class Way:
    """What one address needs of whom."""

    right: str = ""
    """The right; empty: whoever is logged in."""
    kind: str = ""
    """The kind of row that it is about; empty: none."""
    method: str = "get"
    """The method that does what the address is for."""
    data: dict[str, Any] = field(default_factory=dict)
    is_public: bool = False
    only: dict[str, frozenset[str]] | None = None
    """Whose rows a role reaches here where that is less than the kind's."""

    also: dict[str, frozenset[str]] = field(default_factory=dict)
    """Other rights that open it, for rows of these whose."""
    answer: int = 200
    """A status by which it refuses everybody, because that is what it shows."""

    def lets(self, role: str, whose: str, rights: frozenset[str]) -> bool:
        """Return whether a person of a role, who holds these rights, is let to such a row here."""
        if self.kind and whose not in (self.only or REACH[self.kind]).get(role, frozenset()):
            return False
        return (
            not self.right
            or self.right in rights
            or any(right in rights and whose in rows for right, rows in self.also.items())
        )


REASON = {"reason": "because", "form_token": PLAUSIBLE["form_token"]}


def page(right: str, kind: str = "") -> Way:
    """Return an address that shows something."""
    return Way(right, kind)


def post(right: str, kind: str = "", only: dict[str, frozenset[str]] | None = None, **data: Any) -> Way:
    """Return an address that changes something, by POST alone."""
    return Way(right, kind, "post", REASON | data, only=only)


def control(right: str, kind: str) -> Way:
    """Return an address that ends something, which also those may who change everybody's."""
    return Way(right, kind, "post", REASON, also={"control_all_campaigns": ALL})


PUBLIC = Way(is_public=True)
OF_HAND_OVERS = {CALLER: frozenset({OWN}), LISTENER: frozenset({OWN}), MANAGER: WORK[MANAGER], ADMIN: ALL}
"""Whoever it was given to acts on it, and who settles calls."""
OF_OTHERS = {MANAGER: frozenset({TEAMS, NOBODYS}), ADMIN: ALL - {OWN}}
"""Nobody confirms what they asked for."""
NUMBERS_OF_OTHERS = {MANAGER: frozenset({TEAMS, NOBODYS}), ADMIN: ALL - {OWN}}
"""Nobody confirms their own number."""
ASKED_BY_ONESELF = dict.fromkeys((CALLER, MANAGER, ADMIN, LISTENER), frozenset({OWN}))
OF_CAMPAIGNS_OF_OTHERS = {MANAGER: frozenset({TEAMS, NOBODYS})}
"""An approval is given by somebody else than the author."""

WAYS: dict[str, Way] = {
    # The frame
    **dict.fromkeys(("login", "logout", "livez", "healthz", "readyz", "metrics", "hook"), PUBLIC),
    **dict.fromkeys(("help", "help-page", "search", "search-found"), Way()),
    "set-language": PUBLIC,
    "start": Way(),
    "no-role": Way(answer=403),
    "kept-form-discard": Way(method="post"),
    "preferences": Way(),
    **dict.fromkeys(("sessions", "audit", "audit-export"), Way()),
    "session-end": post("", "session"),
    **dict.fromkeys(("notices", "notices-new", "notice-settings"), Way()),
    "notice-open": post("", "notice"),
    **dict.fromkeys(("notices-read", "notice-chat", "notice-chat-remove", "notice-test"), Way(method="post")),
    "digest-preview": page("see_calls"),
    "sessions-end-others": Way(method="post"),
    # Sign-in
    **dict.fromkeys((
        "account_login", "account_logout", "account_signup", "account_reset_password", "account_reset_password_done",
        "account_reset_password_from_key", "account_reset_password_from_key_done", "mfa_authenticate", "invitation",
        "openid_connect_login", "openid_connect_callback", "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup", "socialaccount_connections", "mfa_login_webauthn",
    ), PUBLIC),
    **dict.fromkeys((
        "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_generate_recovery_codes",
    ), Way()),
    # They say so to whoever has no password, or no second factor.
    **dict.fromkeys((
        "prove", "account_reauthenticate", "account_change_password", "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    ), Way(answer=403)),
    # There is none to show or to remove.
    **dict.fromkeys(("mfa_deactivate_totp", "mfa_view_recovery_codes"), Way(answer=404)),
    "mfa_edit_webauthn": page("", "security_key"),
    "mfa_remove_webauthn": page("", "security_key"),
    # Users
    "users": page("invite_users"),
    "invite": page("invite_users"),
    "invitation-renew": post("invite_users", "user"),
    "second-factor-reset": post("change_settings", "user"),
    # Keys of programs; the API itself is in `api_routes.py`
    "api-keys": page("make_api_keys"),
    "api-key-end": post("make_api_keys", "api_key"),
    "api-reference": Way(),
    "webhooks": page("make_api_keys"),
    "webhook": page("make_api_keys", "webhook"),
    "webhook-secret": post("make_api_keys", "webhook", dict.fromkeys((MANAGER, ADMIN), frozenset({OWN}))),
    "webhook-test": post("make_api_keys", "webhook"),
    "webhook-again-all": post("make_api_keys", "webhook"),
    "webhook-again": post("make_api_keys", "delivery"),
    "webhook-resume": post("make_api_keys", "webhook"),
    "webhook-remove": post("make_api_keys", "webhook"),
    # Today and reports
    "today": page("see_today"),
    "today-live": page("see_today"),
    "reports": page("see_reports"),
    "reports-section": page("see_reports"),
    "reports-csv": page("see_reports"),
    "decisions": page("see_calls"),
    "two-people": page("see_today"),
    "two-people-confirm": post("remove_do_not_call", "removal", OF_OTHERS),
    "two-people-refuse": post("remove_do_not_call", "removal", OF_OTHERS),
    "two-people-withdraw": post("see_today", "removal", ASKED_BY_ONESELF),
    # Calls
    "quick-call": page("place_call"),
    "quick-call-check": post("place_call"),
    "call-log": page("see_calls"),
    "call-log-total": page("see_calls"),
    "filter-save": post("see_calls", name="A name", query="state=talked"),
    "filter-delete": post("see_calls", "filter", {r: frozenset({OWN}) for r in (CALLER, LISTENER)} | {
        MANAGER: STOCK[MANAGER], ADMIN: ALL}),
    "call": page("see_calls", "call"),
    "call-live": page("see_calls", "call"),
    "call-never-again": post("add_do_not_call", "call"),
    "call-cancel": control("place_call", "waiting"),
    "call-settle": Way(
        "settle_calls", "unknown", "post", REASON | {"answer": "did_not"}, also={"settle_own_calls": frozenset({OWN})}
    ),
    "call-opt-out": post("remove_do_not_call", "heard", answer="allow"),
    "call-again": post("settle_calls", "held"),
    "call-handled": post("see_calls", "called_back"),
    "call-callback": page("place_call", "call"),
    "callback": Way("place_call", "callback", also={"control_all_campaigns": ALL}),
    "callback-take-back": control("place_call", "callback"),
    "callback-noted": control("place_call", "callback"),
    "call-note": post("note_calls", "call", text="A note"),
    "call-tag": post("note_calls", "call", tags="A tag"),
    "call-untag": post("note_calls", "call"),
    "call-review": post("review_calls", "call", score="4"),
    "call-cancel-at-vendor": control("place_call", "ringing"),
    "call-hang-up": control("place_call", "ringing"),
    "call-player": page("hear_calls", "recorded"),
    "call-recording": page("hear_calls", "recorded"),
    "hand-over": Way("see_calls", "hand_over", only=OF_HAND_OVERS),
    "hand-over-done": post("see_calls", "hand_over", OF_HAND_OVERS),
    "hand-over-drop": post("see_calls", "hand_over", OF_HAND_OVERS),
    # People
    "people": page("see_people"),
    "person-new": page("import_people"),
    "person": page("see_people", "contact"),
    "person-callback": page("place_call", "contact"),
    "person-edit": page("import_people", "contact"),
    "person-note": post("see_people", "contact", text="A note"),
    "person-note-remove": post("see_people", "note", {CALLER: frozenset({OWN}), MANAGER: PEOPLE[MANAGER]}),
    "person-number-add": post("import_people", "contact", phone="+989121110000"),
    "person-number-remove": post("import_people", "other_number"),
    "person-number-call": post("import_people", "other_number"),
    "person-tags": post("import_people", "contact", tags="gold"),
    "person-forbid": post("add_do_not_call", "contact"),
    "person-erase": page("erase_people", "contact"),
    "person-export": post("export_people", "contact"),
    "person-export-number": post("export_people", phone="+989121110000"),
    "erasures": page("erase_people"),
    "retention": page("change_settings"),
    "holidays": page("change_settings"),
    "lists": page("see_people"),
    "list-new": post("import_people", name="A new list"),
    "list": page("see_people", "list"),
    "list-rename": post("import_people", "list", name="Another name"),
    "list-remove-people": post("import_people", "list"),
    "list-remove": post("import_people", "list"),
    "person-merge-choose": page("merge_people", "contact"),
    "person-merge": page("merge_people", "contact"),
    "person-take-apart": post("merge_people", "merged"),
    "allowed-numbers": page("allow_numbers"),
    "allowed-number-withdraw": post("allow_numbers", "allowed"),
    "do-not-call": page("add_do_not_call"),
    "do-not-call-add": post("add_do_not_call", phone="+989121110001"),
    "do-not-call-import": page("add_do_not_call"),
    "do-not-call-export": page("remove_do_not_call"),
    "do-not-call-export-xlsx": page("remove_do_not_call"),
    "do-not-call-remove": post("remove_do_not_call", "entry"),
    # Imports
    "import-new": page("import_people"),
    "import-sources": page("import_people"),
    "import-source-new": page("import_people", "import"),
    "import-source-read": post("import_people", "import_source"),
    "import-source-switch": post("import_people", "import_source"),
    "import-source-remove": post("import_people", "import_source"),
    "import-template-csv": page("import_people"),
    "import-template-xlsx": page("import_people"),
    "import": page("add_do_not_call", "import"),
    "import-map": page("add_do_not_call", "import"),
    "import-check": page("add_do_not_call", "import"),
    "import-answers": post("add_do_not_call", "import"),
    "import-rows": page("add_do_not_call", "import"),
    "import-row-fix": post("add_do_not_call", "import"),
    "import-numbers": post("add_do_not_call", "import"),
    "import-save": post("add_do_not_call", "import"),
    "import-progress": page("add_do_not_call", "import"),
    "import-bad-rows": page("add_do_not_call", "import"),
    "import-undo": post("add_do_not_call", "import"),
    "doubtful-wish": post("remove_do_not_call", "doubtful_wish", answer="forbid"),
    # Campaigns
    "campaign-new": page("draft_campaign"),
    "campaign-edit": page("draft_campaign", "campaign"),
    "campaigns": page("see_calls"),
    "campaign": page("see_calls", "campaign"),
    "campaign-live": page("see_calls", "campaign"),
    "campaign-settings": page("see_calls", "campaign"),
    "campaign-activity": page("see_calls", "campaign"),
    "campaign-copy": post("draft_campaign", "campaign"),
    "campaign-variants": page("draft_campaign", "campaign"),
    "campaign-repeat": page("launch_campaign", "campaign"),
    "campaign-second": page("draft_campaign", "campaign"),
    "campaign-redial": page("draft_campaign", "campaign"),
    "campaign-check": page("see_calls", "campaign"),
    "campaign-check-people": page("see_people", "campaign"),
    "campaign-launch": post("launch_campaign", "campaign"),
    "campaign-pilot": post("launch_campaign", "campaign"),
    "campaign-end-pilot": control("control_campaign", "running"),
    "campaign-ask-rest": post("launch_campaign", "paused"),
    "campaign-start-at": post("launch_campaign", "campaign"),
    "campaign-start-there": page("launch_campaign", "campaign"),
    "campaign-try": post("place_test_call", "campaign", number="+989121110002"),
    "campaign-approve": post("launch_above_limit", "approval", OF_CAMPAIGNS_OF_OTHERS),
    "campaign-legal-text": post("draft_campaign", "campaign"),
    "campaign-return": post("launch_above_limit", "approval", OF_CAMPAIGNS_OF_OTHERS),
    "campaign-withdraw": control("control_campaign", "approval"),
    "campaign-pause": control("control_campaign", "running"),
    "campaign-resume": control("control_campaign", "paused"),
    "campaign-stop": control("control_campaign", "running"),
    "campaign-hours": page("see_calls", "campaign"),
    "campaign-people": page("see_calls", "campaign"),
    "campaign-results": page("hear_calls", "asked"),
    "campaign-questions": page("draft_campaign", "asked"),
    "question-edit": page("draft_campaign", "asked"),
    "question-remove": post("draft_campaign", "asked"),
    "call-answer": post("note_calls", "asked_call", value="no"),
    "dispositions": page("define_dispositions"),
    "disposition": page("define_dispositions", "disposition"),
    "disposition-rule-add": post("define_dispositions", "disposition", result="busy"),
    "disposition-rule-remove": post("define_dispositions", "disposition"),
    "call-disposition": post("note_calls", "call"),
    "review-queues": page("review_calls"),
    "review-queue-new": page("define_dispositions"),
    "review-queue": page("review_calls", "review_queue"),
    "review-queue-edit": page("define_dispositions", "review_queue"),
    "review-results": page("review_calls"),
    "scorecards": page("define_dispositions"),
    "scorecard": page("define_dispositions", "scorecard"),
    "scorecard-point-add": post("define_dispositions", "scorecard", text="Greets", most="1", weight="1"),
    "scorecard-point-remove": post("define_dispositions", "scorecard"),
    "call-scorecard": post("review_calls", "scored"),
    "campaign-skip": control("control_campaign", "running"),
    "campaign-again": post("settle_calls", "running"),
    "own-numbers": page("place_test_call"),
    "own-number-confirm": post("confirm_numbers", "own_number", NUMBERS_OF_OTHERS),
    "own-number-remove": post("place_test_call", "own_number"),
    "spending-limits": page("see_reports"),
    "spending-limit-remove": post("manage_providers", "limit"),
    # Files of calls
    "calls-export": page("export_calls"),
    "people-export": page("export_contacts"),
    "exports": page("see_exports"),
    "exports-live": page("see_exports"),
    "export-fetch": Way("see_exports", "export", only={MANAGER: frozenset({OWN}), ADMIN: ALL - {OWN}}),
    "export-delete": post("see_exports", "export"),
    # Everything at once
    "stop-all": post("stop_all"),
    "stop-all-release": post("release_stop_all"),
    # Vendors
    "unmatched-calls": page("review_vendor_calls"),
    "unmatched-calls-compare": post("review_vendor_calls"),
    "unmatched-call-decide": post("review_vendor_calls", "vendor_call", ours="no"),
    "unmatched-calls-decide": post("review_vendor_calls", "provider"),
    "providers": page("see_providers"),
    "provider": page("see_providers", "provider"),
    **{
        f"provider-{name}": post("manage_providers", "provider")
        for name in (
            "test", "sync", "halt", "resume", "unfreeze", "skip-comparison", "webhook", "recording-host", "word", "key",
        )
    },
}  # fmt: skip
"""By the address's name."""

SET_UP_RIGHTS = {"auth_group": "manage_people", "auth_user": "manage_people", "access_team": "manage_people"}
"""The right of a section of Set-up, by the beginning of its addresses' names; of all others `manage_providers`."""
