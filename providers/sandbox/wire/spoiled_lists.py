"""What goes wrong with pages of a vendor's lists of calls: pages that fail or are rubbish, rows without an id."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from providers.sandbox.messages import Reply
from providers.sandbox.switches import Switches

ROWS = ("data", "datalist", "items", "calls")
IDS = frozenset({"id", "ID", "call_id", "execution_id"})


class SpoiledLists:
    """Spoils the pages of one vendor's lists as the switches say; the same pages in every run."""

    def __init__(self) -> None:
        self._random = Random(11)

    def spoil(self, reply: Reply, switches: Switches, failure: Reply) -> Reply:
        """Return the page as it is sent; `failure` is the vendor's own answer of a failed request."""
        if switches.bad_pages_percent and self._random.random() * 100 < switches.bad_pages_percent:
            return failure if self._random.random() < 0.5 else Reply(200, b"<html><h1>Gateway</h1></html>", "text/html")
        if switches.row_without_id and reply.status == 200:
            reply.body = json.dumps(_with_nameless_row(json.loads(reply.body))).encode()
        return reply


def _with_nameless_row(page: Any) -> Any:
    if isinstance(page, list):
        last = page[-1] if page else {"status": "completed"}
        return [*page, {name: value for name, value in last.items() if name not in IDS}]
    found = dict(page)
    for name in ROWS:
        if isinstance(found.get(name), list | dict):
            found[name] = _with_nameless_row(found[name])
            break
    return found
