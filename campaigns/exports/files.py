"""Files of exports: where an unfinished one is written, and where a finished one is kept."""

from __future__ import annotations

from pathlib import Path

from campaigns.core import stored_files
from campaigns.models import CallExport

FOLDER = "exports"
"""Folder of exports in the storage, and of unfinished files below MEDIA_ROOT."""


def name_of(export: CallExport) -> str:
    """Return the name of a finished file in the storage."""
    return f"{FOLDER}/{export.file}"


def part_of(export: CallExport) -> Path:
    """Return the path of an unfinished file on this host."""
    return stored_files.path_here(f"{name_of(export)}.part")


def packed_of(export: CallExport) -> Path:
    """Return the path of a workbook while it is being packed."""
    return stored_files.path_here(f"{name_of(export)}.new")


def has_part(export: CallExport) -> bool:
    """Return whether this host has all bytes that were recorded as written; fetches what another host wrote."""
    if _holds(part_of(export), export.written_bytes):
        return True
    if not stored_files.is_elsewhere():
        return False
    try:
        return _holds(stored_files.fetch(f"{name_of(export)}.part"), export.written_bytes)
    except FileNotFoundError:
        return False


def hand_on(export: CallExport) -> None:
    """Leave the unfinished file where any host can go on with it. Raises StorageAway."""
    if stored_files.is_elsewhere():
        stored_files.upload(f"{name_of(export)}.part", part_of(export))


def finish(export: CallExport, written: Path) -> int:
    """Keep the written file as the finished one and return its bytes. Raises StorageAway."""
    size = stored_files.keep(name_of(export), written)
    stored_files.forget(f"{name_of(export)}.part")
    return size


def forget_files(export: CallExport) -> None:
    """Delete all files of an export. Raises StorageAway."""
    if export.file:
        packed_of(export).unlink(missing_ok=True)
        for name in (f"{name_of(export)}.part", name_of(export)):
            stored_files.forget(name)


def _holds(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size >= size
