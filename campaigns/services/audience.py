"""Judges the people of a campaign: who can be called at all, who must wait, and why."""

from __future__ import annotations

from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns import rules
from campaigns.reasons import SkipReason
from providers.base import ProviderBackend
from providers.models import Provider


def _single_zone_codes() -> frozenset[str]:
    """Return the calling codes all of whose numbers share the same zones."""
    zones: dict[str, set[tuple[str, ...]]] = {}
    for prefix, found in TIMEZONE_DATA.items():
        for length in (1, 2, 3):
            if prefix[:length].isdigit() and int(prefix[:length]) in COUNTRY_CODE_TO_REGION_CODE:
                zones.setdefault(prefix[:length], set()).add(tuple(found))
                break
    return frozenset(code for code, found in zones.items() if len(found) == 1)


SINGLE_ZONE_CODES = _single_zone_codes()


class NumberJudge:
    """Judges numbers for one provider; numbers of one exchange are looked up once."""

    def __init__(self, provider: Provider) -> None:
        self._backend = provider.backend_class
        self._options = provider.options_with_defaults()
        self._refuses = self._backend.refuses_number.__func__ is not ProviderBackend.refuses_number.__func__  # type: ignore[attr-defined]
        self._zones: dict[tuple[str, int], tuple[str, ...]] = {}

    def zones(self, number: str, own_zone: str = "") -> tuple[str, ...]:
        """Return the zones that must all be in calling hours; the same for numbers that differ in the last digits."""
        if own_zone:
            return rules.zones_of(number, own_zone)
        code = next((number[1:end] for end in (2, 3, 4) if number[1:end] in SINGLE_ZONE_CODES), "")
        key = (number[: len(code) + 5] if code else number[:-4], len(number))
        found = self._zones.get(key)
        if found is None:
            found = self._zones[key] = rules.zones_of(number, "")
        return found

    def why_never(self, number: str, own_zone: str = "") -> str:
        """Return the skip reason of a number that this campaign can never call; empty where it can."""
        if self._refuses and self._backend.refuses_number(number, self._options):
            return SkipReason.NUMBER_REFUSED
        if not self.zones(number, own_zone):
            return SkipReason.NO_ZONE
        return ""
