"""The models of campaigns, one module for each subject."""

from campaigns.models.alerts import Alert
from campaigns.models.allowed_numbers import AllowedNumber
from campaigns.models.answers import Answer, Question
from campaigns.models.approvals import ApprovedPerson, CampaignApproval
from campaigns.models.callbacks import Callback
from campaigns.models.calls import Call, CallEvent, CallTranscript
from campaigns.models.campaigns import Campaign
from campaigns.models.contact_teams import ContactTeam
from campaigns.models.contacts import Contact, ContactList, ContactNote, DoNotCall, ListMembership
from campaigns.models.dispositions import CallDisposition, Consequence, Disposition, DispositionRule
from campaigns.models.exports import CallExport
from campaigns.models.hand_overs import HandOver
from campaigns.models.happenings import Happening, Listening
from campaigns.models.hints import CallHint
from campaigns.models.hosts import RunningSlice, WorkerHost
from campaigns.models.import_rows import CorrectedRow, RefusedRow, RowVerdicts
from campaigns.models.import_sources import ImportSource
from campaigns.models.imports import ContactImport
from campaigns.models.inbound import InboundCall
from campaigns.models.installation import InstallationSettings
from campaigns.models.launches import CountedLaunch
from campaigns.models.legal_texts import LegalConfirmation
from campaigns.models.notices import Digest, Notice, NoticeDelivery, NoticeSettings
from campaigns.models.opt_outs import HeardOptOut, StopRequest
from campaigns.models.other_numbers import OtherNumber
from campaigns.models.own_numbers import OwnNumber
from campaigns.models.privacy import ClearedRows, Erasure, ErasureKey, KeptOptOut, RetentionMark
from campaigns.models.remarks import CallNote, CallReview, CallTag, CallTagging
from campaigns.models.repeats import CampaignRepeat
from campaigns.models.saved_filters import SavedFilter
from campaigns.models.scorecards import ReviewQueue, Scorecard, ScorecardPoint, ScorecardReview
from campaigns.models.second_providers import SecondProvider
from campaigns.models.spending import DayCap, DaySpending
from campaigns.models.switch import DialingSwitch
from campaigns.models.tallies import CallTally, CostTally, TallyMark
from campaigns.models.transcript_words import TranscriptWords
from campaigns.models.vendor_lists import DatabaseMark, UnknownVendorCall, VendorSweep
from campaigns.models.webhooks_out import WebhookDelivery, WebhookReceiver

__all__ = [
    "Alert",
    "AllowedNumber",
    "Answer",
    "ApprovedPerson",
    "Call",
    "CallDisposition",
    "CallEvent",
    "CallExport",
    "CallHint",
    "CallNote",
    "CallReview",
    "CallTag",
    "CallTagging",
    "CallTally",
    "CallTranscript",
    "Callback",
    "Campaign",
    "CampaignApproval",
    "CampaignRepeat",
    "ClearedRows",
    "Consequence",
    "Contact",
    "ContactImport",
    "ContactList",
    "ContactNote",
    "ContactTeam",
    "CorrectedRow",
    "CostTally",
    "CountedLaunch",
    "DatabaseMark",
    "DayCap",
    "DaySpending",
    "DialingSwitch",
    "Digest",
    "Disposition",
    "DispositionRule",
    "DoNotCall",
    "Erasure",
    "ErasureKey",
    "HandOver",
    "Happening",
    "HeardOptOut",
    "ImportSource",
    "InboundCall",
    "InstallationSettings",
    "KeptOptOut",
    "LegalConfirmation",
    "ListMembership",
    "Listening",
    "Notice",
    "NoticeDelivery",
    "NoticeSettings",
    "OtherNumber",
    "OwnNumber",
    "Question",
    "RefusedRow",
    "RetentionMark",
    "ReviewQueue",
    "RowVerdicts",
    "RunningSlice",
    "SavedFilter",
    "Scorecard",
    "ScorecardPoint",
    "ScorecardReview",
    "SecondProvider",
    "StopRequest",
    "TallyMark",
    "TranscriptWords",
    "UnknownVendorCall",
    "VendorSweep",
    "WebhookDelivery",
    "WebhookReceiver",
    "WorkerHost",
]
