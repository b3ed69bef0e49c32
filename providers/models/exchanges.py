"""A short, masked log of the requests to vendors and their answers, for admins who look for a cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter import request_ids
from callcenter.formats.masking import ending, masked_runs
from providers.exceptions import ProviderError
from providers.masking import concealer, masked_body
from providers.models.provider import Provider
from providers.models.stops import KEPT_EXCHANGES
from providers.types import Exchange
from providers.wording import OUTCOMES, errand_words

ORDER = "place_call"
KEPT_ORDERS = 1000
BODIES_IN_A_GROUP = 8
MAX_WHAT, MAX_METHOD, MAX_PATH, MAX_ERROR = 40, 8, 120, 200
ORDER_COLUMNS = (
    "provider", "at", "what", "method", "path", "http_status", "duration_ms", "outcome", "error", "reference", "sent",
    "answered",
)  # fmt: skip
"""Columns of the rows that `order_rows` returns."""

_LONG = re.compile(r"[A-Za-z0-9_-]{16,}")


@lru_cache(maxsize=256)
def masked_path(path: str) -> str:
    """Return a path without its query, with ids of eight or more characters masked to their last four."""
    parts = path.partition("?")[0].split("/")
    return "/".join(
        ending(part) if len(part) >= 8 and any(sign.isdigit() for sign in part) else part for part in parts
    )[:MAX_PATH]


def masked_text(text: str) -> str:
    """Return a vendor's text with numbers of six or more digits, and what looks like a key, masked to the last four."""
    # PostgreSQL cannot store NUL.
    text = _LONG.sub(lambda found: ending(found[0]) if _is_key(found[0]) else found[0], text.replace("\0", ""))
    return masked_runs(text)[:MAX_ERROR]


def _is_key(word: str) -> bool:
    return len(word) >= 24 or any(sign.isdigit() for sign in word)


class ProviderExchangeQuerySet(models.QuerySet["ProviderExchange"]):
    """Writes to the log."""

    def add(
        self,
        provider_id: int,
        what: str,
        method: str,
        path: str,
        http_status: int | None,
        duration_ms: int,
        error: BaseException | None,
        reference: UUID | None = None,
        sent: object = None,
        answered: object = None,
        secrets: Iterable[str] = (),
    ) -> ProviderExchange:
        """Add one masked row, with the bodies if given; keeps the last `KEPT_EXCHANGES` rows that are not orders.

        Neither `secrets`, the account's keys, nor words of `sent` that are not kept come back in any of it.
        """
        conceal = concealer(secrets, sent)
        line = self.create(
            provider_id=provider_id,
            what=what[:MAX_WHAT],
            method=method[:MAX_METHOD],
            path=masked_path(conceal(path.partition("?")[0])),
            http_status=http_status,
            duration_ms=max(duration_ms, 0),
            outcome=type(error).__name__ if error else "ok",
            error=masked_text(conceal(error.message)) if isinstance(error, ProviderError) else "",
            reference=reference,
            sent=masked_body(sent, concealer(secrets)),
            answered=masked_body(answered, conceal),
            request_id=request_ids.current(),
        )
        _drop_oldest(self.filter(provider_id=provider_id).exclude(what=ORDER), KEPT_EXCHANGES)
        return line

    def drop_old_orders(self, provider_id: int) -> None:
        """Delete all but the last `KEPT_ORDERS` orders; other requests are counted apart, so that none is evicted."""
        _drop_oldest(self.filter(provider_id=provider_id, what=ORDER), KEPT_ORDERS)


def order_rows(provider_id: int, passed: Sequence[tuple[UUID, Exchange]]) -> list[tuple[Any, ...]]:
    """Return masked log rows (`ORDER_COLUMNS`) of orders, given as (call's reference, exchange).

    The caller inserts them in one statement with the answers; `drop_old_orders` limits their number. Bodies are
    included for every order that failed and for the first `BODIES_IN_A_GROUP`: masking all of them would cost a fast
    dialler more than the orders themselves.
    """
    now, rows = timezone.now(), []
    for number, (reference, one) in enumerate(passed):
        has_body = number < BODIES_IN_A_GROUP or one.http_status is None or one.http_status >= 300
        sent, answered, path = "", "", one.path
        if has_body or one.error:
            # Of one that went well, without bodies, nothing is kept that could hold anything.
            conceal = concealer(one.secrets, one.request.json if one.request else None)
            path = conceal(path.partition("?")[0])
            error = masked_text(conceal(one.error.message)) if isinstance(one.error, ProviderError) else ""
        else:
            error = ""
        if has_body:
            sent = masked_body(one.request.json, concealer(one.secrets)) if one.request else ""
            answered = masked_body(one.response.content, conceal) if one.response is not None else ""
        outcome = type(one.error).__name__ if one.error else "ok"
        rows.append(
            (
                provider_id, now, ORDER, one.method[:MAX_METHOD], masked_path(path), one.http_status,
                max(one.duration_ms, 0), outcome, error, reference, sent, answered,
            )
        )  # fmt: skip
    return rows


def _drop_oldest(lines: models.QuerySet[ProviderExchange], kept: int) -> None:
    oldest = lines.order_by("-id").values_list("id", flat=True)[kept : kept + 1].first()
    if oldest:
        lines.filter(id__lte=oldest).delete()


class ProviderExchange(models.Model):
    """One request and its result: without headers, query and full ids; with masked bodies where it was about a call."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="exchanges")
    at = models.DateTimeField(_("time"), default=timezone.now)
    what = models.CharField(_("action"), max_length=MAX_WHAT)
    method = models.CharField(_("method"), max_length=MAX_METHOD)
    path = models.CharField(_("path"), max_length=MAX_PATH)
    http_status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"), default=0)
    outcome = models.CharField(_("result"), max_length=40, default="ok")
    """`ok`, or the name of the error class."""
    error = models.CharField(_("error"), max_length=MAX_ERROR, blank=True)
    reference = models.UUIDField(null=True, blank=True)
    """Our reference of the call; None where the request was not about a single call."""
    sent = models.TextField(_("sent"), blank=True)
    """The body as `masked_body` returns it."""
    answered = models.TextField(_("answered"), blank=True)
    request_id = models.CharField(max_length=request_ids.MAX_LENGTH, blank=True, default="", db_default="")
    """The id of the page's request that caused it; empty for the background work's. The logs have the same id."""

    objects = ProviderExchangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["provider", "-id"], name="exchange_by_provider"),
            models.Index(fields=["reference"], condition=models.Q(reference__isnull=False), name="exchange_of_call"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def what_words(self) -> str | Promise:
        """The request's purpose, in words."""
        return errand_words(self.what)

    @property
    def outcome_words(self) -> str | Promise:
        """The outcome in words, where there was no answer."""
        return OUTCOMES.get(self.outcome, "–")
