"""Reads the two lists of UnleashX page by page, so that what was read counts; its documents: see `unleashx.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from requests import Request, Response

from providers.backends._unleashx_rows import Row, is_past, parse_page, payments_by_id, row_key
from providers.base import Client
from providers.exceptions import AccountProblem, ProviderError, UnexpectedResponse
from providers.lists import BadPages, asked_again
from providers.replies import json_of

CALLS = "/api/v1/global/agents/executions/list"
PAYMENTS = "/api/v1/global/transactions/calling-list-with-transaction"
PAGE_ROWS = 25
"""Rows a page: rows hold whole transcripts, and an answer must stay below the client's size cap."""
MOST_PAGES = 400
MOST_KNOWN_PAGES, MOST_SAME_PAGES = 20, 3
"""Pages of known rows, and times the same page, one after another, that new calls may explain; with more, the vendor
does not heed the page's number."""


class Pages:
    """The lists of one account; `raise_for_read` raises what an answer means, `utc_offset` is that of bare times."""

    def __init__(self, client: Client, raise_for_read: Callable[[Response], None], utc_offset: str) -> None:
        self._client, self._raise_for_read, self._utc_offset = client, raise_for_read, utc_offset

    def calls(
        self,
        params: Mapping[str, str],
        floor: datetime | None = None,
        pages: int = MOST_PAGES,
        is_enough: Callable[[Sequence[Row]], bool] = lambda _page: False,
    ) -> tuple[list[Row], ProviderError | None]:
        """Return the rows of calls that can be read and, where some cannot, the error; raises it where none can."""
        return self._read(CALLS, params, "datalist", floor, pages, is_enough)

    def payments(
        self, params: Mapping[str, str], floor: datetime | None, pages: int = MOST_PAGES
    ) -> tuple[dict[str, Row], ProviderError | None]:
        """Return the transactions by execution id, and the error where some cannot be read."""
        rows, broken = self._read(PAYMENTS, params, "transactions", floor, pages, lambda _page: False)
        return payments_by_id(rows), broken

    def _read(
        self,
        path: str,
        params: Mapping[str, str],
        name: str,
        floor: datetime | None,
        pages: int,
        is_enough: Callable[[Sequence[Row]], bool],
    ) -> tuple[list[Row], ProviderError | None]:
        rows: list[Row] = []
        try:
            for page in self._fresh_rows(path, params, name, floor, pages):
                rows += page
                if is_enough(page):
                    break
        except ProviderError as error:
            if isinstance(error, AccountProblem) or not rows:
                raise
            return rows, error
        return rows, None

    def _fresh_rows(
        self, path: str, params: Mapping[str, str], name: str, floor: datetime | None, pages: int
    ) -> Iterator[list[Row]]:
        """Yield the new rows of each page until the list ends (the list of calls has no page count).

        A page of known rows is not its end: while it is read, new calls push the others onto later pages. Only an
        empty page is, or a short one that comes again as it is. Stops early where all rows so far are sorted newest
        first and the last page was created before `floor`.
        """
        seen: dict[str, Row] = {}
        bad, before = BadPages(), list[str]()
        known_pages = same_pages = 0
        for page in range(1, pages + 1):
            request = Request("GET", path, params={**params, "page": page, "limit": PAGE_ROWS})
            try:
                rows, has_next = asked_again(partial(self._page, request, name))
            except UnexpectedResponse as error:
                bad.pass_over(error)
                continue
            keys = [row_key(row) for row in rows]
            fresh = {key: row for key, row in zip(keys, rows, strict=True) if key not in seen}
            yield list(fresh.values())
            seen |= fresh
            if has_next is False or not rows or (keys == before and not has_next and len(rows) < PAGE_ROWS):
                return bad.end()
            known_pages = 0 if fresh else known_pages + 1
            same_pages = same_pages + 1 if keys == before else 0
            if same_pages >= MOST_SAME_PAGES or known_pages > MOST_KNOWN_PAGES:
                raise UnexpectedResponse("The list repeats itself.")
            before = keys
            if fresh and floor and is_past(list(seen.values()), len(fresh), floor, self._utc_offset):
                return bad.end()
        raise UnexpectedResponse(f"The list goes on after {pages} pages.")

    def _page(self, request: Request, name: str) -> tuple[list[Row], object]:
        response = self._client.read(request)
        self._raise_for_read(response)
        return parse_page(json_of(response), name)
