"""Tags and filters of every template: icons, chips, ages, and numbers, amounts and dates as people write them."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import phonenumbers
from django import template
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person
from callcenter.formats.calendars import gregorian_beside, in_digits, is_persian, plain_day, whole_day
from callcenter.formats.calendars import on_the_clock as local
from campaigns import reasons
from campaigns.calls import call_log
from campaigns.core import chips, explanations, results
from campaigns.models import Call, CallEvent, Campaign
from providers.models import Provider
from providers.types import CallStatus

register = template.Library()

TURNS = ("small", "turns")
TONES = {"success": "good", "warning": "warn", "error": "bad"}
SIGNS = {"success": "check", "warning": "alert", "error": "alert"}


# Pages


@register.simple_tag(takes_context=True)
def repeat_block(context: template.Context, name: str) -> str:
    """Write a block a second time, so that a page names its title once."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return SafeString(block.nodelist.render(context).strip()) if block else ""


@register.simple_tag(takes_context=True)
def here(context: template.Context) -> str:
    """Write the address of the page, also inside a part that htmx asked for."""
    request = context["request"]
    return str(getattr(request.htmx, "current_url_abs_path", None) or request.get_full_path())


@register.simple_tag
def icon(name: str, *looks: str) -> str:
    """Write a sign of `_icons.html`; looks: "small", "turns" (mirrored in right-to-left pages), also as one text."""
    wanted = " ".join(looks).split()
    extra = "".join(f" icon-{look}" for look in TURNS if look in wanted)
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name)


@register.simple_tag
def form_token() -> str:
    """Write a fresh token that makes a double click, a reload and the back button one action."""
    return format_html('<input type="hidden" name="form_token" value="{}">', uuid.uuid4())


@register.simple_tag
def server_time() -> str:
    """Write the time now, for ages on a machine whose clock is wrong."""
    return timezone.now().isoformat(timespec="milliseconds")


@register.filter
def message_tone(level: str) -> str:
    """Return the tone of a message's level."""
    return TONES.get(level, "info")


@register.filter
def message_icon(level: str) -> str:
    """Return the sign of a message's level."""
    return SIGNS.get(level, "info")


# Chips and reasons


@register.filter
def step_words(event: CallEvent) -> str:
    """Return the sentence of one step in a call's life."""
    return str(reasons.sentence(event.code))


@register.filter
def status_words(status: str) -> str:
    """Return the name of a call's state; the word itself where it is none of ours."""
    return str(CallStatus(status).label) if status in CallStatus.values else status


@register.inclusion_tag("_chip.html")
def call_chip(call: Call) -> dict[str, Any]:
    """Write the chip of a call."""
    return {"chip": results.result_of(call).chip}


@register.inclusion_tag("_chip.html")
def result_chip(result: results.Result) -> dict[str, Any]:
    """Write the chip of what came of some calls."""
    return {"chip": result.chip}


@register.inclusion_tag("_chip.html")
def campaign_chip(campaign: Campaign) -> dict[str, Any]:
    """Write the chip of a campaign."""
    return {"chip": chips.campaign_chip(campaign)}


@register.inclusion_tag("_chip.html")
def provider_chip(provider: Provider) -> dict[str, Any]:
    """Write the chip of a provider."""
    return {"chip": chips.provider_chip(provider)}


@register.filter
def why(call: Call) -> str:
    """Return in one sentence why a call stands where it stands; empty where its chip says it all."""
    return str(results.sentence_of(call))


@register.filter
def next_step(call: Call) -> str:
    """Return what a person may do about a call now; empty where nothing is to be done."""
    return str(explanations.next_step(call))


# Numbers, amounts, lengths


@register.filter
def digits(value: object) -> str:
    """Return a text with the digits of the page's language."""
    return in_digits(str(value))


@register.filter
def number(value: float | Decimal | None) -> str:
    """Return a number with its thousands apart; a dash where there is none."""
    if value is None:
        return "–"
    return digits(f"{value:,}".replace(",", "٬") if is_persian() else f"{value:,}")


@register.filter
def duration(seconds: float | None) -> str:
    """Return a length such as `38 s`, `1:54` or `1:02:03`; a dash where there is none."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole < 60:
        return digits(_("%(seconds)d s") % {"seconds": whole})
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return format_html('<bdi dir="ltr">{}</bdi>', digits(text))


@register.filter
def money(amount: Decimal | float | str | None, currency: str = "") -> str:
    """Return an amount with its currency, isolated left to right; a dash where there is none.

    Two decimals, up to four where cents are not enough; Toman (IRT) and rial (IRR) without decimals.
    """
    if amount is None or amount == "":
        return "–"
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return "–"
    if currency in {"IRT", "IRR"} and value == value.to_integral_value():
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.4f}"
        text = text[:-2] if text.endswith("00") else text.rstrip("0")
    word = {"IRT": _("Toman"), "IRR": _("rial")}.get(currency, currency)
    if is_persian() and currency in {"IRT", "IRR"}:
        return format_html("<bdi>{} {}</bdi>", digits(text.replace(",", "٬")), word)
    return format_html('<bdi dir="ltr">{}</bdi>', f"{text} {word}".strip())


@lru_cache(maxsize=8192)
def spaced(e164: str) -> str:
    """Return a number in its international form with spaces; as it is where it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


@register.filter
def phone(e164: str) -> str:
    """Return a phone number for reading, isolated left to right."""
    return format_html('<bdi dir="ltr">{}</bdi>', spaced(e164)) if e164 else "–"


@register.filter
def masked_phone(e164: str) -> str:
    """Return a phone number of which only the country and the last four digits show."""
    if not e164:
        return "–"
    country = spaced(e164).split(" ")[0] if " " in spaced(e164) else ""
    return format_html('<bdi dir="ltr">{}</bdi>', f"{country} ••• {e164[-4:]}".strip())


@register.simple_tag
def phone_for(e164: str, is_shown: bool) -> str:
    """Write a phone number, whole or masked."""
    return phone(e164) if is_shown else masked_phone(e164)


@register.filter
def call_name(call: Call) -> str:
    """Return whom a call is to; its own number where no name is known."""
    known = call.contact.name if call.contact else ""
    return known or _("Call %(number)s") % {"number": digits(call.pk)}


@register.simple_tag
def call_number(call: Call, person: Person) -> str:
    """Write the number of a call as far as this person may see it."""
    return phone_for(call.to_number, call_log.sees_number(person, call))


# Times, always in the viewer's zone


@register.filter
def day(value: datetime.date | datetime.datetime | None) -> str:
    """Return a date such as `21 Nov 2026`, in Persian the Jalali one first; a dash where there is none."""
    return "–" if value is None else whole_day(value)


@register.filter
def clock(value: datetime.datetime | datetime.time | None) -> str:
    """Return a time of day such as `14:05`; a dash where there is none."""
    if value is None:
        return "–"
    time = local(value) if isinstance(value, datetime.datetime) else value
    return digits(f"{time:%H:%M}")


def exact(value: datetime.datetime) -> str:
    """Return date, time with seconds, and zone."""
    there = local(value)
    return f"{day(there)} {digits(format(there, '%H:%M:%S'))} {timezone.get_current_timezone_name()}"


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """Return date and time, short: today's without the date; the exact time and its zone stand in the title."""
    if value is None:
        return "–"
    there, now, beside = local(value), timezone.localtime(), ""
    if there.date() == now.date():
        text = _("today %(time)s") % {"time": clock(value)}
    elif there.date() == now.date() - datetime.timedelta(days=1):
        text = _("yesterday %(time)s") % {"time": clock(value)}
    else:
        text = _("%(day)s, %(time)s") % {"day": plain_day(value), "time": clock(value)}
        beside = gregorian_beside(value)
    if beside:
        # Two parts that may stand one under the other: a phone is narrow.
        text = format_html('<span class="nowrap">{}</span> <span class="nowrap small muted">{}</span>', text, beside)
        return format_html('<time datetime="{}" title="{}">{}</time>', there.isoformat(), exact(value), text)
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', there.isoformat(), exact(value), text)


@register.simple_tag
def today_iso() -> str:
    """Write the viewer's day as an address needs it."""
    return timezone.localdate().isoformat()


@register.filter
def turn_time(milliseconds: float) -> str:
    """Return when in a call something was said, such as `0:06`."""
    seconds = int(milliseconds / 1000)
    return format_html('<bdi dir="ltr">{}</bdi>', digits(f"{seconds // 60}:{seconds % 60:02d}"))


def age_words(seconds: int) -> str:
    """Return an age in words: seconds, minutes, hours or days."""
    if seconds < 60:
        text = ngettext("%(n)d sec. ago", "%(n)d sec. ago", seconds) % {"n": seconds}
    elif seconds < 3600:
        text = ngettext("%(n)d min. ago", "%(n)d min. ago", seconds // 60) % {"n": seconds // 60}
    elif seconds < 86400:
        text = ngettext("%(n)d hr. ago", "%(n)d hr. ago", seconds // 3600) % {"n": seconds // 3600}
    else:
        text = ngettext("%(n)d day ago", "%(n)d days ago", seconds // 86400) % {"n": seconds // 86400}
    return digits(text)


@register.inclusion_tag("_age.html")
def age(at: datetime.datetime | None, old_after: int | None = None) -> dict[str, Any]:
    """Write how long ago something was; it ticks, and turns into a warning after `old_after` seconds."""
    if at is None:
        return {}
    seconds = max(0, int((timezone.now() - at).total_seconds()))
    return {"at": at, "words": age_words(seconds), "exact": exact(at), "old_after": old_after}
