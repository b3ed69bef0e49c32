"""Sources as people keep them: made from an import that went well, paused, read at once, removed."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.contacts.importing.sources.addresses import file_address
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.models import ContactImport, ImportSource
from providers.exceptions import KeysUnreadable

EVERY = (1, 6, 24, 168)
"""Hours between two readings that people choose among."""
SEALED_A_RUN = 100
MOST = 50
"""Sources of one owner."""


def host_of(source: ImportSource) -> str:
    """Return the host of a source's address, which is all that is shown of it."""
    return urlsplit(source.address).hostname or ""


def address_of(source: ImportSource) -> str:
    """Return the whole address, where the file is asked for. Raises Refusal where it cannot be read."""
    try:
        return source.sealed.open().get("address") or source.address
    except KeysUnreadable:
        raise Refusal(
            _("Its address cannot be read here: add it again, or let who runs the server restore FIELD_KEYS.")
        ) from None


def seal(source: ImportSource) -> None:
    """Store the whole address of a source sealed as a key is, and beside it only its host."""
    if source.sealed.holds("address"):
        return
    source.sealed, source.address = {"address": source.address}, f"https://{host_of(source)}/"
    source.save(update_fields=["sealed", "address"])


def seal_those_before() -> int:
    """Seal some addresses that the version before stored; returns how many."""
    found = list(ImportSource.objects.filter(sealed__isnull=True)[:SEALED_A_RUN])
    for source in found:
        seal(source)
    return len(found)


def add(person: User, first: ContactImport, address: str, every_hours: int) -> ImportSource:
    """Keep an address from which this import is repeated, and read it soon. Raises PermissionDenied and Refusal."""
    if not may(person, "import_people") or not changed_by(person, ContactImport.objects.filter(pk=first.pk)).exists():
        raise PermissionDenied("import_people")
    if first.is_of_opt_outs or first.status != ContactImport.Status.SAVED or first.contact_list_id is None:
        raise Refusal(_("Only an import of contacts saved into a list can be repeated. Import a file first."))
    found = file_address(address)
    if every_hours not in EVERY:
        raise Refusal(_("Choose one of the options."))
    with transaction.atomic():
        if ImportSource.objects.filter(owner=person).count() >= MOST:
            raise Refusal(_("You have %(n)d sources, the maximum. Remove one first.") % {"n": MOST})
        made = ImportSource.objects.create(
            owner=person, team_id=first.team_id, pattern=first, address=f"https://{urlsplit(found).hostname}/",
            sealed={"address": found}, every_hours=every_hours, next_at=timezone.now(),
        )  # fmt: skip
        record(person, "import_source.added", made, host=host_of(made), hours=every_hours)
        queue.nudge_source(made.pk)
    return made


def has_halted(person: Person) -> bool:
    """Return whether a source that a person may change is halted."""
    return changed_by(person, ImportSource.objects.filter(halted_at__isnull=False)).exists()


def _locked(source_id: int, person: User) -> ImportSource:
    if not may(person, "import_people"):
        raise PermissionDenied("import_people")
    return changed_by(person, ImportSource.objects.select_for_update(of=("self",))).get(pk=source_id)


def switch(source_id: int, person: User, *, is_wanted: bool | None = None) -> bool:
    """Pause a source, or let a paused or halted one go on; returns whether it is read from now on.

    `is_wanted` names the state to reach; without it the state becomes the other one.
    """
    with transaction.atomic():
        found = _locked(source_id, person)
        is_on = found.next_at is None
        if is_wanted is not None and is_wanted is not is_on:
            return is_wanted
        now = timezone.now()
        ImportSource.objects.filter(pk=found.pk).update(
            next_at=now if is_on else None, halted_at=None, failing_since=None, problem=""
        )
        record(person, "import_source.resumed" if is_on else "import_source.paused", found, host=host_of(found))
        if is_on:
            queue.nudge_source(found.pk)
    return is_on


def read_now(source_id: int, person: User) -> bool:
    """Let a source be read at once; returns False for one that is paused or halted."""
    with transaction.atomic():
        found = _locked(source_id, person)
        if found.next_at is None:
            return False
        ImportSource.objects.filter(pk=found.pk).update(next_at=timezone.now())
        queue.nudge_source(found.pk)
    return True


def remove(source_id: int, person: User) -> None:
    """Remove a source; what it imported stays, and can be undone as any import."""
    with transaction.atomic():
        found = _locked(source_id, person)
        record(person, "import_source.removed", found, host=host_of(found))
        found.delete()
