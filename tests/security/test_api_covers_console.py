"""Whatever the console shows or does, the API does under the same right, or it is said here why it does not."""

from __future__ import annotations

from tests.security.api_routes import API_WAYS
from tests.security.routes import WAYS

Operation = tuple[str, str]


def get(path: str) -> Operation:
    return "get", path


def post(path: str) -> Operation:
    return "post", path


IN_API: dict[str, Operation] = {
    # What the owner is told
    "notices": get("/notices"), "notices-new": get("/notices"), "notice-open": post("/notices/{pk}/read"),
    "notices-read": post("/notices/read"),
    # Webhooks
    "webhooks": get("/webhooks"), "webhook": get("/webhooks/{pk}"), "webhook-secret": post("/webhooks/{pk}/secret"),
    "webhook-test": post("/webhooks/{pk}/test"), "webhook-again": post("/webhooks/{pk}/deliveries/again"),
    "webhook-again-all": post("/webhooks/{pk}/deliveries/again"), "webhook-resume": post("/webhooks/{pk}/resume"),
    "webhook-remove": ("delete", "/webhooks/{pk}"),
    # Reports
    "reports": get("/reports/calls"), "reports-section": get("/reports/calls"), "reports-csv": get("/reports/calls"),
    # Calls
    "decisions": get("/decisions"), "quick-call": post("/calls"), "quick-call-check": post("/calls/check"),
    "call-log": get("/calls"), "call": get("/calls/{pk}"), "call-live": get("/calls/{pk}"),
    "call-never-again": post("/do-not-call"), "call-cancel": post("/calls/{pk}/cancel"),
    "call-settle": post("/calls/{pk}/settle"), "call-opt-out": post("/calls/{pk}/opt-out"),
    "call-again": post("/calls/{pk}/again"), "campaign-again": post("/calls/{pk}/again"),
    "call-handled": post("/calls/{pk}/handled"), "call-callback": post("/callbacks"),
    "person-callback": post("/callbacks"), "callback": ("patch", "/callbacks/{pk}"),
    "callback-take-back": post("/callbacks/{pk}/take-back"), "callback-noted": post("/callbacks/{pk}/note"),
    "call-note": post("/calls/{pk}/notes"), "call-tag": post("/calls/{pk}/tags"),
    "call-untag": post("/calls/{pk}/tags/remove"), "call-review": post("/calls/{pk}/review"),
    "call-cancel-at-vendor": post("/calls/{pk}/stop"), "call-hang-up": post("/calls/{pk}/stop"),
    "call-player": get("/calls/{pk}/recording"), "call-recording": get("/calls/{pk}/recording"),
    "campaign-skip": post("/calls/{pk}/cancel"), "call-disposition": post("/calls/{pk}/disposition"),
    "hand-over": get("/hand-overs/{pk}"), "hand-over-done": post("/hand-overs/{pk}/done"),
    "hand-over-drop": post("/hand-overs/{pk}/drop"),
    # Reviews
    "review-queues": get("/review-queues"), "review-queue": get("/review-queues/{pk}/calls"),
    "call-scorecard": post("/calls/{pk}/scores"),
    # Contacts
    "people": get("/people"), "person": get("/people/{pk}"), "person-new": post("/people"),
    "person-edit": ("patch", "/people/{pk}"), "person-tags": ("patch", "/people/{pk}"),
    "person-forbid": post("/do-not-call"), "lists": get("/lists"), "list": get("/lists/{pk}"),
    "list-new": post("/lists"), "list-rename": ("patch", "/lists/{pk}"), "list-remove": ("delete", "/lists/{pk}"),
    "list-remove-people": post("/lists/{pk}/people/remove"), "do-not-call": get("/do-not-call"),
    "do-not-call-add": post("/do-not-call"), "do-not-call-remove": post("/do-not-call/{pk}/remove"),
    "import-sources": get("/import-sources"), "import-source-new": post("/import-sources"),
    "import-source-read": post("/import-sources/{pk}/read"), "import-source-switch": post("/import-sources/{pk}/pause"),
    "import-source-remove": ("delete", "/import-sources/{pk}"),
    # Campaigns
    "campaigns": get("/campaigns"), "campaign": get("/campaigns/{pk}"), "campaign-live": get("/campaigns/{pk}"),
    "campaign-settings": get("/campaigns/{pk}"), "campaign-edit": ("patch", "/campaigns/{pk}"),
    "campaign-launch": post("/campaigns/{pk}/launch"), "campaign-start-at": post("/campaigns/{pk}/launch"),
    "campaign-ask-rest": post("/campaigns/{pk}/ask-for-rest"), "campaign-withdraw": post("/campaigns/{pk}/withdraw"),
    "campaign-pause": post("/campaigns/{pk}/pause"), "campaign-resume": post("/campaigns/{pk}/resume"),
    "campaign-results": get("/campaigns/{pk}/results"),
    "campaign-stop": post("/campaigns/{pk}/stop"), "campaign-check": get("/campaigns/{pk}/legal-texts"),
    # Files
    "calls-export": post("/exports"), "exports": get("/exports"), "exports-live": get("/exports/{pk}"),
    "export-fetch": get("/exports/{pk}/file"),
    # Providers
    "providers": get("/providers"), "provider": get("/providers/{pk}"),
}  # fmt: skip
"""Addresses of the console by name, each with the operation by which a program does the same."""
OTHER_RIGHTS = {"campaign-skip": "place_call"}
"""Where the operation asks for another right: a waiting call is cancelled as any single one."""
ONE_OWN = "A user's own sign-in, session, settings or key: a key neither makes nor widens another."
OF_BROWSERS = "A part of a page or a way through the console; what it shows is read through the objects themselves."
OWN_WORD = "A user's own word on what they looked at, often a second one's: a program sees nothing in their place."
BY_EYE = "A file is looked through row by row before it is saved; programs create contacts one by one instead."
DEFINED = "Defined by users who see what it means for the calls; programs read and use what is defined."
OF_SETTINGS = "Set by who runs or sets up the installation, with what follows shown beside it."
ERASES = "Removes or merges personal data, which only a user who sees it may do."
NOT_IN_API: dict[str, str] = {
    name: why
    for why, names in {
        ONE_OWN: "preferences sessions session-end sessions-end-others notice-settings notice-chat notice-chat-remove"
        " notice-test digest-preview mfa_index mfa_activate_totp mfa_list_webauthn mfa_add_webauthn"
        " mfa_generate_recovery_codes prove account_reauthenticate account_change_password mfa_reauthenticate"
        " mfa_reauthenticate_webauthn mfa_deactivate_totp mfa_view_recovery_codes mfa_edit_webauthn"
        " mfa_remove_webauthn users invite invitation-renew second-factor-reset api-keys api-key-end own-numbers"
        " own-number-confirm own-number-remove",
        OF_BROWSERS: "help help-page search search-found start no-role kept-form-discard api-reference today today-live"
        " call-log-total filter-save filter-delete campaign-activity campaign-check-people campaign-hours"
        " campaign-people audit audit-export export-delete do-not-call-export do-not-call-export-xlsx"
        " import-template-csv import-template-xlsx review-results",
        OWN_WORD: "two-people two-people-confirm two-people-refuse two-people-withdraw campaign-approve campaign-return"
        " campaign-legal-text doubtful-wish unmatched-calls unmatched-calls-compare unmatched-call-decide"
        " campaign-second unmatched-calls-decide stop-all stop-all-release campaign-pilot campaign-end-pilot"
        " campaign-try campaign-start-there",
        BY_EYE: "import-new import import-map import-check import-answers import-rows import-row-fix import-numbers"
        " import-save import-progress import-bad-rows import-undo do-not-call-import",
        DEFINED: "dispositions disposition disposition-rule-add disposition-rule-remove review-queue-new"
        " review-queue-edit scorecards scorecard scorecard-point-add scorecard-point-remove campaign-new campaign-copy"
        " campaign-repeat campaign-redial campaign-variants campaign-questions question-edit question-remove"
        " call-answer",
        OF_SETTINGS: "retention holidays allowed-numbers allowed-number-withdraw spending-limits spending-limit-remove"
        " provider-test provider-sync provider-halt provider-resume provider-unfreeze provider-skip-comparison"
        " provider-webhook provider-recording-host provider-word provider-key",
        ERASES: "person-erase person-export person-export-number erasures person-merge-choose person-merge"
        " person-take-apart person-note person-note-remove person-number-add person-number-remove person-number-call"
        " people-export",
    }.items()
    for name in names.split()
}
"""Addresses of the console without an operation, each with the reason."""


def test_every_address_of_the_console_is_in_the_api_or_says_why_not() -> None:
    console = {name for name, way in WAYS.items() if not way.is_public}
    assert set(IN_API).isdisjoint(NOT_IN_API)
    assert console == set(IN_API) | set(NOT_IN_API), "Give the address an operation, or the reason why it has none."


def test_each_operation_asks_for_the_right_of_its_address() -> None:
    other = {}
    for name, operation in IN_API.items():
        right = API_WAYS[operation].right
        if right != WAYS[name].right:
            other[name] = right
    assert other == OTHER_RIGHTS
