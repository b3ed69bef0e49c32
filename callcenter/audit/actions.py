"""The declared actions of the audit log: code, words, group, and which details an event of it may hold.

A new action is added here first. `record` refuses others in tests, and never loses one in production.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(StrEnum):
    """What an action is about; people narrow the audit log by it."""

    SIGN_IN = "sign_in"
    ACCESS = "access"
    KEYS = "keys"
    PROVIDERS = "providers"
    CAMPAIGNS = "campaigns"
    CALLS = "calls"
    HEARING = "hearing"
    CONTACTS = "contacts"
    DO_NOT_CALL = "do_not_call"
    FILES = "files"
    SETTINGS = "settings"
    SERVER = "server"
    AUDIT = "audit"


GROUP_WORDS: dict[Group, str | Promise] = {
    Group.SIGN_IN: _("Log-in"),
    Group.ACCESS: _("Users, roles and teams"),
    Group.KEYS: _("Keys"),
    Group.PROVIDERS: _("Providers"),
    Group.CAMPAIGNS: _("Campaigns"),
    Group.CALLS: _("Calls"),
    Group.HEARING: _("Recordings and transcripts"),
    Group.CONTACTS: _("Contacts and lists"),
    Group.DO_NOT_CALL: _("Do not call"),
    Group.FILES: _("Imports and exports"),
    Group.SETTINGS: _("Settings"),
    Group.SERVER: _("Server commands"),
    Group.AUDIT: _("Audit log"),
}

EVERYWHERE = frozenset({"reason", "fields", "changes", "token", "times", "last"})
"""Details that any event may hold: why, which columns, their values before and after, the form's id, a count."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action that the audit log knows."""

    code: str
    words: str | Promise
    group: Group
    detail: frozenset[str]
    """Names of the details that its events may hold, beside those of `EVERYWHERE`."""


def _actions(group: Group, *rows: tuple[str, str | Promise, str]) -> list[Action]:
    return [Action(code, words, group, frozenset(detail.split())) for code, words, detail in rows]


_OUT = "waiting live still_out skipped recalled asked out"
"""How many calls were in progress when something was stopped."""

ACTIONS: tuple[Action, ...] = (
    *_actions(
        Group.SIGN_IN,
        ("login.succeeded", _("Logged in"), "method"),
        ("login.failed", _("Log-in failed"), "known method"),
        ("login.throttled", _("Log-in refused: too many attempts"), "known"),
        ("login.ended", _("Logged out"), ""),
        ("access.denied", _("Page refused: no permission"), "page method right times"),
        ("session.ended", _("Session ended by a user"), "own"),
        ("second_factor.added", _("Two-factor method added"), "kind"),
        ("second_factor.removed", _("Two-factor method removed"), "kind"),
        ("second_factor.codes_made", _("New recovery codes created"), ""),
        ("second_factor.reset", _("Two-factor login reset"), "kind confirmed_by removed at_server_by"),
        ("password.changed", _("Own password changed"), ""),
        ("password.reset_asked", _("Password reset by email requested"), ""),
        ("password.reset", _("Password reset by email"), ""),
        ("password.chosen", _("Password chosen by an invited user"), ""),
        ("login.account_bound", _("External login account linked to a user"), "provider"),
        ("fresh_login.succeeded", _("Logged in again for a protected page"), "method"),
    ),
    *_actions(
        Group.ACCESS,
        ("user.created", _("User created"), "roles team by"),
        ("user.changed", _("User changed"), "before after"),
        ("user.invited", _("Password link created"), "days"),
        ("user.password_set", _("Password of a user set"), ""),
        ("user.roles_changed", _("Roles of a user changed"), "before after by"),
        ("user.team_changed", _("Team of a user changed"), "before after"),
        ("user.switched_off", _("User turned off"), "campaigns"),
        ("user.switched_on", _("User turned on"), ""),
        ("role.created", _("Role created"), "before after"),
        ("role.changed", _("Role changed"), "before after"),
        ("role.removed", _("Role removed"), ""),
        (
            "user.work_handed_over",
            _("Work of a user given to another user"),
            "to campaigns hand_overs exports callbacks",
        ),
        ("user.work_left", _("Work of a user paused or left to managers"), "campaigns hand_overs callbacks"),
        ("team.created", _("Team created"), ""),
        ("team.changed", _("Team changed"), ""),
        ("two_people.asked", _("Confirmation by a second user requested"), "kind lapses_at asked_by about"),
        ("two_people.confirmed", _("Confirmed as second user"), "kind asked_by about"),
        ("two_people.refused", _("Refused as second user"), "kind asked_by about"),
        ("two_people.withdrawn", _("Request for confirmation withdrawn"), "kind asked_by about"),
        ("two_people.lapsed", _("Request for confirmation expired"), "kind asked_by about"),
        ("break_glass.started", _("Emergency access started"), "until"),
        ("break_glass.ended", _("Emergency access ended"), ""),
    ),
    *_actions(
        Group.KEYS,
        ("provider.key_set", _("Key set"), "key"),
        ("provider.key_replaced", _("Key replaced"), "key"),
        ("provider.key_removed", _("Key removed"), "key"),
        ("provider.key_dropped", _("Key removed: its destination changed"), "key"),
        ("provider.tested", _("Key tested"), "outcome"),
        ("provider.webhook_address_made", _("Webhook address created"), ""),
        ("api_key.made", _("API key created"), "role scopes a_minute expires_at"),
        ("api_key.ended", _("API key revoked"), "of"),
        ("webhook.made", _("Webhook added"), "host kinds"),
        ("webhook.changed", _("Webhook changed"), "fields host kinds of"),
        ("webhook.secret_replaced", _("Secret of a webhook replaced"), ""),
        ("webhook.tested", _("Test sent to a webhook"), ""),
        ("webhook.sent_again", _("Events sent again by webhook"), "deliveries"),
        ("webhook.halted", _("Webhook paused"), "host reason deliveries"),
        ("webhook.resumed", _("Webhook resumed"), ""),
        ("webhook.removed", _("Webhook removed"), "host of"),
        ("keys.rotated", _("Stored keys encrypted again"), "rows unreadable"),
    ),
    *_actions(
        Group.PROVIDERS,
        ("provider.created", _("Provider created"), ""),
        ("provider.changed", _("Provider changed"), ""),
        ("provider.synced", _("Agents, voices and caller IDs synced"), "outcome agents voices caller_ids"),
        ("provider.recording_host_allowed", _("Host of recordings allowed"), "host"),
        ("provider.word_mapped", _("Provider status mapped"), "word result"),
        ("provider.halted", _("Provider paused"), ""),
        ("provider.resumed", _("Provider resumed"), ""),
        ("provider.breaker_opened", _("Calls paused after failures at a provider"), ""),
        ("provider.breaker_closed", _("Calls allowed again after failures at a provider"), ""),
        ("provider.frozen", _("Provider on hold after a restored backup"), ""),
        ("provider.unfrozen", _("Hold on a provider ended"), ""),
        ("provider.comparison_skipped", _("Comparison with a provider skipped"), ""),
        ("webhook.refused", _("Webhook messages refused"), "times why"),
        ("agent.created", _("Agent created"), ""),
        ("agent.changed", _("Agent changed"), ""),
        ("voice.created", _("Voice created"), ""),
        ("voice.changed", _("Voice changed"), ""),
        ("callerid.created", _("Caller ID created"), ""),
        ("callerid.changed", _("Caller ID changed"), ""),
        ("dialer.created", _("Dialer created"), ""),
        ("dialer.changed", _("Dialer changed"), ""),
        ("vendor_calls.unknown", _("Calls found at the provider that are not in Callcenter"), "count"),
        ("vendor_call.decided", _("Call at the provider decided"), "ours"),
    ),
    *_actions(
        Group.CAMPAIGNS,
        ("campaign.created", _("Campaign created"), "copy_of"),
        ("campaign.changed", _("Campaign changed in Set-up"), ""),
        ("campaign.edited", _("Campaign edited"), ""),
        ("campaign.approval_asked", _("Campaign sent for approval"), "people"),
        ("campaign.withdrawn", _("Approval request of a campaign withdrawn"), "people"),
        ("campaign.approved", _("Campaign approved and launched"), "people starts_at"),
        ("campaign.legal_confirmed", _("Legal text of a campaign confirmed"), "country"),
        ("campaign.second_set", _("Second provider of a campaign agreed to"), "provider price caller_id"),
        ("campaign.second_removed", _("Second provider of a campaign removed"), "provider"),
        ("campaign.refused", _("Approval of a campaign refused"), "people"),
        ("campaign.sent_back", _("Campaign returned for approval: it changed"), ""),
        ("campaign.launched", _("Campaign launched"), "people"),
        ("campaign.pilot_launched", _("Pilot launched"), "people"),
        ("campaign.pilot_over", _("Pilot finished: campaign paused"), ""),
        ("campaign.pilot_ended", _("Pilot ended by a user"), _OUT),
        ("campaign.went_on", _("Campaign continued after the pilot"), "people " + _OUT),
        ("campaign.scheduled", _("Start of a campaign scheduled"), "people starts_at"),
        ("campaign.start_canceled", _("Scheduled start canceled"), "people"),
        ("campaign.started_on_time", _("Campaign started as scheduled"), "people"),
        ("campaign.start_refused", _("Scheduled campaign did not start"), ""),
        ("campaign.tried", _("Test call placed"), "call"),
        ("own_number.entered", _("Own number entered"), ""),
        ("own_number.confirmed", _("Own number of a user confirmed"), "of"),
        ("own_number.removed", _("Own number removed"), "of"),
        ("campaign.paused", _("Campaign paused"), _OUT),
        ("campaign.resumed", _("Campaign resumed"), _OUT),
        ("campaign.stopped", _("Campaign ended"), _OUT),
        ("campaign.finished", _("Campaign finished"), ""),
        ("campaign.repeat_set", _("Repeat of a campaign set"), "days starts_at"),
        ("campaign.repeat_ended", _("Repeat of a campaign ended"), ""),
        ("campaign.repeated", _("Campaign copy created by its repeat"), "made"),
        ("campaign.closed", _("Campaign closed to new contacts"), "people skipped"),
        ("campaign.redialed", _("Draft created to call people again"), "people outcomes answers dispositions draft"),
        ("question.added", _("Question added to a campaign"), "question"),
        ("question.changed", _("Question of a campaign changed"), "question"),
        ("question.removed", _("Question of a campaign removed"), "question answers"),
        ("campaign.person_skipped", _("One contact of a campaign skipped"), "call"),
        ("campaign.called_again", _("One contact of a campaign called again"), "call"),
        ("campaign.handed_over", _("Campaign given to another user"), "to"),
        ("stop_all.pressed", _("All calling stopped"), _OUT),
        ("stop_all.released", _("Calling resumed"), "pressed_at"),
        ("spending_limit.set", _("Daily spending limit set"), "amount currency before"),
        ("spending_limit.removed", _("Daily spending limit removed"), "amount currency before"),
    ),
    *_actions(
        Group.CALLS,
        ("call.asked", _("Call requested"), "provider extras despite_quiet_period"),
        ("call.canceled", _("Waiting call canceled"), ""),
        ("call.called_again", _("Contact called again"), "of"),
        ("call.callback_asked", _("Callback scheduled"), "provider at from_call"),
        ("call.callback_moved", _("Callback moved"), "at before"),
        ("call.callback_noted", _("Callback marked as seen"), ""),
        ("call.hand_over_done", _("Call by a user: done"), ""),
        ("call.hand_over_dropped", _("Call by a user: dropped"), ""),
        ("call.hand_over_moved", _("Call by a user: given to another user"), "to"),
        ("call.handled", _("Return call marked as handled"), ""),
        ("call.note_added", _("Note added to a call"), "letters"),
        ("call.tagged", _("Tags added to a call"), "tags"),
        ("call.untagged", _("Tag removed from a call"), "tags"),
        ("call.disposition_set", _("Disposition of a call set"), "disposition before"),
        ("call.disposition_removed", _("Disposition of a call removed"), "before"),
        ("call.answer_entered", _("Answer entered on a call"), "question"),
        ("call.answer_removed", _("Entered answer removed"), "question"),
        ("call.reviewed", _("Call reviewed"), "score before"),
        ("call.settled", _("Result of a call decided"), "placed result"),
        ("call.kept_waiting", _("Waiting longer for the result of a call"), "hours"),
        ("call.cancel_asked", _("Provider asked to cancel a call"), "outcome"),
        ("call.hang_up_asked", _("Provider asked to hang up"), "outcome"),
        ("filter.saved", _("Filter saved"), "shared"),
        ("filter.deleted", _("Filter deleted"), "shared"),
        ("disposition.added", _("Disposition added"), "follows"),
        ("disposition.changed", _("Disposition changed"), "follows"),
        ("disposition.rule_added", _("Rule of a disposition added"), "rule"),
        ("disposition.rule_removed", _("Rule of a disposition removed"), "rule"),
        ("scorecard.added", _("Scorecard added"), "points"),
        ("scorecard.changed", _("Scorecard changed"), ""),
        ("review_queue.added", _("Review queue added"), "scorecard"),
        ("review_queue.changed", _("Review queue changed"), ""),
        ("call.scored", _("Call reviewed by a scorecard"), "scorecard score before"),
        ("call.changed", _("Call changed in Set-up"), ""),
    ),
    *_actions(
        Group.HEARING,
        ("call.recording_played", _("Recording played"), ""),
        ("call.recording_removed", _("Recordings removed"), "rows before"),
        ("call.transcript_opened", _("Transcript read"), ""),
        ("call.transcript_followed", _("Transcript followed live"), "times last"),
        ("call.transcripts_removed", _("Transcripts removed"), "rows before"),
        ("calls.searched", _("Transcripts searched by words"), "words found"),
    ),
    *_actions(
        Group.CONTACTS,
        ("person.added", _("Contact created"), ""),
        ("person.changed", _("Contact edited"), "do_not_call held by_import"),
        ("person.shared", _("Contact shared with another team"), "team by_import"),
        ("person.merged", _("Contacts merged"), "merged lists do_not_call held called_under_the_other_number"),
        ("person.taken_apart", _("Merged contacts separated"), "other"),
        ("person.note_added", _("Note added to a contact"), ""),
        ("person.note_removed", _("Note of a contact removed"), "written"),
        ("person.number_added", _("Number added to a contact"), ""),
        ("person.number_removed", _("Number of a contact removed"), ""),
        ("person.erasure_asked", _("Erasure of a contact requested"), "contact"),
        ("person.erased", _("Contact erased"), "calls notes recordings kept"),
        ("person.exported", _("All data of a contact exported"), "rows"),
        ("contact.created", _("Contact created in Set-up"), ""),
        ("contact.changed", _("Contact changed in Set-up"), ""),
        ("list.made", _("List created"), ""),
        ("list.renamed", _("List renamed"), "was"),
        ("list.people_added", _("Contacts added to a list"), "people"),
        ("list.people_removed", _("Contacts removed from a list"), "people"),
        ("list.removed", _("List deleted"), "people"),
        ("list.made_to_call_again", _("List created to call people again"), "people campaign"),
        ("contactlist.created", _("List created in Set-up"), ""),
        ("contactlist.changed", _("List changed in Set-up"), ""),
        ("number.allowed", _("Number of a blocked type allowed"), "type"),
        ("number.withdrawn", _("Number of a blocked type no longer allowed"), "type"),
    ),
    *_actions(
        Group.DO_NOT_CALL,
        ("do_not_call.added", _("Number added to the do-not-call list"), "source skipped"),
        ("do_not_call.heard", _("Opt-out heard in a call"), "certain skipped"),
        (
            "do_not_call.removed",
            _("Number removed from the do-not-call list"),
            "was_added was_reason was_source asked_by",
        ),
        ("do_not_call.removal_asked", _("Removal from the do-not-call list requested"), ""),
        ("do_not_call.decided", _("Possible opt-out decided"), "forbidden skipped"),
        ("do_not_call.exported", _("Do-not-call list exported"), "rows format numbers"),
        ("do_not_call.imported", _("Numbers added to the do-not-call list from a file"), "file added"),
    ),
    *_actions(
        Group.FILES,
        ("import.uploaded", _("File uploaded"), "bytes source"),
        ("import.changed", _("File reading options changed"), "what"),
        ("import.saved", _("File imported"), "rows"),
        ("import.undone", _("Import undone"), "people places kept numbers confirmed own"),
        ("import.file_removed", _("Uploaded file removed"), "rows"),
        ("import.bad_rows_fetched", _("Rejected rows of a file downloaded"), "rows"),
        ("import_source.added", _("Import source added"), "host hours"),
        ("import_source.paused", _("Import source paused"), "host"),
        ("import_source.resumed", _("Import source resumed"), "host"),
        ("import_source.removed", _("Import source removed"), "host"),
        ("import_source.halted", _("Import source paused: it could not be read"), "host"),
        ("calls.exported", _("Calls exported"), "numbers format filters columns rows"),
        ("people.exported", _("Contacts exported"), "numbers format filters columns"),
        ("calls.export_fetched", _("Export downloaded"), ""),
        ("calls.export_deleted", _("Export deleted"), ""),
        ("exports.capped", _("Export refused: daily limit reached"), "most"),
        ("report.exported", _("Report downloaded"), "report"),
    ),
    *_actions(
        Group.SETTINGS,
        ("settings.changed", _("Settings of the installation changed"), "*"),
        ("retention.cleared", _("Old data cleared (first time that day)"), "kind rows"),
        ("preferences.changed", _("Own preferences changed"), ""),
        ("notices.chosen", _("Own notices chosen"), ""),
        ("notices.chat_set", _("Chat for own notices set"), "service"),
        ("notices.chat_removed", _("Chat for own notices removed"), ""),
    ),
    *_actions(
        Group.SERVER,
        ("command.run", _("Command run on the server"), "command outcome seconds"),
        ("database.moved", _("Database moved"), "rows"),
        ("database.restored", _("Restored backup detected"), "providers found_by_itself"),
        ("data.removed", _("Old data removed"), "kind rows before"),
    ),
    *_actions(
        Group.AUDIT,
        ("audit.viewed", _("Audit log searched"), "filters"),
        ("audit.exported", _("Audit log exported"), "rows filters"),
        ("audit.verified", _("Audit log verified"), "rows faults"),
        ("audit.rows_removed", _("Old rows of the audit log removed"), "rows before through"),
    ),
)
"""Every action; those that no code records yet are named so that everybody who will uses the same code."""

BY_CODE: dict[str, Action] = {action.code: action for action in ACTIONS}


def undeclared(code: str, detail: set[str]) -> str:
    """Return in words what of an event is not declared; empty where all of it is."""
    action = BY_CODE.get(code)
    if action is None:
        return f"The action {code!r} is not declared in callcenter/audit/actions.py."
    if "*" in action.detail:
        return ""
    unknown = sorted(detail - action.detail - EVERYWHERE)
    return (
        f"{code}: the details {', '.join(unknown)} are not declared in callcenter/audit/actions.py." if unknown else ""
    )


def words_of(code: str) -> str:
    """Return the words of an action; the code itself where it is not declared."""
    action = BY_CODE.get(code)
    return str(action.words) if action else code


def codes_of(group: str) -> list[str]:
    """Return the codes of a group's actions."""
    return [action.code for action in ACTIONS if action.group == group]
