"""Writes numbers, lengths and money for people, in the digits and signs of the page's language."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal, InvalidOperation

from django.utils.html import format_html
from django.utils.translation import gettext as _

from callcenter.formats.calendars import in_digits, is_persian

NOTHING = "–"
WITHOUT_CENTS = frozenset({"IRT", "IRR"})
"""Currencies whose amounts have no decimals, written in Persian words on a Persian page."""


def number(value: float | Decimal | None) -> str:
    """Return a number with thousands separators; a dash for None."""
    if value is None:
        return NOTHING
    return _grouped(f"{value:,}")


def clock_length(seconds: int, *, always_minutes: bool = False) -> str:
    """Return a length in seconds as `38 s`, `1:54` or `1:02:03`, without markup; `0:38` with `always_minutes`."""
    if seconds < 60 and not always_minutes:
        return in_digits(_("%(seconds)d s") % {"seconds": seconds})
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return in_digits(f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}")


def duration(seconds: float | None) -> str:
    """Return a length in seconds as `38 s`, `1:54` or `1:02:03`, isolated left to right; a dash for None."""
    if seconds is None:
        return NOTHING
    text = clock_length(int(seconds))
    return text if int(seconds) < 60 else format_html('<bdi dir="ltr">{}</bdi>', text)


def turn_time(milliseconds: float) -> str:
    """Return a moment of a call, in milliseconds from its start, as `0:06`."""
    seconds = int(milliseconds / 1000)
    return format_html('<bdi dir="ltr">{}</bdi>', in_digits(f"{seconds // 60}:{seconds % 60:02d}"))


def plain_money(amount: Decimal | float | str | None, currency: str = "") -> str:
    """Return an amount with its currency, without markup, for sentences, mails and files; a dash for None.

    Two decimals, up to four where cents are not enough; Toman (IRT) and rial (IRR) without decimals.
    """
    value = _decimal(amount)
    return NOTHING if value is None else f"{_figures(value, currency)} {_currency_word(currency)}".strip()


def plain_money_range(least: Decimal, most: Decimal, currency: str = "") -> str:
    """Return a range of amounts as `2.40 to 3.90 USD`, without markup; one amount where both are written alike."""
    first, last = _figures(least, currency), _figures(most, currency)
    text = last if first == last else _("%(least)s to %(most)s") % {"least": first, "most": last}
    return f"{text} {_currency_word(currency)}".strip()


def rounded_up(amount: Decimal, currency: str) -> Decimal:
    """Return an amount rounded up to what is written of its currency, so that an estimate is not too low."""
    return amount.quantize(Decimal(1) if currency in WITHOUT_CENTS else Decimal("0.01"), rounding=ROUND_UP)


def _figures(value: Decimal, currency: str) -> str:
    if currency in WITHOUT_CENTS and value == value.to_integral_value():
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.4f}"
        text = text[:-2] if text.endswith("00") else text.rstrip("0")
    return _grouped(text) if is_persian() and currency in WITHOUT_CENTS else text


def _currency_word(currency: str) -> str:
    return {"IRT": _("Toman"), "IRR": _("rial")}.get(currency, currency)


def money(amount: Decimal | float | str | None, currency: str = "") -> str:
    """Return an amount with its currency as `plain_money` writes it, isolated left to right."""
    text = plain_money(amount, currency)
    return text if text == NOTHING else _isolated(text, currency)


def money_range(least: Decimal, most: Decimal, currency: str = "") -> str:
    """Return a range of amounts as `plain_money_range` writes it, isolated left to right."""
    return _isolated(plain_money_range(least, most, currency), currency)


def _isolated(text: str, currency: str) -> str:
    direction = "" if is_persian() and currency in WITHOUT_CENTS else format_html(' dir="{}"', "ltr")
    return format_html("<bdi{}>{}</bdi>", direction, text)


def _decimal(amount: Decimal | float | str | None) -> Decimal | None:
    try:
        return None if amount is None or amount == "" else Decimal(str(amount))
    except InvalidOperation:
        return None


def _grouped(text: str) -> str:
    return in_digits(text.replace(",", "٬")) if is_persian() else text
