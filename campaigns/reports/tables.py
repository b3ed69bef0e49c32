"""The parts of a report's section: columns, rows of values with links to their calls, and plots; also as CSV."""

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

from callcenter.formats.zones import titled
from campaigns.calls import call_log_filters
from campaigns.core.csv_cells import BOM, safe_cell
from campaigns.reports.figures import Figures, FigureSums
from campaigns.reports.plots import Plot

TABLED = 50
"""Most rows shown on the page; the CSV has all."""
DRAWN = 20
"""Most campaigns or providers in one drawing."""

NUMBERS = frozenset({"id", "number", "percent", "rate", "money", "seconds"})

TIMES = frozenset({"clock", "day", "moment"})

Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column; its kind says how values are formatted.

    Kinds: text, clock, id, number, percent, rate, money, seconds, day, moment.
    """

    label: str | Promise
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        """Return whether the values are figures, which are aligned to the end of the column."""
        return self.kind in NUMBERS

    @property
    def title(self) -> str:
        """Return the title in a file; a column of times names the viewer's zone."""
        return titled(str(self.label)) if self.kind in TIMES else str(self.label)


@dataclass(frozen=True, slots=True)
class Value:
    """One cell: a value, and the link to its calls."""

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
    """One section of a report: a question, and its answer as plots and as a table."""

    key: str
    title: str
    text: str
    columns: list[ReportColumn]
    rows: list[list[Value]]
    plots: list[Plot] = field(default_factory=list)
    nothing: str = ""
    """Text shown if there are no rows."""
    is_folded: bool = False
    tabled: int = TABLED

    @property
    def shown(self) -> list[list[Value]]:
        """The rows shown on the page."""
        return self.rows[: self.tabled]

    @property
    def more(self) -> int:
        """Number of rows that only the CSV has."""
        return max(0, len(self.rows) - self.tabled)

    def csv(self) -> str:
        """Return the table as CSV for spreadsheets; an amount and its currency are two columns."""
        written = io.StringIO()
        writer = csv.writer(written)
        header: list[str] = []
        for column in self.columns:
            header += [column.title] + ([_("Currency")] if column.kind == "money" else [])
        writer.writerow([safe_cell(name) for name in header])
        for row in self.rows:
            line: list[object] = []
            for column, value in zip(self.columns, row, strict=True):
                # A negative number is safe in a spreadsheet; a text that begins with a minus may be a formula.
                line.append(_plain(value.value) if column.kind in NUMBERS else safe_cell(_plain(value.value)))
                line += [value.currency if value.value is not None else ""] if column.kind == "money" else []
            writer.writerow(line)
        return BOM + written.getvalue()


class Drawing:
    """Base of the sections: the figures, and functions that format values in the page's language."""

    def __init__(self, figures: Figures, said: Words, short_day: Words) -> None:
        self.figures, self.said, self.short_day = figures, said, short_day
        self.link = figures.scope.log_link

    def parts_of(self, whose: str) -> Iterable[tuple[str, dict[str, object], FigureSums]]:
        """Yield name, filters of the call log, and sums of every campaign or provider (`whose`), largest first."""
        if whose == "providers":
            for pk, sums in self.figures.providers.items():
                yield str(self.figures.provider_rows[pk]), {"provider": pk}, sums
            return
        for pk, sums in self.figures.campaigns.items():
            if pk:
                yield self.figures.campaign_names.get(pk, "–"), {"campaign": pk}, sums
            else:
                yield _("Single calls"), {"kind": call_log_filters.SINGLE}, sums

    def first_column(self, whose: str) -> ReportColumn:
        """Return the column of the names of campaigns or providers."""
        return ReportColumn(_("Provider") if whose == "providers" else _("Campaign"))

    def percent(self, value: float | None) -> str:
        """Return a percentage as text."""
        return self.said(value, "percent")
