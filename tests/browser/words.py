"""The words on the screens, in the language of a journey; a sentence without a translation is English."""

from __future__ import annotations

import re

from django.utils.translation import gettext, ngettext, override

from callcenter.formats.calendars import in_digits


class Words:
    """Says a sentence of ours as the page says it."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **filled: object) -> str:
        """Return a sentence, its places filled; numbers in the digits of the language."""
        with override(self.language):
            return self._fill(gettext(sentence), filled)

    def many(self, one: str, more: str, count: int, **filled: object) -> str:
        """Return the sentence for so many; `count` fills the place named n."""
        with override(self.language):
            return self._fill(ngettext(one, more, count), {"n": count} | filled)

    def some(self, sentence: str, more: str = "") -> re.Pattern[str]:
        """Return what matches a sentence whatever fills its places; of one with a plural, its form for many."""
        with override(self.language):
            said = ngettext(sentence, more, 50) if more else gettext(sentence)
        parts = re.split(r"%\(\w+\)[sd]", said.replace("%%", "%"))
        return re.compile(r".*".join(map(re.escape, parts)))

    def digits(self, text: object) -> str:
        """Return a text with the digits of the language."""
        with override(self.language):
            return in_digits(str(text))

    def _fill(self, sentence: str, filled: dict[str, object]) -> str:
        places = {
            name: in_digits(str(value)) if isinstance(value, int) else str(value) for name, value in filled.items()
        }
        return re.sub(r"%\((\w+)\)[sd]", lambda place: places.get(place[1], place[0]), sentence)
