"""The names of roles as screens and files show them: the built-in ones in the reader's language, others as written."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from callcenter.access.rights import ADMIN, CALLER, MANAGER

WORDS = {CALLER: gettext_noop("Callers"), MANAGER: gettext_noop("Managers"), ADMIN: gettext_noop("Admins")}
"""By the name of the row, which never changes."""


def role_in_words(name: str) -> str:
    """Return the name of a role in the language that is on."""
    return gettext(WORDS[name]) if name in WORDS else name


def roles_in_words(names: str) -> str:
    """Return the same of several names with commas between them, as the audit log keeps them."""
    return ", ".join(role_in_words(name) for name in names.split(", "))
