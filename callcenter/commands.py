"""The base of every command: what goes wrong outside of us ends in one sentence with the next step, never a traceback.

An app names its own errors for people by `end_in_a_sentence`. A fault of ours keeps its traceback, to be reported.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

SHOWN_NAME = 80
"""Characters of a file's path that a sentence shows: the last ones, which tell it from others."""

_FILE_WORDS = {
    errno.ENOSPC: "there is no room left on its disk. Make room, then run this again.",
    errno.EDQUOT: "there is no room left on its disk. Make room, then run this again.",
    errno.EFBIG: "it would grow larger than this system allows. Choose another place, then run this again.",
    errno.EISDIR: "it is a folder. Name a file.",
    errno.ENOTDIR: "a part of its path is a file, not a folder. Correct the path.",
    errno.ENAMETOOLONG: "its name is too long. Choose a shorter one.",
    errno.ENOENT: "it is not there. Correct the path, or make the folder first.",
    errno.EEXIST: "it is there already. Choose another name.",
    errno.EACCES: "it may not be used. Choose another place, or give the user that runs this the right to it.",
    errno.EPERM: "it may not be used. Choose another place, or give the user that runs this the right to it.",
    errno.EROFS: "its disk can only be read. Choose another place.",
    errno.EPIPE: "whoever read it has stopped. Run this again and read to the end.",
    errno.EIO: "its disk failed. Look at the disk before anything else.",
}
_DATABASE_WORDS = {
    "disk is full": "There is no room left on the disk of the database. Make room, then run this again.",
    "no space left": "There is no room left on the disk of the database. Make room, then run this again.",
    "readonly": "The database can only be read. Give the user that runs this the right to its file and folder.",
    "read-only": "The database can only be read. Give the user that runs this the right to write there.",
    "unable to open": "The database file cannot be opened. Does its folder exist, and may this user write there?",
    "locked": "The database is busy. Run this again in a moment.",
    "no such table": "The database lacks tables. Run: manage.py migrate",
    "no such column": "The database is not up to date. Run: manage.py migrate",
    "does not exist": "The database is not up to date, or is not there. Run: manage.py migrate",
}
"""What a part of an engine's own words means; the words themselves are not shown, for they may carry the address."""

_OWN: dict[type[Exception], Callable[[Any], str]] = {}
_AROUND: list[Callable[[PlainCommand], contextlib.AbstractContextManager[Any]]] = []


def end_in_a_sentence(kind: type[Exception], words: Callable[[Any], str]) -> None:
    """Let every command end in these words where an error of this kind leaves it."""
    _OWN[kind] = words


def run_within(around: Callable[[PlainCommand], contextlib.AbstractContextManager[Any]]) -> None:
    """Let every command run inside this context, as the audit log does to know which command acts."""
    _AROUND.append(around)


def sentence_of(error: Exception) -> str | None:
    """Return what is and the next step, for an error that is not a fault of ours; None for any other."""
    if isinstance(error, OSError):
        return _of_file(error)
    if isinstance(error, DatabaseError | InterfaceError):
        said = str(error).lower()
        known = next((words for part, words in _DATABASE_WORDS.items() if part in said), None)
        return known or f"The database cannot be used ({type(error).__name__}). Look further with: manage.py doctor"
    return next((words(error) for kind, words in _OWN.items() if isinstance(error, kind)), None)


def _of_file(error: OSError) -> str:
    name = str(error.filename2 or error.filename or "The output")
    shown = name if len(name) <= SHOWN_NAME else "…" + name[-SHOWN_NAME:]
    # Errors of the network are OSErrors too, and have a number of their own or none.
    words = _FILE_WORDS.get(error.errno or 0)
    return f"{shown}: {words or f'{error.strerror or type(error).__name__}. Look further with: manage.py doctor'}"


class PlainCommand(BaseCommand):
    """Base of every command: raises CommandError with a sentence for what goes wrong outside of us."""

    is_recorded = True
    """Whether a run is recorded in the audit log; commands that only show or serve something say False."""

    @property
    def name(self) -> str:
        """The command's name, as it is typed."""
        return self.__module__.rpartition(".")[2]

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command and write all that it printed; `--traceback` shows where an error came from."""
        try:
            with contextlib.ExitStack() as stack:
                for around in _AROUND:
                    stack.enter_context(around(self))
                output: str | None = super().execute(*args, **options)
            for stream in (self.stdout, self.stderr):
                stream.flush()
        except Exception as error:
            if isinstance(error, CommandError) or (sentence := sentence_of(error)) is None:
                raise
            _let_go_of_output()
            raise CommandError(sentence) from error
        return output


def _let_go_of_output() -> None:
    """Give up what standard output could not take: Python would try again at its end, and fail with a traceback."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a text file, mode 0600, that is moved into place only when it is complete; nothing is left of half a one.

    What is no ordinary file, such as a pipe or a device, is written into. Every OSError names `path`.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            with path.open("w", encoding="utf-8", newline="") as target:
                yield target
            return
        # The temporary file's name is short: a name is refused for its own length, at the move.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as target:
                yield target
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
