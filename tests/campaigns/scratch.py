"""Databases of a test's own, on the engine of the run, that stand in for the default one."""

from __future__ import annotations

import copy
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_numbers = itertools.count(1)


def _connect(name: str) -> BaseDatabaseWrapper:
    settings = copy.deepcopy(connections.settings["default"]) | {"NAME": name, "CONN_MAX_AGE": None}
    wrapper: BaseDatabaseWrapper = connections.create_connection("default")
    wrapper.settings_dict = settings
    return wrapper


@contextmanager
def scratch_database(source: BaseDatabaseWrapper | None = None) -> Iterator[BaseDatabaseWrapper]:
    """Make a database, empty or a copy of another, and drop it afterwards; the caller has lifted pytest's block."""
    is_file = connections["default"].vendor == "sqlite"
    name = ":memory:" if is_file else f"scratch_{os.getpid()}_{next(_numbers)}"
    wrapper = _connect(name)
    if is_file:
        wrapper.ensure_connection()
        if source is not None:
            source.connection.backup(wrapper.connection)
    else:
        if source is not None:
            # PostgreSQL copies only what nobody is connected to.
            source.close()
        _tell_server(f"CREATE DATABASE {name}" + (f" TEMPLATE {source.settings_dict['NAME']}" if source else ""))
    try:
        yield wrapper
    finally:
        if is_file:
            # `close` keeps a database in memory.
            wrapper.connection.close()
        else:
            wrapper.close()
            _tell_server(f"DROP DATABASE {name}")


@contextmanager
def standing_in(wrapper: BaseDatabaseWrapper) -> Iterator[None]:
    """Let a database be the default one: some migrations of before ask for no other."""
    usual: Any = connections["default"]
    connections["default"] = wrapper
    try:
        yield
    finally:
        connections["default"] = usual


def _tell_server(statement: str) -> None:
    with _connect("postgres")._nodb_cursor() as cursor:
        cursor.execute(statement)
