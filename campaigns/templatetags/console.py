"""Tags and filters of all templates: icons, chips, ages, and localised numbers, amounts and dates."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.db.models import Model
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access import sealed_searches
from callcenter.access.colleagues import is_known_to
from callcenter.access.role_words import roles_in_words
from callcenter.access.roles import Person
from callcenter.formats.amounts import duration, money, number, turn_time
from callcenter.formats.calendars import gregorian_beside, in_digits, plain_day, whole_day
from callcenter.formats.calendars import on_the_clock as local
from callcenter.formats.isolation import isolated
from callcenter.formats.phones import masked_phone, phone
from callcenter.formats.zones import zone_name
from campaigns import reasons
from campaigns.core import chips, explanations, results, whole_numbers
from campaigns.core.day_caps import CapToday, provider_cap
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
    """Render a block a second time, so that a page defines its title once."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return SafeString(block.nodelist.render(context).strip()) if block else ""


@register.simple_tag(takes_context=True)
def here(context: template.Context) -> str:
    """Return the address of the page, also within a fragment requested by htmx."""
    request = context["request"]
    return str(getattr(request.htmx, "current_url_abs_path", None) or request.get_full_path())


@register.simple_tag
def icon(name: str, *looks: str) -> str:
    """Render an icon of `_icons.html`; looks are "small" and "turns" (mirrored in right-to-left pages).

    Several looks may be given in one text.
    """
    wanted = " ".join(looks).split()
    extra = "".join(f" icon-{look}" for look in TURNS if look in wanted)
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="#i-{}"/></svg>', extra, name)


@register.simple_tag
def form_token() -> str:
    """Return a new form id, by which a form that is submitted again (double click, reload) acts once."""
    return format_html('<input type="hidden" name="form_token" value="{}">', uuid.uuid4())


@register.simple_tag
def server_time() -> str:
    """Return the server's time, so that ages are right in a browser whose clock is wrong."""
    return timezone.now().isoformat(timespec="milliseconds")


@register.filter
def message_tone(level: str) -> str:
    """Return the tone (class of the stylesheet) of a message's level."""
    return TONES.get(level, "info")


@register.filter
def message_icon(level: str) -> str:
    """Return the icon of a message's level."""
    return SIGNS.get(level, "info")


# Chips and reasons


@register.filter
def step_words(event: CallEvent) -> str:
    """Return the sentence of a call event."""
    return str(reasons.sentence(event.code))


@register.filter
def status_words(status: str) -> str:
    """Return the name of a call's state, or the word itself if it is unknown."""
    return str(CallStatus(status).label) if status in CallStatus.values else status


@register.simple_tag
def day_cap_of(provider: Provider) -> CapToday | None:
    """Return a provider's spending limit of the day and what is left of it; None where none is set."""
    return provider_cap(provider)


@register.inclusion_tag("_chip.html")
def call_chip(call: Call) -> dict[str, Any]:
    """Return the template context of a call's chip."""
    return {"chip": results.result_of(call).chip}


@register.inclusion_tag("_chip.html")
def result_chip(result: results.Result) -> dict[str, Any]:
    """Return the template context of a result's chip."""
    return {"chip": result.chip}


@register.inclusion_tag("_chip.html")
def campaign_chip(campaign: Campaign) -> dict[str, Any]:
    """Return the template context of a campaign's chip."""
    return {"chip": chips.campaign_chip(campaign)}


@register.inclusion_tag("_chip.html")
def provider_chip(provider: Provider) -> dict[str, Any]:
    """Return the template context of a provider's chip."""
    return {"chip": chips.provider_chip(provider)}


@register.filter
def why(call: Call) -> str:
    """Return the sentence that explains a call's state, or an empty text if its chip says it all."""
    return str(results.sentence_of(call))


@register.filter
def next_step(call: Call) -> str:
    """Return the sentence about what a person may do about a call now, or an empty text."""
    return str(explanations.next_step(call))


# Numbers, amounts, lengths


@register.filter
def digits(value: object) -> str:
    """Return a text with its digits replaced by those of the page's language."""
    return in_digits(str(value))


register.filter(number)
register.filter(duration)
register.filter(money)
register.filter(phone)
register.filter(masked_phone)
register.filter(turn_time)


@register.simple_tag
def phone_for(e164: str, is_shown: bool) -> str:
    """Return a phone number, whole or masked."""
    return phone(e164) if is_shown else masked_phone(e164)


@register.filter
def call_name(call: Call) -> str:
    """Return the name of the called person, or "Call" with the call's id if no name is known."""
    known = call.contact.name if call.contact else ""
    return known or _("Call %(number)s") % {"number": digits(call.pk)}


@register.simple_tag
def call_number(call: Call, person: Person) -> str:
    """Return the number of a call, masked unless this person may see it."""
    return whole_numbers.shown_number(person, call)


@register.simple_tag(takes_context=True)
def number_of(context: template.Context, thing: Model) -> str:
    """Return the number of a contact, a call or an entry, masked unless the viewer may see it."""
    return whole_numbers.shown_number(context["request"].user, thing)


@register.simple_tag(takes_context=True)
def name_of_user(context: template.Context, user: User | None) -> str:
    """Return who did what is everybody's to see: a user's name, or that it was one of another team."""
    if user is None:
        return ""
    if not is_known_to(context["request"].user, user.pk):
        return _("a user of another team")
    return user.get_full_name() or user.get_username()


@register.filter
def role(names: str) -> str:
    """Return the names of roles, with commas between them, as the reader's language calls them."""
    return roles_in_words(names)


@register.filter(is_safe=True)
def sealed_query(query: str) -> str:
    """Return the query of an address with the numbers in it sealed."""
    return sealed_searches.sealed_query(query)


@register.filter
def sealed(text: object) -> str:
    """Return a text as an address may carry it: a number is sealed."""
    return sealed_searches.sealed(str(text))


# Times, always in the viewer's zone


@register.filter
def day(value: datetime.date | datetime.datetime | None) -> str:
    """Return a date such as `21 Nov 2026`, in Persian with the Jalali date first; a dash for None."""
    return "–" if value is None else whole_day(value)


@register.filter
def clock(value: datetime.datetime | datetime.time | None) -> str:
    """Return a time of day such as `14:05`; a dash for None."""
    if value is None:
        return "–"
    time = local(value) if isinstance(value, datetime.datetime) else value
    return digits(f"{time:%H:%M}")


def exact(value: datetime.datetime) -> str:
    """Return date, time with seconds, and zone."""
    there = local(value)
    return f"{day(there)} {digits(format(there, '%H:%M:%S'))} {isolated(zone_name())}"


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """Return a short date and time, without the date if it is today; the exact time with its zone is in the title."""
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
        # Two parts that may wrap to two lines on a narrow screen.
        text = format_html('<span class="nowrap">{}</span> <span class="nowrap small muted">{}</span>', text, beside)
        return format_html('<time datetime="{}" title="{}">{}</time>', there.isoformat(), exact(value), text)
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', there.isoformat(), exact(value), text)


register.simple_tag(zone_name, name="viewer_zone")


@register.simple_tag
def today_iso() -> str:
    """Return today's date in the viewer's zone as an ISO date, for addresses."""
    return timezone.localdate().isoformat()


def age_words(seconds: int) -> str:
    """Return an age in words, in seconds, minutes, hours or days."""
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
    """Return the context of an age that the browser keeps up to date; a warning after `old_after` seconds."""
    if at is None:
        return {}
    seconds = max(0, int((timezone.now() - at).total_seconds()))
    return {"at": at, "words": age_words(seconds), "exact": exact(at), "old_after": old_after}
