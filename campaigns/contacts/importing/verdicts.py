"""Verdicts on the rows of a file: what saving will do with each, in words."""

from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from campaigns.contacts.importing.people_rows import FileRow


class RowVerdict(models.TextChoices):
    """What will be done with a row."""

    GOOD = "good", gettext_lazy("Good")
    FIXED = "fixed", gettext_lazy("Fixed")
    KNOWN = "known", gettext_lazy("Already known")
    IN_LIST = "in_list", gettext_lazy("Already in this list")
    DUPLICATE_IN_FILE = "duplicate_in_file", gettext_lazy("Twice in this file")
    DO_NOT_CALL = "do_not_call", gettext_lazy("On the do-not-call list")
    OPTED_OUT = "opted_out", gettext_lazy("Do not call, says the file")
    DOUBTFUL = "doubtful", gettext_lazy("Do not call? Not clear")
    ENDED = "ended", gettext_lazy("Last day is over")
    SAYS_NO = "says_no", gettext_lazy("The file says no")
    BAD = "bad", gettext_lazy("Bad")


MEANINGS: dict[str, Promise] = {
    RowVerdict.GOOD: gettext_lazy("New people, saved as written."),
    RowVerdict.FIXED: gettext_lazy("New people, saved after we put the row right. Check that we read it well."),
    RowVerdict.KNOWN: gettext_lazy("We have these people already: they join the list, nobody is made twice."),
    RowVerdict.IN_LIST: gettext_lazy("They stand in this list already: nothing is added."),
    RowVerdict.DUPLICATE_IN_FILE: gettext_lazy("The same number stands further up: only its first row counts."),
    RowVerdict.DO_NOT_CALL: gettext_lazy("They asked not to be called: left out."),
    RowVerdict.OPTED_OUT: gettext_lazy("Their numbers are put on the do-not-call list; they do not join the list."),
    RowVerdict.DOUBTFUL: gettext_lazy("Held: not saved and not called. Say above what these values mean."),
    RowVerdict.BAD: gettext_lazy("Nobody who can be called. Download these rows, put them right, import them again."),
}

OF_OPT_OUTS: dict[str, Promise] = {
    RowVerdict.GOOD: gettext_lazy("New on the do-not-call list, as written."),
    RowVerdict.FIXED: gettext_lazy("New on the do-not-call list, after the row was corrected. Check the numbers."),
    RowVerdict.DO_NOT_CALL: gettext_lazy("Already on the do-not-call list: nothing is added."),
    RowVerdict.DUPLICATE_IN_FILE: gettext_lazy("All numbers of the row are in rows above."),
    RowVerdict.DOUBTFUL: gettext_lazy("Not added. Say above what these values mean."),
    RowVerdict.ENDED: gettext_lazy("Not added: the last day in the row is over."),
    RowVerdict.SAYS_NO: gettext_lazy("Not added: the do-not-call column is empty or says no."),
    RowVerdict.BAD: gettext_lazy("Not added: no number can be read. Fix these rows and import them again."),
}
"""What is done with the rows of a do-not-call file, for each verdict that they can have."""


SAVED = (RowVerdict.GOOD, RowVerdict.FIXED, RowVerdict.KNOWN)
"""Verdicts of rows whose people this file adds to the list."""


class JudgedRow(NamedTuple):
    """A row and its verdict."""

    row: FileRow
    verdict: RowVerdict
    note: str = ""
    """Key of `NOTES`, or empty."""
