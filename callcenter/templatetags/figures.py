"""Template parts that stand a thousand times on one page of reports, written without a template of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from callcenter.templatetags import desk

if TYPE_CHECKING:
    from campaigns.services.plots import Mark
    from campaigns.services.report_tables import Column, Value

register = template.Library()


@register.simple_tag
def table_cell(column: Column, value: Value) -> SafeString:
    """Write one cell of a table of figures; it leads to the calls behind it."""
    written: Any = _written(column.kind, value)
    if value.url:
        written = format_html('<a href="{}">{}</a>', value.url, written)
    looks = ' class="num"' if column.is_number else ""
    return format_html('<td{} data-label="{}">{}</td>', SafeString(looks), column.label, written)


def _written(kind: str, cell: Value) -> Any:
    value = cell.value
    if kind in {"number", "rate", "seconds"}:
        return desk.number(value)
    if kind == "percent":
        return "–" if value is None else format_html("<bdi>{} %</bdi>", desk.digits(value))
    if kind == "money":
        return desk.money(value, cell.currency)
    if kind == "day":
        return desk.day(value)
    if kind == "moment":
        return desk.moment(value)
    return format_html("<bdi>{}</bdi>", desk.digits(value))


@register.simple_tag
def plot_mark(mark: Mark) -> SafeString:
    """Write one rectangle of a drawing, and the link and the word that it may carry."""
    shape = format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" />', mark.tone, mark.x, mark.y, mark.width, mark.height
    )
    if not mark.url:
        return shape
    word: Any = plot_word(mark.word) if mark.word else ""
    return format_html('<a href="{}" tabindex="-1"><title>{}</title>{}{}</a>', mark.url, mark.title, shape, word)


def plot_word(word: Any) -> SafeString:
    """Write a text of a drawing."""
    return format_html('<text x="{}" y="{}">{}</text>', word.x, word.y, word.text)
