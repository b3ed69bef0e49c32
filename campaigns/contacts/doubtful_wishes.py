"""Cells of saved files that may say "do not call": their numbers are held, beyond the import, until a person decides.

They are decided together by what the cells say: twelve rows of one file that say "maybe" are one question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, Count, Min, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record as record_audit
from campaigns.contacts import heard_opt_outs
from campaigns.contacts.do_not_call import Forbidden, forbid_many
from campaigns.core import stop_requests
from campaigns.core.all_numbers import further_numbers
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.stop_all import close_gate
from campaigns.models import Contact, ContactImport, DoNotCall, HeardOptOut
from campaigns.models.opt_outs import HeardOptOutQuerySet
from campaigns.reasons import MAX_REASON

GROUPS_SHOWN, ROWS_NAMED = 20, 10
KEY = "doubtful_wishes"
"""Names them among other things that need a decision."""


class DoubtfulRow(NamedTuple):
    """A row whose do-not-call cell says neither yes nor no."""

    numbers: Sequence[str]
    """All numbers of the row, in E.164."""
    said: str
    """The cell."""
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Question:
    """What cells of one file say alike, to be decided together."""

    contact_import: ContactImport
    said: str
    rows: int
    named: list[tuple[HeardOptOut, Contact | None]]
    """The first of the rows, each with the person whom its number belongs to, if the viewer sees them."""
    may_decide: bool


def hold(record: ContactImport, rows: Sequence[DoubtfulRow]) -> None:
    """Hold all numbers of the people in these rows, in the transaction that saves them.

    A number that is on the do-not-call list for ever is left as it is.
    """
    if not rows:
        return
    close_gate()
    now = timezone.now()
    origin = {number: row for row in reversed(rows) for number in row.numbers}
    origin |= {other: origin[number] for other, number in further_numbers(origin).items() if other not in origin}
    entries = DoNotCall.objects.filter(phone__in=origin, expires_at__isnull=True)
    forbidden = set(entries.values_list("phone", flat=True))
    # Behind the gate nobody else writes them: a file holds a number once, however often its saving is begun.
    standing = set(HeardOptOut.objects.filter(contact_import=record, phone__in=origin).values_list("phone", flat=True))
    held = [
        HeardOptOut(
            contact_import=record, sheet=row.sheet, row=row.row, phone=number,
            said=" ".join(row.said.split())[:MAX_REASON], heard_at=now,
        )
        for number, row in origin.items()
        if number not in forbidden and number not in standing
    ]  # fmt: skip
    HeardOptOut.objects.bulk_create(held, batch_size=500)
    stop_requests.for_numbers([one.phone for one in held], stop_requests.Cause.HELD, now)


def undo(record: ContactImport) -> int:
    """Take back what an import held and nobody decided; returns how many numbers. The caller has closed the gate."""
    held = _undecided().filter(contact_import=record)
    numbers = set(held.values_list("phone", flat=True))
    held.delete()
    heard_opt_outs.let_go(numbers, timezone.now())
    return len(numbers)


def forget_words(record: ContactImport) -> None:
    """Clear what decided cells of a file said, as its file goes; what is not decided stays until it is."""
    decided = HeardOptOut.objects.filter(contact_import=record, decided_at__isnull=False)
    decided.exclude(said="").update(said="")


def count_for(person: Person) -> int:
    """Count the questions that a person sees."""
    return int(_groups(person).count())


def counted(person: Person) -> QuerySet[Any, Any]:
    """Return the same count as a row with `kind` (`KEY`) and `n`, to be read together with others; none for 0."""
    question = Concat(Cast("contact_import", CharField()), Value(":"), "said", output_field=CharField())
    return _seen(person).order_by().values(kind=Value(KEY)).annotate(n=Count(question, distinct=True))


def questions_for(person: Person) -> list[Question]:
    """Return the oldest questions that a person sees, at most `GROUPS_SHOWN`."""
    found = list(_groups(person).annotate(first=Min("pk"), rows=Count("row", distinct=True)).order_by("first"))
    found = found[:GROUPS_SHOWN]
    imports = ContactImport.objects.in_bulk([one["contact_import"] for one in found])
    return [_question(imports[one["contact_import"]], one["said"], one["rows"], person) for one in found]


def put_on_the_list(record: ContactImport, said: str, person: Person, reason: str) -> Forbidden:
    """Decide that these cells mean do not call: the numbers go on the list. Raises Refusal and PermissionDenied."""
    with transaction.atomic():
        close_gate()
        rows = _opened(record, said, person)
        done = forbid_many(
            [row.phone for row in rows],
            reason=reason or f"{record.original_name}: {said}"[:MAX_REASON],
            source=DoNotCall.Source.IMPORT,
            person=person,
            is_own_wish=True,
        )
        record_audit(person, "do_not_call.decided", record, forbidden=True, reason=reason, skipped=done.skipped)
    return done


def may_be_called(record: ContactImport, said: str, person: Person, reason: str) -> None:
    """Decide that these cells mean no wish: the numbers may be called, unless something else holds them.

    Raises Refusal, also without a reason, and PermissionDenied.
    """
    if not reason.strip():
        raise Refusal(_("Enter a reason; it is recorded. Nothing was changed."))
    with transaction.atomic():
        close_gate()
        heard_opt_outs.allow(_opened(record, said, person), person, timezone.now())
        record_audit(person, "do_not_call.decided", record, forbidden=False, reason=reason)


def _undecided() -> HeardOptOutQuerySet:
    return HeardOptOut.objects.undecided().filter(contact_import__isnull=False)


def _seen(person: Person) -> HeardOptOutQuerySet:
    imports = seen_by(person, ContactImport.objects.all())
    return _undecided().filter(contact_import__in=imports.order_by().values("pk"))


def _groups(person: Person) -> Any:
    return _seen(person).order_by().values("contact_import", "said").distinct()


def _question(record: ContactImport, said: str, rows: int, person: Person) -> Question:
    by_row: dict[tuple[str, int | None], HeardOptOut] = {}
    for one in _undecided().filter(contact_import=record, said=said).order_by("sheet", "row", "pk")[: ROWS_NAMED * 5]:
        by_row.setdefault((one.sheet, one.row), one)
    named = list(by_row.values())[:ROWS_NAMED]
    people = seen_by(person, Contact.objects.filter(phone__in=[one.phone for one in named]))
    known = {contact.phone: contact for contact in people.prefetch_related("further_teams")}
    return Question(record, said, rows, [(one, known.get(one.phone)) for one in named], _may_decide(record, person))


def _may_decide(record: ContactImport, person: Person) -> bool:
    is_within = changed_by(person, ContactImport.objects.filter(pk=record.pk)).exists()
    return is_within and may(person, "remove_do_not_call")


def _opened(record: ContactImport, said: str, person: Person) -> list[HeardOptOut]:
    """Lock the undecided rows of a question about which the person may decide; there is at least one."""
    if not _may_decide(record, person):
        raise PermissionDenied("remove_do_not_call")
    rows = list(_undecided().select_for_update().filter(contact_import=record, said=said).order_by("pk"))
    if not rows:
        raise Refusal(_("This has already been decided."))
    return rows
