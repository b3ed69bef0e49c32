"""What saving keeps of rows beside their people: further numbers, and the rows that were refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaigns.contacts import person_wishes
from campaigns.contacts.importing.rows.lookups import join_numbers
from campaigns.contacts.importing.rows.notes import DIFFERS
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.verdicts import REFUSED, JudgedRow
from campaigns.core.sql.bulk import insert_rows
from campaigns.models import Contact, RefusedRow
from campaigns.models.import_rows import MAX_REFUSED_NAME, MAX_WRITTEN
from campaigns.numbers import text_of_digits
from campaigns.reasons import SkipReason


def keep_other_numbers(import_id: int, judged: Sequence[JudgedRow], person: Any) -> None:
    """Add the further numbers of saved rows to their people; a wish of one of them holds for these numbers too."""
    pairs = [(one.row.phone.e164, other) for one in judged if one.row.others for other in one.row.others]
    if pairs:
        join_numbers(pairs, import_id)
        people = Contact.objects.filter(phone__in={phone for phone, _other in pairs})
        heads = {head or pk for pk, head in people.values_list("pk", "merged_into")}
        person_wishes.hold_for_all_of(heads, person)


def keep_refused(import_id: int, reader: Reader, judged: Sequence[JudgedRow]) -> None:
    """Store the rows of a batch that do not become people, so that whoever looks for one of them finds the reason."""
    refused = [_refused(import_id, reader, one) for one in judged if one.verdict in REFUSED or one.note == DIFFERS]
    if refused:
        insert_rows(RefusedRow, _COLUMNS, refused)


_COLUMNS = ("contact_import", "sheet", "row", "name", "written", "digits", "code")


def _refused(import_id: int, reader: Reader, one: JudgedRow) -> tuple[object, ...]:
    row = one.row
    written = row.phone.e164 or text_of_digits(row.raw)
    return (
        import_id,
        row.sheet,
        row.number,
        reader.name_of(row)[:MAX_REFUSED_NAME],
        row.raw.replace("\0", "")[:MAX_WRITTEN],
        "".join(filter(str.isdigit, written))[:MAX_WRITTEN],
        one.note or SkipReason.DO_NOT_CALL.value,
    )


def forget_refused(import_id: int) -> None:
    """Delete the refused rows of an import."""
    RefusedRow.objects.filter(contact_import=import_id).delete()
