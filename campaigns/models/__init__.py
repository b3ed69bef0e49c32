"""The rows of this room, split by subject."""

from campaigns.models.alerts import Alert
from campaigns.models.calls import Call, CallEvent, CallTranscript, DialingSwitch
from campaigns.models.campaigns import Campaign
from campaigns.models.contacts import Contact, ContactList, ContactNote, DoNotCall, ListMembership
from campaigns.models.ghosts import DatabaseMark, UnknownVendorCall, VendorSweep
from campaigns.models.hints import CallHint
from campaigns.models.imports import ContactImport

__all__ = [
    "Alert",
    "Call",
    "CallEvent",
    "CallHint",
    "CallTranscript",
    "Campaign",
    "Contact",
    "ContactImport",
    "ContactList",
    "ContactNote",
    "DatabaseMark",
    "DialingSwitch",
    "DoNotCall",
    "ListMembership",
    "UnknownVendorCall",
    "VendorSweep",
]
