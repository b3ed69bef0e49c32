"""Another country for a file: its columns are guessed again, and what a person chose by hand stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaigns.contacts.importing import upload
from campaigns.contacts.importing.columns.mapping import IGNORED, PHONE, SEVERAL, VARIABLE, ColumnMapping
from campaigns.models import ContactImport

Status = ContactImport.Status


def guess_anew(record: ContactImport, by_hand: Mapping[int, str], **typed: Any) -> bool:
    """Guess the columns for the country in `typed`, as `upload.rearrange` takes it; False if it is being saved.

    `by_hand` are the meanings that a person chose, by column. Raises FileRefused.
    """
    if not upload.rearrange(record, **typed):
        return False
    mapping = with_choices(ColumnMapping.from_json(record.mapping), by_hand, is_of_opt_outs=record.is_of_opt_outs)
    open_still = ContactImport.objects.filter(pk=record.pk, status__in=[Status.UPLOADED, Status.CHECKED])
    changed = open_still.update(mapping=mapping.to_json())
    record.refresh_from_db()
    return bool(changed)


def with_choices(mapping: ColumnMapping, by_hand: Mapping[int, str], *, is_of_opt_outs: bool = False) -> ColumnMapping:
    """Return a mapping with these meanings instead of the guessed ones.

    A guessed column that has the same meaning, where only one may have it, is left out; what is answered is not asked.
    """
    several = SEVERAL | {PHONE} if is_of_opt_outs else SEVERAL
    once = {meaning for meaning in by_hand.values() if meaning not in several and not meaning.startswith(VARIABLE)}
    kept = {column: IGNORED if meaning in once else meaning for column, meaning in mapping.columns.items()}
    asks = {meaning: columns for meaning, columns in mapping.asks.items() if meaning not in by_hand.values()}
    return replace(mapping, columns=kept | dict(by_hand), asks=asks)
