"""The settings of this installation, resolved: its one row, and the environment's values where the row has none."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from django.conf import settings

from campaigns.models import InstallationSettings
from campaigns.models.installation import MEGABYTE, SETTINGS_ID

NOTICES_OFF = frozenset({"export_ready"})
"""The product's own choice, of keys of `campaigns.notices.kinds`: who waits for a file has its page open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The settings of this installation as they hold now; read once a request or batch and handed on."""

    refused_number_types: frozenset[str]
    """Values of `campaigns.number_types.NumberType` that are not called."""
    quiet_period_hours: int
    """Of single calls, and the one that a new campaign begins with; 0: none."""
    person_calls_a_day: int
    """Calls to one number in a day there; 0: no limit."""
    person_calls_a_week: int
    """The same in seven days."""
    single_call_start: datetime.time
    single_call_end: datetime.time
    """Hours of calls that belong to no campaign, in the person's own time; equal to the start: all day."""
    single_call_minutes: int
    """Minutes that a single call may wait."""
    caller_launch_limit: int
    """People that a caller may launch in a day without approval, over all campaigns and single calls."""
    caller_launch_prices: Mapping[str, Decimal]
    """What a caller may launch in a day without approval, by currency; one that is not named has no limit."""
    test_calls_a_day: int
    """Test calls that one person may place to their own phone in 24 hours; 0: none."""
    import_keep_days: int
    import_max_bytes: int
    """Of an uploaded file; the row has megabytes."""
    import_max_rows: int
    consent_required: bool
    """Whether nobody is called of whom no consent is noted; a campaign may require it for itself."""
    keep_conversation_days: int
    """Of transcripts, noted answers and the way to recordings, after a call's last news."""
    keep_call_days: int
    keep_log_days: int
    """Of steps of calls and exchanges with providers."""
    exports_a_day: int
    """Files of calls, people and numbers that one user may take in a day; 0: no limit."""
    large_export_rows: int
    """From so many rows on, an export needs a fresh sign-in; 0: never."""
    second_factor_roles: frozenset[str]
    """Roles whose people must have a second factor, from their next log-in on."""
    holiday_countries: frozenset[str]
    """ISO codes of the countries whose public holidays are kept."""
    own_holidays: Sequence[Mapping[str, str]]
    """Days that are added to the calendars, as stored; `campaigns.core.hours` reads them."""
    working_days: Sequence[Mapping[str, str]]
    """Days that are taken away from them."""
    campaigns_keep_holidays: bool
    """Whether a campaign that does not choose for itself makes no calls on holidays."""
    single_calls_keep_holidays: bool
    notices_off: frozenset[str]
    """Kinds of notices that leave by mail and chat only for those who chose so."""
    legal_texts: Mapping[str, str]
    """Texts that the message of a campaign must say to people there, by country (ISO 3166)."""
    version: int
    """Of the row; 0 where nothing was ever changed."""

    @property
    def import_max_megabytes(self) -> int:
        """The largest upload in whole megabytes, as it is said to people; at least 1."""
        return self.import_max_bytes // MEGABYTE or 1


_FIELDS = tuple(field.name for field in fields(Installation))


def from_environment() -> Installation:
    """Return the settings as the environment gives them."""
    start, _, end = settings.SINGLE_CALL_HOURS.partition("-")
    return Installation(
        refused_number_types=frozenset(settings.REFUSED_NUMBER_TYPES),
        quiet_period_hours=settings.QUIET_PERIOD_HOURS,
        person_calls_a_day=settings.PERSON_CALLS_A_DAY,
        person_calls_a_week=settings.PERSON_CALLS_A_WEEK,
        single_call_start=datetime.time.fromisoformat(start.strip()),
        single_call_end=datetime.time.fromisoformat(end.strip()),
        single_call_minutes=settings.SINGLE_CALL_MINUTES,
        caller_launch_limit=settings.CALLER_LAUNCH_LIMIT,
        test_calls_a_day=settings.TEST_CALLS_A_DAY,
        caller_launch_prices=_amounts(settings.CALLER_LAUNCH_PRICES),
        import_keep_days=settings.IMPORT_KEEP_DAYS,
        import_max_bytes=settings.IMPORT_MAX_BYTES,
        import_max_rows=settings.IMPORT_MAX_ROWS,
        consent_required=settings.CONSENT_REQUIRED,
        keep_conversation_days=settings.KEEP_CONVERSATION_DAYS,
        keep_call_days=settings.KEEP_CALL_DAYS,
        keep_log_days=settings.KEEP_LOG_DAYS,
        exports_a_day=settings.EXPORTS_A_DAY,
        large_export_rows=settings.LARGE_EXPORT_ROWS,
        second_factor_roles=frozenset(settings.SECOND_FACTOR_ROLES),
        holiday_countries=frozenset(),
        own_holidays=(),
        working_days=(),
        campaigns_keep_holidays=True,
        single_calls_keep_holidays=True,
        notices_off=NOTICES_OFF,
        legal_texts={},
        version=0,
    )


def current() -> Installation:
    """Return the settings that hold now, in one query; the row's values before the environment's."""
    return resolved(InstallationSettings.objects.filter(pk=SETTINGS_ID).first())


_last_row: tuple[int, InstallationSettings | None] = (0, None)


def at_mark(mark: int) -> Installation:
    """Return the settings that hold at a mark that was read behind the gate; a query only where the mark is new.

    Whoever changes the settings changes the mark behind the same gate, so what was read with it holds.
    """
    global _last_row
    if mark == 0:
        return from_environment()
    if _last_row[0] != mark:
        _last_row = mark, InstallationSettings.objects.filter(pk=SETTINGS_ID).first()
    return resolved(_last_row[1])


def resolved(row: InstallationSettings | None) -> Installation:
    """Return the settings that hold by a row; None is an installation where nothing was ever changed."""
    found = from_environment()
    if row is None:
        return found

    own = {name: value for name in _FIELDS if (value := getattr(row, name)) is not None}
    for name in ("refused_number_types", "second_factor_roles", "holiday_countries", "notices_off"):
        if name in own:
            own[name] = frozenset(own[name])
    if "caller_launch_prices" in own:
        own["caller_launch_prices"] = _amounts(own["caller_launch_prices"])
    return replace(found, **own)


def _amounts(by_currency: Mapping[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(amount) for currency, amount in by_currency.items()}


def in_words() -> str:
    """Return the settings that hold in one English sentence, and which of them were set here; for `doctor`."""
    row = InstallationSettings.objects.filter(pk=SETTINGS_ID).first()
    now, here = resolved(row), [name for name in _FIELDS if name != "version" and getattr(row, name, None) is not None]
    start, end = now.single_call_start, now.single_call_end
    day, week = (most or "any number of" for most in (now.person_calls_a_day, now.person_calls_a_week))
    prices = "".join(f" and {amount} {currency}" for currency, amount in sorted(now.caller_launch_prices.items()))
    types = ", ".join(sorted(now.refused_number_types)) or "none"
    return (
        f"quiet period {now.quiet_period_hours} h; to one person at most {day} calls a day and {week} a week; single "
        f"calls {start:%H:%M}-{end:%H:%M}, waiting {now.single_call_minutes} min at most; launches of callers up to "
        f"{now.caller_launch_limit} people{prices} a day; test calls of one person {now.test_calls_a_day} in 24 h; "
        f"kept: conversations {now.keep_conversation_days} days, calls {now.keep_call_days} days, logs "
        f"{now.keep_log_days} days; exports of one user a day: {now.exports_a_day or 'any number'}; holidays of "
        f"{', '.join(sorted(now.holiday_countries)) or 'no country'}; uploads of at most "
        f"{now.import_max_megabytes} MB and {now.import_max_rows} rows; number types not "
        f"called: {types}. " + (f"Set under Set-up: {', '.join(here)}." if here else "All as the environment says.")
    )
