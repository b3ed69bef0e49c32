"""Verdicts of rows: what will be done, or was done, with each; kept for all rows of an import as one letter a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.files.limits import BATCH
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.models import RowVerdicts


class RowVerdict(models.TextChoices):
    """What will be done with a row."""

    GOOD = "good", _("OK")
    FIXED = "fixed", _("Corrected")
    KNOWN = "known", _("Existing contact")
    IN_LIST = "in_list", _("Already in this list")
    DUPLICATE_IN_FILE = "duplicate_in_file", _("Duplicate in this file")
    DO_NOT_CALL = "do_not_call", _("On the do-not-call list")
    OPTED_OUT = "opted_out", _("Do not call (in the file)")
    HELD = "held", _("Do not call? Unclear")
    ENDED = "ended", _("Last day has passed")
    SAYS_NO = "says_no", _("No in the file")
    LEFT_OUT = "left_out", _("Skipped by you")
    BAD = "bad", _("Invalid")


MEANINGS: dict[str, Promise] = {
    RowVerdict.GOOD: _("New contacts, saved as they are."),
    RowVerdict.FIXED: _("New contacts, saved after automatic correction. Please check them."),
    RowVerdict.KNOWN: _("Existing contacts. They are added to the list and not duplicated."),
    RowVerdict.IN_LIST: _("Already in this list. Nothing is added."),
    RowVerdict.DUPLICATE_IN_FILE: _("The same number is in an earlier row. Only its first row is used."),
    RowVerdict.DO_NOT_CALL: _("They opted out and are skipped."),
    RowVerdict.OPTED_OUT: _("Their numbers are added to the do-not-call list. They are not added to this list."),
    RowVerdict.HELD: _(
        "Not saved. Their numbers are on hold and not called until a manager decides, under Needs a decision. "
        "To decide now, choose above what these values mean."
    ),
    RowVerdict.LEFT_OUT: _("You skipped these rows."),
    RowVerdict.BAD: _("Cannot be called. Correct these rows here, or download, correct and import them again."),
}

OF_OPT_OUTS: dict[str, Promise] = {
    RowVerdict.GOOD: _("Added to the do-not-call list as they are."),
    RowVerdict.FIXED: _("Added to the do-not-call list after automatic correction. Check the numbers."),
    RowVerdict.DO_NOT_CALL: _("Already on the do-not-call list. Nothing is added."),
    RowVerdict.DUPLICATE_IN_FILE: _("All numbers of the row are in earlier rows."),
    RowVerdict.HELD: _(
        "Not added. These numbers are on hold and not called until a manager decides, under Needs a decision. "
        "To decide now, choose above what these values mean."
    ),
    RowVerdict.ENDED: _("Not added: the last day has passed."),
    RowVerdict.SAYS_NO: _("Not added: the do-not-call column is empty or no."),
    RowVerdict.LEFT_OUT: _("You skipped these rows."),
    RowVerdict.BAD: _(
        "Not added: no readable number. Correct these rows here, or download, correct and import them again."
    ),
}
"""What is done with the rows of a do-not-call file, for each verdict that they can have."""

SAVED = (RowVerdict.GOOD, RowVerdict.FIXED, RowVerdict.KNOWN)
"""Verdicts of rows whose people this file adds to the list."""
NOT_CALLED = (RowVerdict.DO_NOT_CALL, RowVerdict.OPTED_OUT, RowVerdict.HELD)
"""Verdicts of rows whose people are known by a number, and are not to be called."""
ADDED = (RowVerdict.GOOD, RowVerdict.FIXED)
"""Verdicts of rows of a do-not-call file that add a number to the list."""
REFUSED = (RowVerdict.BAD, RowVerdict.DO_NOT_CALL, RowVerdict.OPTED_OUT, RowVerdict.HELD)
"""Verdicts of rows whose people are not in the list after saving, although somebody wanted to call them."""

SELDOM = frozenset({RowVerdict.LEFT_OUT, RowVerdict.OPTED_OUT, RowVerdict.HELD, RowVerdict.ENDED, RowVerdict.SAYS_NO})
"""Verdicts that are counted only where a row has them."""


class JudgedRow(NamedTuple):
    """A row and its verdict."""

    row: FileRow
    verdict: RowVerdict
    note: str = ""
    """Key of `NOTES`, or empty."""


LETTERS: dict[str, str] = {
    RowVerdict.GOOD: "g",
    RowVerdict.FIXED: "f",
    RowVerdict.KNOWN: "k",
    RowVerdict.IN_LIST: "l",
    RowVerdict.DUPLICATE_IN_FILE: "t",
    RowVerdict.DO_NOT_CALL: "d",
    RowVerdict.LEFT_OUT: "o",
    RowVerdict.OPTED_OUT: "w",
    RowVerdict.HELD: "q",
    RowVerdict.ENDED: "e",
    RowVerdict.SAYS_NO: "n",
    RowVerdict.BAD: "b",
}
"""How each verdict is stored. A letter is never given another meaning."""
VERDICT_OF = {letter: RowVerdict(verdict) for verdict, letter in LETTERS.items()}
_LETTER_OF = {RowVerdict(verdict)._value_: letter for verdict, letter in LETTERS.items()}


def letters_of(judged: Iterable[JudgedRow]) -> str:
    """Return the verdicts of rows as letters, one a row."""
    # By the plain text of a verdict: the hash of a member of an enumeration is a function of Python.
    return "".join([_LETTER_OF[verdict._value_] for _row, verdict, _note in judged])


def count_letters(letters: str) -> Counter[str]:
    """Count the rows of each verdict, by the verdict's text."""
    return Counter({VERDICT_OF[letter].value: count for letter, count in Counter(letters).items()})


def keep_all(import_id: int, letters: str) -> None:
    """Store the verdicts of all rows in place of earlier ones; the caller holds the transaction."""
    forget_verdicts(import_id)
    RowVerdicts.objects.bulk_create(
        RowVerdicts(contact_import_id=import_id, first=first, letters=letters[first : first + BATCH])
        for first in range(0, len(letters), BATCH)
    )


def keep_batch(import_id: int, first: int, letters: str) -> None:
    """Store the verdicts of one batch, before which `first` rows stand."""
    RowVerdicts.objects.create(contact_import_id=import_id, first=first, letters=letters)


def forget_verdicts(import_id: int) -> None:
    """Delete the verdicts of an import."""
    RowVerdicts.objects.filter(contact_import=import_id).delete()


def verdicts_of(import_id: int) -> str:
    """Return the letters of all rows, in the order of the file; empty for an import from before they were kept."""
    batches = RowVerdicts.objects.filter(contact_import=import_id).order_by("first").values_list("letters", flat=True)
    return "".join(batches)
