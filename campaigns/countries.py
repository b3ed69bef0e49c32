"""Names of countries, for the screens that show how a number was understood."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _names() -> dict[str, str]:
    # The time zone data that we carry anyway lists them; the phone library's own list takes seconds to load.
    rows = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return dict(row.split("\t", 1) for row in rows if row and not row.startswith("#"))


def country_name(region: str) -> str:
    """Return the English name of a country by its two letters; the letters themselves where there is none."""
    return _names().get(region, region)
