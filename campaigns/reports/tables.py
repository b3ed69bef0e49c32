"""What a section of the report is: columns, rows of values with the calls behind them, plots; also as CSV."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.calls import call_log
from campaigns.core.csv_cells import BOM, safe_cell
from campaigns.reports.figures import Figures, FigureSums
from campaigns.reports.plots import Plot

TABLED = 50
"""So many rows stand on the page; the CSV has all."""
DRAWN = 20
"""So many campaigns or providers are drawn."""

NUMBERS = frozenset({"id", "number", "percent", "rate", "money", "seconds"})

Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column; its kind says how a value is written.

    Text as it is, clock, id, number, percent, rate, money, seconds, day or moment.
    """

    label: str | Promise
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        """Tell whether its values stand at the end of their column."""
        return self.kind in NUMBERS


@dataclass(frozen=True, slots=True)
class Value:
    """One cell: a value and the calls behind it."""

    value: Any
    url: str = ""
    currency: str = ""


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, datetime.datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return value


@dataclass(slots=True)
class ReportSection:
    """One question, its answer drawn and as a table."""

    key: str
    title: str
    text: str
    columns: list[ReportColumn]
    rows: list[list[Value]]
    plots: list[Plot] = field(default_factory=list)
    nothing: str = ""
    """What to say where there is no row."""
    is_folded: bool = False
    tabled: int = TABLED

    @property
    def shown(self) -> list[list[Value]]:
        """The first rows."""
        return self.rows[: self.tabled]

    @property
    def more(self) -> int:
        """Rows that only the CSV has."""
        return max(0, len(self.rows) - self.tabled)

    def csv(self) -> str:
        """Return the table as a spreadsheet's CSV; an amount and its currency are two columns."""
        written = io.StringIO()
        writer = csv.writer(written)
        header: list[str] = []
        for column in self.columns:
            header += [str(column.label)] + ([_("Currency")] if column.kind == "money" else [])
        writer.writerow([safe_cell(name) for name in header])
        for row in self.rows:
            line: list[object] = []
            for column, value in zip(self.columns, row, strict=True):
                # A negative number is no formula, a text with a minus may be one.
                line.append(_plain(value.value) if column.kind in NUMBERS else safe_cell(_plain(value.value)))
                line += [value.currency if value.value is not None else ""] if column.kind == "money" else []
            writer.writerow(line)
        return BOM + written.getvalue()


class Drawing:
    """What every section is made with: the figures, words in the page's language, links into the log."""

    def __init__(self, figures: Figures, said: Words, short_day: Words) -> None:
        self.figures, self.said, self.short_day = figures, said, short_day
        self.link = figures.scope.log_link

    def parts_of(self, whose: str) -> Iterable[tuple[str, dict[str, object], FigureSums]]:
        """Yield name, what narrows the log to it, and sums of every campaign or provider, largest first."""
        if whose == "providers":
            for pk, sums in self.figures.providers.items():
                yield str(self.figures.provider_rows[pk]), {"provider": pk}, sums
            return
        for pk, sums in self.figures.campaigns.items():
            if pk:
                yield self.figures.campaign_names.get(pk, "–"), {"campaign": pk}, sums
            else:
                yield _("Single calls"), {"kind": call_log.SINGLE}, sums

    def first_column(self, whose: str) -> ReportColumn:
        """Return the column of the names."""
        return ReportColumn(_("Provider") if whose == "providers" else _("Campaign"))

    def percent(self, value: float | None) -> str:
        """Return a share in words."""
        return self.said(value, "percent")
