"""Versions of rows as ETags: a change is made only to what its program has read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from django.db import models
from django.http import HttpRequest

from callcenter.api.problems import Problem
from callcenter.edits.states import state_of


def etag_of(row: models.Model, columns: Iterable[str]) -> str:
    """Return the ETag of a row: a hash of what of it is edited, so that nothing that a worker writes moves it."""
    state = json.dumps(state_of(row, columns), sort_keys=True)
    return f'"{hashlib.sha256(f"{row._meta.label_lower}:{row.pk}:{state}".encode()).hexdigest()[:32]}"'


def demand_match(request: HttpRequest, etag: str) -> None:
    """Raise Problem unless If-Match names this version: 428 where it is missing, 412 where the row has moved on."""
    given = request.headers.get("If-Match", "")
    if not given.strip():
        raise Problem(428)
    if given.strip() != "*" and etag not in {one.strip() for one in given.split(",")}:
        raise Problem(412)
