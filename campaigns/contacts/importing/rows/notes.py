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
    OPEN_QUOTE: _("A quotation mark in this row is not closed."),
    UNREADABLE: _("Some characters in this row cannot be read. Save the file as CSV (UTF-8) or XLSX."),
    WITHOUT_VALUE: _(
        "A formula in this row has no value or an error. Open the file in a spreadsheet program, save it and "
        "upload it again."
    ),
    ZONE_UNKNOWN: _(
        "The time zone was skipped: it is not a place such as Asia/Tehran. The time zone of the number is used."
    ),
    ZONE_ELSEWHERE: _(
        "The time zone and the number are in different countries. Calls are placed only when it is time in "
        "both. Correct the wrong one."
    ),
    consent.DATE_UNKNOWN: _("The date was skipped: it cannot be read."),
    consent.DATE_UNCLEAR: _("Day and month of this date are unclear. Choose which comes first."),
    consent.DATE_FUTURE: _("The consent date is in the future, so no consent is saved."),
    consent.REFUSED: _("According to the file, this contact did not consent, so no consent is saved."),
    consent.UNREADABLE: _("The consent value is neither yes nor a source, so no consent is saved."),
    PART_UNREAD: _("Some numbers of this row cannot be read. The others are used."),
    WISH_DOUBTFUL: _("The do-not-call column is neither yes nor no."),
    OTHER_COLUMN: _("The first number is missing or cannot be called. A number from another column is used."),
    ONE_OF_SEVERAL: _("The cell contains several numbers. The chosen one is called."),
    CORRECTED: _("Corrected on this page."),
    DIFFERS: _(
        "An earlier row has the same number but other values. Only the earlier row is saved. Choose between them."
    ),
}
