"""How a campaign differs from what was approved of it, in words."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.edits.states import State
from callcenter.formats.amounts import number, plain_money
from callcenter.formats.calendars import plain_day
from callcenter.formats.isolation import isolated
from campaigns.core.hours import words as hours_words
from campaigns.core.hours.dates import read_dates
from campaigns.core.hours.week import Week
from campaigns.core.variants import read
from campaigns.launch import policy_words, second_words, variant_words
from campaigns.launch.approved_people import Growth
from campaigns.launch.setting_words import days_in_words, hours_in_words
from campaigns.models import Campaign, ContactList, SecondProvider
from campaigns.outcomes import Policy
from providers.models import Provider

MOST_TEXT = 120
"""Characters of a message that are shown of each side."""


def differences_in_words(
    campaign: Campaign, before: Mapping[str, Any], now: State, growth: Growth, *, names_people: bool
) -> list[str]:
    """Return one sentence for each difference, people first; empty if there is none that needs an approval."""
    said = growth_in_words(growth, names_people=names_people)
    # Also what is bound no more: a living campaign that is none now.
    changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    for names, label, words in _PARTS:
        if changed & set(names):
            said.append(
                _("%(what)s: was %(before)s, now %(now)s.")
                % {"what": label(), "before": words(campaign, before), "now": words(campaign, now)}
            )
    told = {name for names, _label, _words in _PARTS for name in names}
    said += [
        _("Changed: %(what)s.") % {"what": Campaign._meta.get_field(name).verbose_name}  # type: ignore[union-attr]
        for name in sorted(changed - told)
    ]
    return said


def growth_in_words(growth: Growth, *, names_people: bool) -> list[str]:
    """Return what is said of people who were not approved; those who left are told only beside them."""
    said = []
    if growth.more:
        text = ngettext("%(count)s person more%(names)s.", "%(count)s people more%(names)s.", growth.more)
        names = _names(growth.more_named, growth.more) if names_people else ""
        said.append(text % {"count": number(growth.more), "names": names})
    if growth.renumbered:
        text = ngettext(
            "%(count)s person has another number%(names)s.",
            "%(count)s people have another number%(names)s.",
            growth.renumbered,
        )
        names = _names(growth.renumbered_named, growth.renumbered) if names_people else ""
        said.append(text % {"count": number(growth.renumbered), "names": names})
    if said and growth.fewer:
        text = ngettext("%(count)s person fewer.", "%(count)s people fewer.", growth.fewer)
        said.append(text % {"count": number(growth.fewer)})
    return said


def _names(named: Collection[str], count: int) -> str:
    """Return a colon and the first names, and how many others there are."""
    shown = _(", ").join(isolated(name) for name in named)
    rest = count - len(named)
    if rest:
        text = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", rest)
        shown = text % {"names": shown, "count": number(rest)}
    return f": {shown}"


def _row(name: str) -> Callable[[Campaign, Mapping[str, Any]], str]:
    """Return the words of a foreign key: the name of the row that it stands for."""

    def words(campaign: Campaign, values: Mapping[str, Any]) -> str:
        model = cast("type[Model]", Campaign._meta.get_field(name).related_model)
        row = model._default_manager.filter(pk=values.get(name) or 0).first()
        return isolated(str(row)) if row is not None else _("none")

    return words


def _second(campaign: Campaign, values: Mapping[str, Any]) -> str:
    row = SecondProvider.objects.select_related("provider", "caller_id").filter(pk=values.get("second") or 0).first()
    return second_words.in_words(row) if row is not None else _("none")


def _text(campaign: Campaign, values: Mapping[str, Any]) -> str:
    text = str(values.get("text") or "")
    return isolated(f"“{text[:MOST_TEXT]}{'…' if len(text) > MOST_TEXT else ''}”") if text else _("none")


def _variables(campaign: Campaign, values: Mapping[str, Any]) -> str:
    found = values.get("variables") or {}
    told = "; ".join(f"{name} = {value}" for name, value in sorted(found.items()))
    return isolated(f"{told[:MOST_TEXT]}{'…' if len(told) > MOST_TEXT else ''}") if told else _("none")


def _variants(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return variant_words.in_words(read(values.get("variants") or [])) or _("none")


def _hours(campaign: Campaign, values: Mapping[str, Any]) -> str:
    start, end = (datetime.time.fromisoformat(values[name]) for name in ("hours_start", "hours_end"))
    return isolated(hours_in_words(start, end))


def _days(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return days_in_words(values["days"]) or _("none")


def _weekly_hours(campaign: Campaign, values: Mapping[str, Any]) -> str:
    stored = values.get("weekly_hours")
    return isolated(hours_words.week_in_words(Week.of(stored))) if stored else _("same every day")


def _blackouts(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return hours_words.dates_in_words(read_dates(values.get("blackout_dates") or ())) or _("none")


def _holidays(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return hours_words.countries_in_words(values.get("holiday_countries"))


def _budget(campaign: Campaign, values: Mapping[str, Any]) -> str:
    if values["budget"] is None:
        return _("no budget")
    provider = Provider.objects.filter(pk=values["provider"]).first() or campaign.provider
    amount = plain_money(values["budget"], provider.currency)
    return _("%(amount)s (soft)") % {"amount": amount} if values["budget_is_soft"] else amount


def _attempts(campaign: Campaign, values: Mapping[str, Any]) -> str:
    policy = Policy.read(values["retries"], {}, values["max_attempts"], values["attempts_a_day"])
    return policy_words.sentence_of(policy).rstrip(".")


def _quiet(campaign: Campaign, values: Mapping[str, Any]) -> str:
    hours = int(values["quiet_hours"])
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": number(hours)} if hours else _("none")


def _consent(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return _("required") if values["requires_consent"] else _("not required")


def _machine(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return str(Campaign.OnMachine(values["on_machine"]).label)


def _is_living(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return _("yes") if values.get("is_living") else _("no")


def _lists(campaign: Campaign, values: Mapping[str, Any]) -> str:
    names = ContactList.objects.filter(pk__in=values.get("lists") or []).order_by("name").values_list("name", flat=True)
    return _(", ").join(isolated(name) for name in names) or _("none")


def _tags(campaign: Campaign, values: Mapping[str, Any]) -> str:
    return _(", ").join(isolated(str(tag)) for tag in values.get("tags") or []) or _("none")


def _count(name: str) -> Callable[[Campaign, Mapping[str, Any]], str]:
    return lambda campaign, values: number(values[name]) if values.get(name) else _("none")


def _last_day(campaign: Campaign, values: Mapping[str, Any]) -> str:
    day = values.get("last_day")
    return isolated(plain_day(datetime.date.fromisoformat(day))) if day else _("none")


def _left_out(campaign: Campaign, values: Mapping[str, Any]) -> str:
    chosen = values["excluded_campaigns"]
    names = Campaign.objects.filter(pk__in=chosen).order_by("pk").values_list("name", flat=True)
    told = _(", ").join(isolated(name) for name in names)
    if not told:
        return _("none")
    return _("contacts who talked in %(names)s") % {"names": told} if values["excludes_only_reached"] else told


Part = tuple[tuple[str, ...], Callable[[], str], Callable[[Campaign, Mapping[str, Any]], str]]

_PARTS: tuple[Part, ...] = (
    (("provider",), lambda: _("Provider"), _row("provider")),
    (("second",), lambda: _("Second provider"), _second),
    (("agent",), lambda: _("Agent"), _row("agent")),
    (("voice",), lambda: _("Recorded voice"), _row("voice")),
    (("caller_id",), lambda: _("Caller ID"), _row("caller_id")),
    (("dialer",), lambda: _("Dialler"), _row("dialer")),
    (("text",), lambda: _("Text"), _text),
    (("variables",), lambda: _("Variables"), _variables),
    (("variants",), lambda: _("Variants"), _variants),
    (("on_machine",), lambda: _("If voicemail answers"), _machine),
    (("hours_start", "hours_end"), lambda: _("Hours"), _hours),
    (("days",), lambda: _("Days"), _days),
    (("weekly_hours",), lambda: _("Hours by weekday"), _weekly_hours),
    (("blackout_dates",), lambda: _("Dates without calls"), _blackouts),
    (("holiday_countries",), lambda: _("Public holidays"), _holidays),
    (("budget", "budget_is_soft"), lambda: _("Budget"), _budget),
    (("max_attempts", "attempts_a_day", "retries"), lambda: _("Attempts"), _attempts),
    (("quiet_hours",), lambda: _("Quiet period"), _quiet),
    (("requires_consent",), lambda: _("Consent"), _consent),
    (("is_living",), lambda: _("Stays open"), _is_living),
    (("lists",), lambda: _("Lists"), _lists),
    (("tags",), lambda: _("Tags"), _tags),
    (("people_a_day",), lambda: _("New contacts per day"), _count("people_a_day")),
    (("people_in_all",), lambda: _("Total contacts"), _count("people_in_all")),
    (("last_day",), lambda: _("Last day"), _last_day),
    (("excluded_campaigns", "excludes_only_reached"), lambda: _("Excluded contacts"), _left_out),
)
"""The bound settings in the order in which their differences are told: their columns, label and value in words."""
