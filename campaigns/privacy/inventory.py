"""What every column of every table holds of the people who are called: which are personal, and what erasure does.

A column of texts, JSON or bytes that stands in neither table fails a test: whoever adds one decides here.
"""

from __future__ import annotations

GONE, EMPTIED, PSEUDONYM, SEARCHED, SEALED = "gone", "emptied", "pseudonym", "searched", "sealed"
"""The row is deleted; the column is emptied; it gets a value of nobody; it is looked through, and what names the person
is deleted or emptied; it is a hash, or encrypted until the erasure is done."""

PERSONAL: dict[str, dict[str, str]] = {
    "campaigns.call": {
        PSEUDONYM: "to_number",
        EMPTIED: "text digits variables vendor_options failure_detail end_reason extracted",
    },
    "campaigns.answer": {GONE: "raw key"},
    "campaigns.calltranscript": {GONE: "turns text summary"},
    "campaigns.transcriptwords": {GONE: "words"},
    "campaigns.callevent": {EMPTIED: "detail"},
    "campaigns.callnote": {GONE: "text"},
    "campaigns.callreview": {EMPTIED: "comment"},
    "campaigns.scorecardreview": {EMPTIED: "note"},
    "campaigns.callback": {GONE: "zone reason"},
    "campaigns.contact": {
        PSEUDONYM: "phone",
        EMPTIED: "name region time_zone variables tags consent_source",
    },
    "campaigns.contactnote": {GONE: "text"},
    "campaigns.othernumber": {GONE: "phone"},
    "campaigns.donotcall": {GONE: "phone reason source"},
    "campaigns.heardoptout": {GONE: "phone said decision"},
    "campaigns.allowednumber": {GONE: "phone number_type reason"},
    "campaigns.callhint": {GONE: "digest remote_id to_number state"},
    "campaigns.unknownvendorcall": {EMPTIED: "masked_number reason"},
    "campaigns.callexport": {SEARCHED: "filters words file"},
    "campaigns.contactimport": {SEARCHED: "samples answers original_name mapping file"},
    "campaigns.correctedrow": {SEARCHED: "cells"},
    "campaigns.refusedrow": {SEARCHED: "name written digits"},
    "campaigns.savedfilter": {SEARCHED: "name query"},
    "campaigns.keptoptout": {SEALED: "digest"},
    "campaigns.erasure": {SEALED: "sealed"},
    "providers.providerexchange": {GONE: "what method path outcome error sent answered request_id"},
    "access.twopersonrequest": {EMPTIED: "thing_name reason decision_reason"},
    "access.keptform": {SEARCHED: "page action sealed why"},
    "django_q.task": {SEARCHED: "args kwargs result name"},
    "admin.logentry": {SEARCHED: "object_repr change_message"},
}
"""Columns that hold something of a person who is called, by what becomes of them."""

NOT_PERSONAL: dict[str, str] = {
    "access.personalclock": "time_zone",
    "access.opensession": "key address browser",
    "access.team": "name",
    "access.twopersonrequest": "kind thing_type thing_id detail state outcome",
    "admin.logentry": "object_id",
    # A request itself is not kept: its two hashes, for two days.
    "api.apikey": "name scopes prefix digest",
    "api.oncerequest": "token body",
    "auth.group": "name",
    "auth.permission": "name codename",
    "auth.user": "password username first_name last_name email",
    "campaigns.alert": "kind object_type",
    # The vendor's id of a call stays: without it its list would show a call that nobody here knows.
    "campaigns.call": "direction status raw_status remote_id failure_reason skip_reason wait_reason answered_by"
    " currency matched_by variant",
    "campaigns.answer": "certainty",
    "campaigns.approvedperson": "mark",
    "campaigns.callevent": "source from_status to_status code",
    "campaigns.callexport": "kind state format columns order language zone error",
    "campaigns.calltag": "name key",
    "campaigns.campaign": "name status priority tags text variables variants days weekly_hours blackout_dates"
    " holiday_countries retries hand_overs on_machine start_refusal pilot paused_reason money_wait watched",
    "campaigns.campaignapproval": "binds values salt",
    "campaigns.campaignrepeat": "days zone column note",
    "campaigns.clearedrows": "kind",
    # Rules hold the words that are looked for, not what a person said.
    "campaigns.consequence": "follows state why",
    "campaigns.disposition": "name follows",
    "campaigns.dispositionrule": "answer answer_to result words",
    "campaigns.reviewqueue": "name result goal",
    "campaigns.scorecard": "name",
    "campaigns.scorecardpoint": "text",
    "campaigns.secondprovider": "text currency",
    # The points of the scorecard as they were asked, with numbers.
    "campaigns.scorecardreview": "given",
    "campaigns.contactimport": "purpose status region two_numbers headers counts list_name tags consent_source"
    " opt_out_reason opt_out_source refused_reason",
    "campaigns.contactlist": "name",
    "campaigns.importsource": "address sealed etag digest problem",
    "campaigns.heardoptout": "sheet",
    "campaigns.correctedrow": "sheet",
    "campaigns.costtally": "currency",
    "campaigns.daycap": "currency",
    "campaigns.dayspending": "currency",
    "campaigns.dialingswitch": "reason",
    # The reason is asked for without names; the page says so.
    "campaigns.erasure": "reason counts tasks",
    "campaigns.countedlaunch": "currency",
    "campaigns.erasurekey": "sealed",
    "campaigns.handover": "outcome disposition state",
    "campaigns.happening": "listener kind",
    # Of a call they hold its id; what they say of it is read from the call whenever they are read.
    "campaigns.legalconfirmation": "country text message",
    "campaigns.notice": "kind object_type key detail",
    "campaigns.noticedelivery": "channel message",
    "campaigns.noticesettings": "choices language chat chat_service",
    "campaigns.digest": "period",
    "campaigns.inboundcall": "our_number",
    "campaigns.installationsettings": "refused_number_types second_factor_roles caller_launch_prices holiday_countries "
    "own_holidays working_days notices_off legal_texts",
    "campaigns.listening": "listener kind",
    # The phones of users, which test calls ring.
    "campaigns.ownnumber": "phone reason",
    "campaigns.question": "name kind source path words options goal",
    "campaigns.refusedrow": "sheet code",
    "campaigns.retentionmark": "kind",
    "campaigns.rowverdicts": "letters",
    "campaigns.runningslice": "kind host",
    "campaigns.stoprequest": "cause answer",
    "campaigns.unknownvendorcall": "remote_id agent_id raw_status state",
    "campaigns.vendorsweep": "problem",
    # What is sent is read when it is sent, and not kept.
    "campaigns.webhookdelivery": "kind state problem",
    "campaigns.webhookreceiver": "name url kinds secrets halted_why",
    "campaigns.workerhost": "name version",
    "contenttypes.contenttype": "app_label model",
    # Messages of the queue hold ids only, and sessions what a user does.
    "django_q.ormq": "key payload",
    "django_q.schedule": "name func hook args kwargs schedule_type cron task cluster intended_date_kwarg",
    "django_q.task": "id func hook group cluster",
    "providers.agent": "remote_id name type status direction language variables warnings variables_before",
    "providers.callerid": "remote_id name number",
    "providers.dialer": "remote_id name",
    "providers.provider": "vendor name secrets options currency account turns last_error last_error_kind"
    " seen_recording_host identity found_offset halted_reason halted_kind breaker_reason frozen_reason"
    " compare_problem outcomes",
    "providers.unmappedword": "word spelling",
    "providers.voice": "remote_id name maker language",
    "providers.webhookaddress": "token_hash previous_token_hash last_delivery_result",
    "sessions.session": "session_key session_data",
}
"""Columns that hold nothing of a person who is called."""
WHOLE_TABLES = frozenset({"account", "audit", "mfa", "sign_in", "socialaccount"})
"""Apps whose tables are about users. The audit log names no contact: `callcenter.audit` leaves their names out."""
