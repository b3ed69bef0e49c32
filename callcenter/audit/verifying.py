"""Verifies the audit log: what is whole, from when to when, or which row was changed, removed, inserted."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Count, Max, Min
from django.utils import timezone

from callcenter.audit import canonical, head_file, sealing, triggers
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal, AuditWatch

PIECE = 2_000
"""Links that are verified at a time."""
MOST_FAULTS = 100
UNSEALED_FOR = datetime.timedelta(minutes=10)
"""Rows that nobody chained for so long are told: no worker runs."""


@dataclass(slots=True)
class Report:
    """What a verification found; sentences in English, as of every command."""

    rows: int = 0
    first_at: datetime.datetime | None = None
    last_at: datetime.datetime | None = None
    faults: list[str] = field(default_factory=list)
    """What was changed, removed or inserted."""
    notes: list[str] = field(default_factory=list)
    """What is to be known, and is no fault."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def add(self, fault: str) -> None:
        """Note a fault; of very many the first are kept."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def verify_all() -> Report:
    """Chain what is not chained yet, then verify every row."""
    sealing.seal_new()
    report = Report()
    seq, digest = base(report)
    while (done := verify_piece(report, seq, digest)) is not None:
        seq, digest = done
    look_around(report)
    look_for_copies(report)
    return report


def base(report: Report) -> tuple[int, str]:
    """Return where the chain begins: at its first link, or behind the rows that retention removed."""
    checkpoint = AuditSeal.objects.filter(kind=AuditSeal.Kind.CHECKPOINT).order_by("-seq").first()
    if checkpoint is None:
        return 0, ""
    if sealing.is_whole(checkpoint) or _is_renewed(checkpoint.seq, checkpoint.digest):
        day = checkpoint.at.astimezone(datetime.UTC).strftime("%Y-%m-%d")
        report.notes.append(f"The rows before link {checkpoint.seq + 1} were removed by retention on {day}.")
    elif sealing.has_known_key(checkpoint):
        report.add(f"The checkpoint at link {checkpoint.seq} is not Callcenter's own: the rows before it were removed.")
    return checkpoint.seq, checkpoint.digest


def _is_renewed(seq: int, digest: str) -> bool:
    return any(sealing.is_whole(one) for one in AuditSeal.objects.filter(seq=seq, digest=digest))


def verify_piece(report: Report, seq: int, digest: str, most: int = PIECE) -> tuple[int, str] | None:
    """Verify the next links after `seq`, which ended in `digest`; returns where it came to, None at the end."""
    links = list(AuditLink.objects.filter(seq__gt=seq).order_by("seq")[:most])
    if not links:
        return None
    events = AuditEvent.objects.in_bulk([link.event_id for link in links])
    begin = seq
    for link in links:
        if link.seq != seq + 1:
            report.add(f"The links {seq + 1} to {link.seq - 1} of the chain were removed.")
            digest = ""
        event = events.get(link.event_id)
        if event is None:
            report.add(f"Row {link.event_id} was removed (link {link.seq}).")
        else:
            report.rows += 1
            report.first_at = min(report.first_at or event.at, event.at)
            report.last_at = max(report.last_at or event.at, event.at)
            if canonical.row_hash(event) != link.row_hash:
                report.add(f"Row {link.event_id} was changed after it was written ({_moment(event.at)}).")
        if link.kind == AuditLink.Kind.FOREIGN and event is not None:
            report.add(f"Row {link.event_id} was inserted by something other than Callcenter ({_moment(event.at)}).")
        chained = canonical.link_digest(digest, link.event_id, link.row_hash, link.kind)
        if (digest or link.seq == 1) and link.digest != chained:
            report.add(f"Link {link.seq} of the chain was changed (row {link.event_id}).")
        seq, digest = link.seq, link.digest
    _verify_seals(report, begin, {link.seq: link.digest for link in links})
    return seq, digest


def _verify_seals(report: Report, after: int, digests: dict[int, str]) -> None:
    """Verify the seals on these links."""
    through = max(digests)
    for seal in AuditSeal.objects.filter(seq__gt=after, seq__lte=through).order_by("seq", "id"):
        if not sealing.has_known_key(seal):
            continue
        if not sealing.is_whole(seal):
            report.add(f"The seal at link {seal.seq} was changed or made by something other than Callcenter.")
        elif (there := digests.get(seal.seq)) is not None and there != seal.digest:
            report.add(f"The chain up to link {seal.seq} was rebuilt after it was sealed on {_moment(seal.at)}.")
        if seal.found:
            _tell_found(report, seal)


def _tell_found(report: Report, seal: AuditSeal) -> None:
    words = sealing.FOUND[seal.found].words if seal.found in sealing.FOUND else seal.found
    said = f"When the chain went on up to link {seal.seq} on {_moment(seal.at)}, {words}"
    restored = AuditEvent.objects.filter(action="database.restored", at__gte=seal.at - datetime.timedelta(days=1))
    if seal.found == sealing.OTHER_CHAIN.name:
        report.notes.append(f"{said}.")
    elif seal.found == sealing.UNSEALED_END.name and _is_sealed_before(seal):
        report.notes.append(f"{said}: FIELD_KEYS lacked a key then, and has it again.")
    elif seal.found == sealing.ROLLED_BACK.name and restored.exists():
        report.notes.append(f"{said}: a backup was restored, which is recorded.")
    else:
        report.add(f"{said}.")


def _is_sealed_before(seal: AuditSeal) -> bool:
    """Return whether the end on which a seal went on is under a seal all the same, whose key is known again."""
    before = AuditSeal.objects.filter(seq__lt=seal.seq).order_by("-seq", "-id").first()
    if before is None or not sealing.is_whole(before):
        return False
    return AuditLink.objects.filter(seq=before.seq, digest=before.digest).exists()


def look_around(report: Report) -> None:
    """Look at what no single link shows: the end of the chain, rows outside of it, and the triggers."""
    head = AuditLink.objects.order_by("-seq").first()
    found = sealing.look_at_end(head)
    remembered = head_file.read()
    if found is sealing.ROLLED_BACK and remembered is not None:
        if AuditSeal.objects.filter(found=found.name, seq__gt=remembered.seq).exists():
            found = sealing.WHOLE
        else:
            report.add(
                f"The chain ends at link {head.seq if head else 0}, and this host had sealed it up to link"
                f" {remembered.seq} on {remembered.at[:16]}: its newest rows were removed or rebuilt, or a backup"
                " was restored."
            )
    elif found is sealing.UNSEALED_END:
        report.add(
            "The end of the chain is not under a seal that can be checked: its newest rows were removed or rebuilt, or"
            " FIELD_KEYS lost the key of the last seal (then put it back and run rotate_keys)."
        )
    for pk in _forged():
        report.add(f"Row {pk} was inserted by something other than Callcenter, and is in no chain.")
    waiting = sealing.unchained_ids(PIECE)
    late = AuditEvent.objects.filter(pk__in=waiting).aggregate(at=Min("at"))["at"] if waiting else None
    if late is not None and late < timezone.now() - UNSEALED_FOR:
        report.notes.append(f"{len(waiting)} rows since {_moment(late)} are not chained yet: is the worker running?")
    if gone := triggers.missing(connection):
        report.add(f"The database does not refuse changes any more: missing {', '.join(gone)}. Run: manage.py migrate")


def _forged() -> list[int]:
    """Return rows outside of the chain that carry a false signature."""
    waiting = AuditEvent.objects.filter(pk__in=sealing.unchained_ids(PIECE)).exclude(signature="")
    return [event.pk for event in waiting if not canonical.is_signed(event)]


def look_for_copies(report: Report) -> None:
    """Look for rows that carry the signature of another row, and for rows that were never chained."""
    same = AuditEvent.objects.exclude(signature="").values("signature").annotate(n=Count("pk"), last=Max("pk"))
    for found in same.filter(n__gt=1).order_by("last")[:MOST_FAULTS]:
        report.add(f"Row {found['last']} is a copy of another row.")
    if sealing.chain_stragglers():
        report.notes.append("Rows that had been committed very late were chained now.")


# In pieces, by the minute job


def verify_some(now: datetime.datetime, links: int = PIECE) -> str:
    """Verify the next piece of the log and keep where it came to; returns the first fault that stands."""
    with transaction.atomic():
        watch = sealing.watch_under_lock()
        report = Report()
        begin = base(report)
        seq, digest = begin
        if watch.checked_through > seq:
            at = AuditLink.objects.filter(seq=watch.checked_through).values_list("seq", "digest").first()
            seq, digest = at or begin
        done = verify_piece(report, seq, digest, links)
        if done is None or not AuditLink.objects.filter(seq__gt=done[0]).exists():
            look_around(report)
            watch.checked_through, watch.round_ended_at = 0, now
        else:
            watch.checked_through = done[0]
        if report.faults and not watch.problem:
            watch.problem, watch.problem_at = report.faults[0], now
        watch.save()
        return watch.problem


def standing_problem() -> str:
    """Return the first fault that a verification found and that stands; empty while all is whole."""
    return AuditWatch.objects.values_list("problem", flat=True).filter(pk=sealing.WATCH_ID).first() or ""


def note_verified(report: Report) -> None:
    """Keep the result of a whole verification; one that found nothing ends the alert."""
    now = timezone.now()
    AuditWatch.objects.get_or_create(pk=sealing.WATCH_ID)
    problem = report.faults[0] if report.faults else ""
    AuditWatch.objects.filter(pk=sealing.WATCH_ID).update(
        round_ended_at=now, problem=problem, problem_at=now if problem else None
    )


def sentences(report: Report) -> Iterator[str]:
    """Return what a verification found in plain words."""
    yield from report.notes
    for fault in report.faults:
        yield f"NOT WHOLE: {fault}"
    if report.rows and report.first_at and report.last_at:
        words = "are whole and in order" if report.is_whole else "were read"
        yield f"{report.rows} rows from {_moment(report.first_at)} to {_moment(report.last_at)} {words}."
    elif report.is_whole:
        yield "The audit log is empty."


def _moment(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
