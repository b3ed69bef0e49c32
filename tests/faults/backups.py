"""What operators put back: the database alone, the whole data folder, or a snapshot of everything."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

from tests.faults.stage import Stage

Kind = Literal["database", "folder", "snapshot"]
KINDS: tuple[Kind, ...] = ("database", "folder", "snapshot")
DATABASE = "callcenter.sqlite3"
DIES_WRITING = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("UPDATE campaigns_call SET created_at = created_at")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Copies:
    """Copies of one installation's stores, made while nobody works on them; its Redis included, if it has one."""

    def __init__(self, stage: Stage, redis_url: str) -> None:
        self.stage, self.redis_url = stage, redis_url
        self.place = stage.directory / "copies"
        self.memory: dict[bytes, bytes] = {}

    def make(self, *, with_wal: bool) -> None:
        """Copy everything; `with_wal` keeps what a kill left in SQLite's log, else the log is written back first."""
        if not with_wal:
            self.write_back()
        elif not self.stage.postgres:
            self._leave_a_log()
        shutil.copytree(self.stage.data, self.place)
        if self.stage.postgres:
            self.stage.back_up()
        if self.redis_url:
            store = self._redis()
            self.memory = {key: store.dump(key) for key in store.scan_iter()}

    def _leave_a_log(self) -> None:
        """Let a process die while it writes: whoever looked into the file since the crew died wrote its log back."""
        died = subprocess.run([sys.executable, "-c", DIES_WRITING, str(self.stage.data / DATABASE)], check=False)
        assert died.returncode == -signal.SIGKILL

    def put_back(self, kind: Kind) -> None:
        """Put back what this kind of backup holds; the rest stays as it is now."""
        if self.stage.postgres:
            self.stage.restore()
        if kind == "database":
            if not self.stage.postgres:
                self._put_database_back()
            return
        if not self.stage.postgres:
            self._clear(DATABASE)
        shutil.copytree(self.place, self.stage.data, dirs_exist_ok=True)
        if kind == "snapshot" and self.redis_url:
            store = self._redis()
            store.flushall()
            for key, value in self.memory.items():
                store.restore(key, 0, value)

    def _put_database_back(self) -> None:
        """Copy the file over the present one, as a person does; a log that lies there stays if the copy has none."""
        for name in (DATABASE, f"{DATABASE}-wal"):
            if (self.place / name).exists():
                shutil.copy(self.place / name, self.stage.data / name)

    def _clear(self, name: str) -> None:
        for rest in ("", "-wal", "-shm"):
            (self.stage.data / f"{name}{rest}").unlink(missing_ok=True)

    def leave_the_log_out(self) -> None:
        """Remove the log and its index beside the database, as the refusal says."""
        for rest in ("-wal", "-shm"):
            (self.stage.data / f"{DATABASE}{rest}").unlink(missing_ok=True)

    def write_back(self) -> None:
        """End in order: SQLite's log is written back into its file."""
        from callcenter import sqlite_files

        path = self.stage.data / DATABASE
        if path.exists():
            assert sqlite_files.finish(path)

    @property
    def has_wal(self) -> bool:
        """Tell whether the copy has a log."""
        wal = Path(self.place / f"{DATABASE}-wal")
        return wal.exists() and wal.stat().st_size > 0

    def _redis(self):  # type: ignore[no-untyped-def]
        import redis

        return redis.Redis.from_url(self.redis_url)
