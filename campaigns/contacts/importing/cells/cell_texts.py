"""Lengths of time of spreadsheet cells in words: "26 hours"."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def length_in_words(seconds: float, language: str = "") -> str:
    """Return a length of time in hours, minutes and seconds, such as "26 hours" or "1 hour 30 minutes".

    It is said in a language, by default the active one.
    """
    with translation.override(language or translation.get_language()):
        return _in_words(seconds)


def _in_words(length: float) -> str:
    seconds = round(abs(length))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    if seconds or not parts:
        parts.append(ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds})
    text = parts[0]
    for part in parts[1:]:
        text = _("%(length)s %(rest)s") % {"length": text, "rest": part}
    return _("minus %(length)s") % {"length": text} if length < 0 else text
