"""Chains the rows that are not chained yet, and seals the chain: a short step of the minute job and of `verify_audit`.

Events are written at once and unchained, so that no writer waits for another; each carries a signature of its own.
Sealing takes the committed ones in the order of their ids: ids of transactions that were rolled back leave gaps, and a
transaction that commits late is chained later. Until then the removal of a row is not noticed: that is the window,
some seconds with a worker and at most as long as none runs. A change or an insertion is noticed at any time.

The chain itself is of plain hashes, so that a change of FIELD_KEYS needs no row to be written anew; a seal is keyed,
and the newest one holds for all that is before it. Whoever has only the database can compute the chain but no seal.
"""

from __future__ import annotations

import datetime
import hmac
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from callcenter.audit import canonical, head_file
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal, AuditWatch

BATCH = 1_000
"""Rows that one step chains at most."""
LATE = 5_000
"""So many ids behind the newest chained row are still looked at for rows whose transactions committed late."""
EARLY_FOR = datetime.timedelta(days=1)
"""How long after the upgrade rows without a signature are taken for those of a version that still runs elsewhere."""
WATCH_ID = 1
MOST_STEPS = 200


class Found(NamedTuple):
    """What was wrong with the end of the chain when it was to go on; its name stands in the seal."""

    name: str
    words: str


WHOLE = Found("", "")
UNSEALED_END = Found("unsealed_end", "the end of the chain was not under a seal of Callcenter")
ROLLED_BACK = Found("rolled_back", "rows that this host had sealed before were gone or different")
OTHER_CHAIN = Found("other_chain", "this host had sealed another chain before, in a database that was replaced")
FOUND = {one.name: one for one in (WHOLE, UNSEALED_END, ROLLED_BACK, OTHER_CHAIN)}


def seal_new() -> int:
    """Chain and seal every row that is not chained yet; returns how many. Another sealer at work is left alone."""
    done = 0
    for _step in range(MOST_STEPS):
        if not unchained_ids(1):
            break
        try:
            with transaction.atomic(durable=True):
                chained = _step_under_lock()
        except IntegrityError:
            # SQLite's writers wait, PostgreSQL's are locked out; this is one that lost the race all the same.
            break
        done += chained
        if chained < BATCH:
            break
    return done


def unchained_ids(most: int) -> list[int]:
    """Return ids of rows that are not chained, the oldest first."""
    newest = AuditLink.objects.order_by("-event_id").values_list("event_id", flat=True).first() or 0
    return _unchained(newest - LATE, most)


def _unchained(after: int, most: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.id FROM audit_auditevent event WHERE event.id > %s AND NOT EXISTS"
            " (SELECT 1 FROM audit_auditlink link WHERE link.event_id = event.id) ORDER BY event.id LIMIT %s",
            [after, most],
        )
        return [int(row[0]) for row in cursor.fetchall()]


def chain_stragglers() -> int:
    """Chain rows that `seal_new` would not look at any more, as they were committed very late; looks at all rows."""
    with transaction.atomic(durable=True):
        watch_under_lock()
        return _chain(_unchained(0, BATCH))


def watch_under_lock() -> AuditWatch:
    """Return the row that one sealer at a time holds."""
    AuditWatch.objects.get_or_create(pk=WATCH_ID)
    return AuditWatch.objects.select_for_update().get(pk=WATCH_ID)


def _step_under_lock() -> int:
    watch_under_lock()
    return _chain(unchained_ids(BATCH))


def _chain(ids: list[int]) -> int:
    """Chain these rows and seal the end; the caller holds the lock."""
    if not ids:
        return 0
    begun_at = AuditWatch.objects.values_list("begun_at", flat=True).get(pk=WATCH_ID)
    is_early = timezone.now() < begun_at + EARLY_FOR
    head = AuditLink.objects.order_by("-seq").first()
    found = look_at_end(head)
    seq, digest = end_of(head)
    events = AuditEvent.objects.in_bulk(ids)
    taken = _signatures_near(min(ids))
    links = []
    for pk in ids:
        event = events.get(pk)
        if event is None:
            continue
        kind = AuditLink.Kind.SIGNED
        if not event.signature:
            kind = AuditLink.Kind.EARLY if is_early else AuditLink.Kind.FOREIGN
        elif event.signature in taken or not canonical.is_signed(event):
            kind = AuditLink.Kind.FOREIGN
        taken.add(event.signature)
        seq, hashed = seq + 1, canonical.row_hash(event)
        digest = canonical.link_digest(digest, pk, hashed, kind)
        links.append(AuditLink(seq=seq, event_id=pk, kind=kind, row_hash=hashed, digest=digest))
    AuditLink.objects.bulk_create(links)
    seal = put_seal(seq, digest, found=found)
    transaction.on_commit(lambda: head_file.write(head_file.Head(seq, digest, seal.at.isoformat())))
    return len(links)


def _signatures_near(first: int) -> set[str]:
    """Return the signatures of the rows before these: a copy of a row has the signature of another."""
    near = AuditEvent.objects.filter(pk__lt=first, pk__gte=first - LATE).exclude(signature="")
    return set(near.values_list("signature", flat=True))


def look_at_end(head: AuditLink | None) -> Found:
    """Return what is wrong with the end of the chain: seals are never put on an end that was not whole, unsaid."""
    remembered = head_file.read()
    last = AuditSeal.objects.order_by("-seq", "-id").first()
    if head is None and last is None:
        return OTHER_CHAIN if remembered else WHOLE
    if remembered is not None and _is_gone(remembered):
        return ROLLED_BACK
    base = end_of(head)
    seals = AuditSeal.objects.filter(seq=base[0])
    if last is None or last.seq != base[0] or not any(is_whole(one) and one.digest == base[1] for one in seals):
        # A key that is not known any more cannot tell; rotate_keys seals anew before it leaves.
        return UNSEALED_END
    return WHOLE


def end_of(head: AuditLink | None) -> tuple[int, str]:
    """Return where the chain ends: at its last link, or where retention removed all of them."""
    if head is not None:
        return head.seq, head.digest
    checkpoint = AuditSeal.objects.filter(kind=AuditSeal.Kind.CHECKPOINT).order_by("-seq").first()
    return (checkpoint.seq, checkpoint.digest) if checkpoint else (0, "")


def _is_gone(remembered: head_file.Head) -> bool:
    there = AuditLink.objects.filter(seq=remembered.seq).values_list("digest", flat=True).first()
    if there is None:
        sealed = AuditSeal.objects.filter(seq=remembered.seq, kind=AuditSeal.Kind.CHECKPOINT)
        return not sealed.filter(digest=remembered.digest).exists()
    return there != remembered.digest


def put_seal(
    seq: int, digest: str, *, kind: str = AuditSeal.Kind.SEAL, found: Found = WHOLE, at: datetime.datetime | None = None
) -> AuditSeal:
    """Write a signed statement about the chain as far as `seq`."""
    key = canonical.keys()[0]
    seal = AuditSeal(
        seq=seq, digest=digest, kind=kind, found=found.name, key=key.name, at=at or timezone.now()
    )  # fmt: skip
    seal.mac = key.mac(_said(seal))
    seal.save(force_insert=True)
    return seal


def seal_anew() -> int:
    """Seal with the first of FIELD_KEYS what older keys had sealed, so that they can leave; returns how many seals.

    Only seals that are whole are renewed, at most one in `BATCH` links, and always those at the ends.
    """
    seal_new()
    done, last = 0, -BATCH
    with transaction.atomic(durable=True):
        watch_under_lock()
        newest = canonical.keys()[0].name
        ends = {end_of(AuditLink.objects.order_by("-seq").first())[0]}
        ends |= set(AuditSeal.objects.filter(kind=AuditSeal.Kind.CHECKPOINT).values_list("seq", flat=True))
        known = set(AuditSeal.objects.filter(key=newest).values_list("seq", flat=True))
        for old in AuditSeal.objects.exclude(key=newest).order_by("seq", "id"):
            is_due = old.seq in ends or old.seq >= last + BATCH
            if not is_due or old.seq in known or not is_whole(old):
                continue
            there = AuditLink.objects.filter(seq=old.seq).values_list("digest", flat=True).first()
            if there not in (None, old.digest):
                continue
            put_seal(old.seq, old.digest, kind=AuditSeal.Kind.RENEWED)
            known.add(old.seq)
            done, last = done + 1, old.seq
    return done


def _said(seal: AuditSeal) -> bytes:
    at = seal.at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return canonical.joined((seal.seq, seal.digest, seal.kind, seal.found, seal.key, at))


def has_known_key(seal: AuditSeal) -> bool:
    """Return whether FIELD_KEYS still holds the key of a seal."""
    return canonical.key_named(seal.key) is not None


def is_whole(seal: AuditSeal) -> bool:
    """Return whether a seal is one of Callcenter's, by a key that is still known."""
    key = canonical.key_named(seal.key)
    return key is not None and hmac.compare_digest(seal.mac, key.mac(_said(seal)))
