"""Passwords are checked against the words that a guesser of this installation would try first."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from callcenter.access.roles import membership_of

SHORTEST_WORD = 4
"""Letters of a word that counts; shorter ones stand in many good passwords by chance."""
FEWEST_OWN = 6
"""Letters and digits that a password must have beside such words."""
PRODUCT = ("callcenter", "password", "welcome", "changeme", "تماس")


def plain(text: str) -> str:
    """Return a text in the form in which words are looked for: letters and digits alone, `4` for `a` and the like."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(str.maketrans("4@031!$57", "aaoeiisst"))
    return "".join(letter for letter in folded if letter.isalnum())


def own_words(user: Any) -> set[str]:
    """Return the words of the product, this installation, and a user with their team."""
    found = {*PRODUCT, urlsplit(settings.PUBLIC_URL).hostname or "", *settings.ALLOWED_HOSTS}
    if user is not None:
        membership = membership_of(user)
        team = membership.team.name if membership else ""
        found |= {user.username, user.first_name, user.last_name, user.email.partition("@")[0], team}
    words = {plain(part) for text in found for part in (text, *re.split(r"[\W_]+", text))}
    return {word for word in words if len(word) >= SHORTEST_WORD}


class OwnWordsValidator:
    """Refuses a password that is little more than names of the product, the installation, the user or their team."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where too little is left beside such words."""
        rest = whole = plain(password)
        for word in sorted(own_words(user), key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest) < min(FEWEST_OWN, len(whole)) and rest != whole:
            raise ValidationError(
                _("This password is easy to guess: it contains your name or the name of this installation."),
                code="own_words",
            )

    def get_help_text(self) -> str:
        """Return what is asked for."""
        return _("Do not use your name, your team or the name of this installation in it.")
