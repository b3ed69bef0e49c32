"""Tags for parts that occur a thousand times on a page of reports, rendered in Python because templates are slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString

from callcenter.formats.amounts import money, number
from campaigns.templatetags import console

if TYPE_CHECKING:
    from campaigns.reports.plots import Mark, Plot
    from campaigns.reports.tables import ReportSection, Value

register = template.Library()
NUMBER = ' class="num"'


@register.simple_tag
def table_rows(section: ReportSection) -> SafeString:
    """Render the rows of a table of figures; each cell links to its calls."""
    # The attributes common to a column's cells are escaped once, not once a row.
    columns = [
        (f'<td{NUMBER if column.is_number else ""} data-label="{escape(str(column.label))}">', column.kind)
        for column in section.columns
    ]
    return SafeString("".join(f"<tr>{_cells(columns, row)}</tr>" for row in section.shown))


def _cells(columns: Sequence[tuple[str, str]], row: Sequence[Value]) -> str:
    return "".join(
        f"{head}{_linked(value.url, conditional_escape(_written(kind, value)))}</td>"
        for (head, kind), value in zip(columns, row, strict=True)
    )


def _linked(url: str, written: str) -> str:
    return f'<a href="{escape(url)}">{written}</a>' if url else written


def _written(kind: str, cell: Value) -> Any:
    value = cell.value
    if kind in {"number", "rate", "seconds"}:
        return number(value)
    if kind == "percent":
        return "–" if value is None else format_html("<bdi>{} %</bdi>", console.digits(value))
    if kind == "money":
        return money(value, cell.currency)
    if kind == "day":
        return console.day(value)
    if kind == "moment":
        return console.moment(value)
    # Names keep their digits as typed; only figures get the page's digits.
    return format_html("<bdi>{}</bdi>", console.digits(value) if kind in {"clock", "id"} else value)


@register.simple_tag
def plot_marks(plot: Plot) -> SafeString:
    """Render the rectangles of a drawing, each with its link and text, if any."""
    return SafeString("".join(map(_mark, plot.marks)))


def _mark(mark: Mark) -> str:
    shape = (
        f'<rect class="{escape(mark.tone)}" x="{mark.x}" y="{mark.y}" width="{mark.width}" height="{mark.height}" />'
    )
    if not mark.url:
        return shape
    word = mark.word and f'<text x="{mark.word.x}" y="{mark.word.y}">{escape(mark.word.text)}</text>'
    title = escape(str(mark.title))
    return f'<a href="{escape(mark.url)}" tabindex="-1"><title>{title}</title>{shape}{word or ""}</a>'
