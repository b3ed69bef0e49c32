"""What is said of a row that cannot become a person, or that a person should look at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.cells import consent
from campaigns.contacts.importing.files.csv_rows import OPEN_QUOTE
from campaigns.contacts.importing.rows.number_policy import TYPE_NOTES
from campaigns.numbers import PROBLEMS

UNREADABLE = "unreadable"
WITHOUT_VALUE = "without_value"
ZONE_UNKNOWN = "zone_unknown"
ZONE_ELSEWHERE = "zone_elsewhere"
WISH_DOUBTFUL = "wish_doubtful"
PART_UNREAD = "part_unread"
OTHER_COLUMN = "other_column"
ONE_OF_SEVERAL = "one_of_several"
CORRECTED = "corrected"
DIFFERS = "differs"

NOTES: dict[str, Promise] = {
    **PROBLEMS,
    **TYPE_NOTES,
    OPEN_QUOTE: _("A quotation mark is opened and never closed in this row."),
    UNREADABLE: _("Letters of this row cannot be read: save the file as CSV (UTF-8) or XLSX."),
    WITHOUT_VALUE: _(
        "A formula in this row has no value, or an error. Open the file in a spreadsheet, save it and upload it again."
    ),
    ZONE_UNKNOWN: _(
        "The time zone names no place, as Asia/Tehran does, and was left out; the number's own time counts."
    ),
    ZONE_ELSEWHERE: _(
        "The time zone lies in another country than the number: calls wait until it is time in both. Correct the one "
        "that is wrong."
    ),
    consent.DATE_UNKNOWN: _("The date cannot be read and was left out."),
    consent.DATE_UNCLEAR: _("Day and month of the date could be either: say which comes first."),
    consent.DATE_FUTURE: _("The date of consent is in the future: no consent is noted."),
    consent.REFUSED: _("The file says that this person did not agree: no consent is noted."),
    consent.UNREADABLE: _("What the file says of consent is neither yes nor a source: no consent is noted."),
    PART_UNREAD: _("Not every number of this row can be read; only those that can are taken."),
    WISH_DOUBTFUL: _("The do-not-call column says neither yes nor no."),
    OTHER_COLUMN: _("The first number is missing or cannot be called: the one of another column is used."),
    ONE_OF_SEVERAL: _("The cell holds several numbers: the chosen one is called."),
    CORRECTED: _("Corrected on this page."),
    DIFFERS: _(
        "An earlier row has the same number and other values. Only the earlier row is saved: choose between them."
    ),
}
