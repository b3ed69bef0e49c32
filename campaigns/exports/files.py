"""Files of exports: where an unfinished one is written, and where a finished one is kept."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

from campaigns.core import stored_files
from campaigns.models import CallExport

BYTES_AN_ID = array("Q").itemsize
FOLDER = "exports"
"""Folder of exports in the storage, and of unfinished files below MEDIA_ROOT."""


def name_of(export: CallExport) -> str:
    """Return the name of a finished file in the storage."""
    return f"{FOLDER}/{export.file}"


def part_of(export: CallExport) -> Path:
    """Return the path of an unfinished file on this host."""
    return stored_files.path_here(f"{name_of(export)}.part")


def order_of(export: CallExport) -> Path:
    """Return the path of the ids of an export in its own order, written before its first row."""
    return stored_files.path_here(f"{name_of(export)}.order")


def keep_order(export: CallExport, ids: array[int]) -> None:
    """Keep the ids of an export in its own order, so that whoever goes on with it repeats and omits none."""
    new = order_of(export).with_suffix(".order-new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        ids.tofile(file)
    new.replace(order_of(export))


def kept_order(export: CallExport) -> array[int]:
    """Return what `keep_order` kept."""
    ids = array("Q")
    ids.frombytes(order_of(export).read_bytes())
    return ids


def packed_of(export: CallExport) -> Path:
    """Return the path of a workbook while it is being packed."""
    return stored_files.path_here(f"{name_of(export)}.new")


def has_part(export: CallExport) -> bool:
    """Return whether this host has all bytes that were recorded as written; fetches what another host wrote."""
    if _holds_all(export):
        return True
    if not stored_files.is_elsewhere():
        return False
    try:
        for ending in (".part", *([".order"] if export.order else [])):
            stored_files.fetch(f"{name_of(export)}{ending}")
    except FileNotFoundError:
        return False
    return _holds_all(export)


def hand_on(export: CallExport) -> None:
    """Leave the unfinished file where any host can go on with it. Raises StorageAway."""
    if stored_files.is_elsewhere():
        stored_files.upload(f"{name_of(export)}.part", part_of(export))
        if export.order:
            stored_files.upload(f"{name_of(export)}.order", order_of(export))


def finish(export: CallExport, written: Path) -> int:
    """Keep the written file as the finished one and return its bytes. Raises StorageAway."""
    size = stored_files.keep(name_of(export), written)
    for ending in (".part", *([".order"] if export.order else [])):
        stored_files.forget(f"{name_of(export)}{ending}")
    return size


def forget_files(export: CallExport) -> None:
    """Delete all files of an export. Raises StorageAway."""
    if export.file:
        packed_of(export).unlink(missing_ok=True)
        for ending in (".part", ".order", ""):
            stored_files.forget(f"{name_of(export)}{ending}")


def _holds_all(export: CallExport) -> bool:
    part = part_of(export)
    is_there = part.exists() and part.stat().st_size >= export.written_bytes
    return is_there and (not export.order or _size_of(order_of(export)) == BYTES_AN_ID * (export.total_rows or 0))


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
