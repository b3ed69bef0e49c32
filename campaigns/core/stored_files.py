"""Stored files: uploads and exports in the storage that all hosts share, read and written through local files.

Where the storage is the folder MEDIA_ROOT, a stored file is its own local file. Where it is elsewhere (STORAGE_URL),
MEDIA_ROOT holds copies only, which any host fetches anew when it needs them.
"""

from __future__ import annotations

import datetime
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

KEPT_SECONDS = 86_400.0
"""A local copy, or an unfinished file, that nobody used this long is deleted where the storage is elsewhere."""


class StorageAway(OSError):
    """The storage of files cannot be reached, or refuses us; a file that is not there is a FileNotFoundError."""


def is_elsewhere() -> bool:
    """Return whether files are kept outside this machine's MEDIA_ROOT."""
    try:
        default_storage.path("any")
    except NotImplementedError:
        return True
    return False


@contextmanager
def reaching_the_storage() -> Iterator[None]:
    """Context manager: whatever a storage elsewhere raises becomes StorageAway, without its text (it may hold keys)."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if not is_elsewhere():
            raise
        raise StorageAway(type(error).__name__) from None


def path_here(name: str) -> Path:
    """Return where a file of this name lies here, finished or not; its folder is made, readable only by us."""
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def local_copy(name: str) -> Path:
    """Return a path at which a stored file can be read here, fetched first where it is kept elsewhere.

    Raises FileNotFoundError, and StorageAway.
    """
    path = path_here(name)
    if is_elsewhere():
        if not path.exists():
            fetch(name)
        os.utime(path)
    elif not path.exists():
        raise FileNotFoundError(name)
    return path


def fetch(name: str) -> Path:
    """Copy a stored file from elsewhere to its place here, whole or not at all. Raises as `local_copy` does."""
    path = path_here(name)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".fetched-")
    try:
        with os.fdopen(handle, "wb") as target, reaching_the_storage(), default_storage.open(name) as source:
            shutil.copyfileobj(source, target, 1 << 20)
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)
    return path


def keep(name: str, source: Path) -> int:
    """Store a local file under this name and return its bytes; the local one is gone afterwards. Raises StorageAway."""
    size = source.stat().st_size
    if not is_elsewhere():
        source.replace(path_here(name))
        return size
    upload(name, source)
    source.unlink()
    return size


def upload(name: str, source: Path) -> None:
    """Copy a local file to the storage elsewhere, over one of the same name. Raises StorageAway."""
    with reaching_the_storage(), source.open("rb") as file:
        default_storage.save(name, File(file))


def store(field_file: Any, name: str, content: File[Any]) -> None:
    """Store an uploaded file by a model's file field, without saving the row. Raises StorageAway."""
    with reaching_the_storage():
        field_file.save(name, content, save=False)


def open_stored(name: str) -> IO[bytes]:
    """Open a stored file for reading, wherever it is kept. Raises FileNotFoundError, and StorageAway."""
    with reaching_the_storage():
        return default_storage.open(name)


def forget(name: str) -> None:
    """Delete a stored file and its copy here; none is no error. Raises StorageAway."""
    path_here(name).unlink(missing_ok=True)
    if is_elsewhere():
        with reaching_the_storage():
            default_storage.delete(name)


def older_than(folder: str, when: datetime.datetime) -> list[str]:
    """Return the names of a folder's stored files that were last changed before `when`. Raises StorageAway."""
    with reaching_the_storage():
        if not is_elsewhere() and not default_storage.exists(folder):
            return []
        names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        return [name for name in names if default_storage.get_modified_time(name) < when]


def forget_copies(*folders: str) -> int:
    """Delete copies that nobody used for `KEPT_SECONDS`, where files are kept elsewhere; returns how many."""
    if not is_elsewhere():
        return 0
    old, gone = time.time() - KEPT_SECONDS, 0
    for folder in folders:
        for path in path_here(f"{folder}/any").parent.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    path.unlink()
                    gone += 1
    return gone
