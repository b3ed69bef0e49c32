"""Names of countries, for the screens that show how a number was understood."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from django.utils.translation import gettext, gettext_noop

HERE = (gettext_noop("Iran"), gettext_noop("India"), gettext_noop("United States"))
"""Countries that are met most and that no form names so; others are translated where a form does."""


@cache
def _names() -> dict[str, str]:
    # The time zone data that we carry anyway lists them; the phone library's own list takes seconds to load.
    rows = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return dict(row.split("\t", 1) for row in rows if row and not row.startswith("#"))


def country_name(region: str) -> str:
    """Return the name of a country by its two letters; the letters themselves where there is none."""
    name = _names().get(region, region)
    return gettext(name) if name else ""
