"""Who holds a right now."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

_BY_GROUPS = "django.contrib.auth.backends.ModelBackend"


def holders_of(code: str) -> QuerySet[User]:
    """Return the active people who hold the right `access.<code>`, by name, in one statement."""
    found: QuerySet[User] = User.objects.with_perm(f"access.{code}", is_active=True, backend=_BY_GROUPS)
    return found.order_by("username")


def names_of(people: QuerySet[User]) -> list[str]:
    """Return the names of people as pages show them."""
    return [person.get_full_name() or person.get_username() for person in people]
