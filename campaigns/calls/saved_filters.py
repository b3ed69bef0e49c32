"""Saved filters of the call log, private or shared with everybody."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may, team_of
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from callcenter.edits.states import State
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change, seen_by
from campaigns.models import SavedFilter

MOST = 50
"""Saved filters that one user may have."""
LONGEST = SavedFilter._meta.get_field("query").max_length or 0


class FilterRefusal(Refusal):
    """Raised when a filter cannot be saved; `field` is the form field to show the message at."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def filters_state(person: Person) -> State:
    """Return a user's own filters by name, as the form that saves one shows them."""
    own = SavedFilter.objects.filter(owner_id=person.pk)
    return {"filters": {one.name: [one.query, one.is_shared] for one in own}}


def save_filter(
    person: Person, name: str, query: str, *, is_shared: bool, names_person: bool, shown: Shown | None = None
) -> SavedFilter:
    """Save a filter, replacing the user's own one of the same name.

    Raises FilterRefusal, and BothChanged if that one was changed, as in another tab, since the page was shown.

    `query` is the URL query of the log; `names_person` says that it contains a name or number.
    """
    if is_shared and not may(person, "share_filters"):
        raise FilterRefusal("is_shared", _("Only managers and admins can share. Save it for yourself."))
    if is_shared and names_person:
        raise FilterRefusal(
            "is_shared",
            _("Filters with a contact's name or number cannot be shared. Remove the name or number first."),
        )
    if not query:
        raise FilterRefusal("name", _("No filters or columns are chosen, so there is nothing to save."))
    if len(query) > LONGEST:
        raise FilterRefusal("name", _("Too many filters to save. Remove some."))
    try:
        with transaction.atomic():
            owner = int(person.pk or 0)
            own = SavedFilter.objects.filter(owner_id=owner)
            if shown is not None:
                # Under the lock of whose it is: a new filter has no row of its own yet.
                get_user_model().objects.select_for_update().get(pk=owner)
                stored = filters_state(person)
                before = shown.state or stored
                typed = {"filters": {**before["filters"], name: [query, is_shared]}}
                if name in stored["filters"] and not shown.join(typed, stored):
                    return own.get(name=name)
            if own.exclude(name=name).count() >= MOST:
                raise FilterRefusal(
                    "name", _("You have %(n)d saved filters, the maximum. Delete one first.") % {"n": MOST}
                )
            saved, _is_new = own.update_or_create(
                name=name,
                defaults={"query": query, "is_shared": is_shared, "owner_id": owner, "team_id": team_of(person)},
            )
            record(person, "filter.saved", saved, shared=is_shared)
    except IntegrityError:
        raise FilterRefusal("name", _("This name was just taken. Try another.")) from None
    return saved


def may_delete(person: Person, saved: SavedFilter) -> bool:
    """Tell whether a user may delete a filter: their own, or one shared with them if they share filters themselves."""
    return saved.owner_id == person.pk or (may(person, "share_filters") and may_change(person, saved))


def delete_filter(person: Person, filter_id: int) -> bool:
    """Delete a saved filter; False if it does not exist or the user may not delete it."""
    with transaction.atomic():
        saved = seen_by(person, SavedFilter.objects.all()).filter(pk=filter_id).first()
        if saved is None or not may_delete(person, saved):
            return False
        record(person, "filter.deleted", saved, shared=saved.is_shared)
        saved.delete()
    return True
