"""Who may read our files: nobody but the user that runs us. Folders are 0700, files 0600.

It is imported by the settings, so it imports nothing of Django.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
WRITES_SOURCES = frozenset({"makemigrations", "makemessages", "compilemessages", "squashmigrations"})
"""Commands whose files belong to the source, which others may read."""


def begin(arguments: list[str]) -> None:
    """Have this process, and those that it starts, make files that only their owner may read."""
    if not WRITES_SOURCES & set(arguments[1:2]):
        os.umask(FOR_OTHERS)


def tighten(paths: Iterable[Path]) -> None:
    """Take all rights from others; what is not ours stays as it is, and `doctor` says so."""
    for path in paths:
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & FOR_OTHERS and (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                path.chmod(FOLDER if stat.S_ISDIR(mode) else FILE)


def of_start(var_dir: Path, others: Iterable[Path], public: Path) -> Iterator[Path]:
    """Yield what is tightened at each start: the data folder, what lies in it, and `others`: the database, the mark.

    What lies deeper is out of reach of others by then; `everything` has it too.
    """
    yield var_dir
    with suppress(OSError):
        yield from (path for path in var_dir.iterdir() if path != public)
    for path in others:
        yield from (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))


def everything(var_dir: Path, others: Iterable[Path], public: Path) -> Iterator[Path]:
    """Yield all files and folders of ours but those in the public folder of static files; no link is followed."""
    yield from of_start(var_dir, others, public)
    for folder, folders, files in os.walk(var_dir):
        folders[:] = [name for name in folders if Path(folder, name) != public]
        yield from (Path(folder, name) for name in (*folders, *files))


def open_to_others(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files and folders that others may read, write or enter."""
    for path in paths:
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & FOR_OTHERS and not stat.S_ISLNK(mode):
                yield path
