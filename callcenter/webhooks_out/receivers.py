"""Addresses of other programs: made, changed, their secret replaced, halted, resumed, removed."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.api.keys import ALL, MAKE
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from callcenter.edits.states import Edited, put
from callcenter.webhooks_out.addresses import NotAllowed, allowed, host_of
from callcenter.webhooks_out.signing import new_secret
from campaigns.core import happenings
from campaigns.core.refusals import Refusal
from campaigns.models import WebhookDelivery, WebhookReceiver

LISTENER = "webhooks"
EDITED = Edited(["name", "url", "kinds", "is_active"])
BOTH_SIGN = datetime.timedelta(days=1)
"""How long the replaced secret signs too, so that a receiver can be changed meanwhile."""
MOST = 20
"""Addresses of one user: each is sent every event of its kinds."""

State = WebhookDelivery.State


class Made(NamedTuple):
    """An address, and its new secret, which is shown once."""

    receiver: WebhookReceiver
    secret: str


def shown_to(person: Person) -> QuerySet[WebhookReceiver]:
    """Return the addresses that a person sees and changes: their own, or everybody's with the right."""
    rows = WebhookReceiver.objects.select_related("owner")
    return rows if may(person, ALL) else rows.filter(owner=person.pk)


def make(owner: User, *, name: str, url: str, kinds: Collection[str]) -> Made:
    """Add an address of one's own. Raises PermissionDenied, and Refusal for an address that may not be sent to."""
    if not may(owner, MAKE):
        raise PermissionDenied(MAKE)
    demand_allowed(url)
    if WebhookReceiver.objects.filter(owner=owner).count() >= MOST:
        raise Refusal(_("You have reached the limit of %(most)d webhooks. Remove one first.") % {"most": MOST})
    secret = new_secret()
    with transaction.atomic():
        made = WebhookReceiver.objects.create(
            name=name, owner=owner, url=url, kinds=sorted(kinds), secrets={"1": secret}
        )
        record(owner, "webhook.made", made, host=host_of(url), kinds=made.kinds)
        listen_anew()
    return Made(made, secret)


def change(receiver_id: int, values: dict[str, Any], person: User, shown: Shown | None = None) -> WebhookReceiver:
    """Change an address (`EDITED`). Raises WebhookReceiver.DoesNotExist, Refusal and BothChanged.

    Only its owner points it elsewhere or asks for more: what is sent is what the owner may see.
    """
    with transaction.atomic():
        found = _locked(receiver_id, person)
        changes = changes_of(found, values, shown)
        if not changes:
            return found
        if "url" in changes:
            demand_allowed(changes["url"])
        if found.owner_id != person.pk and {"url", "kinds"} & changes.keys():
            raise Refusal(
                _("Only the owner can change the address or the events, because it sends what the owner can see.")
            )
        for name, value in changes.items():
            put(found, name, value)
        found.kinds = sorted(found.kinds)
        found.save(update_fields=[*changes])
        record(
            person, "webhook.changed", found, fields=sorted(changes), of=found.owner.get_username(),
            **({"host": host_of(found.url)} if "url" in changes else {}),
            **({"kinds": found.kinds} if "kinds" in changes else {}),
        )  # fmt: skip
        listen_anew()
    return found


def replace_secret(receiver_id: int, person: User) -> Made:
    """Give an address of one's own a new secret; the one before signs too, for a day. Raises DoesNotExist."""
    secret = new_secret()
    with transaction.atomic():
        found = _locked(receiver_id, person, only_owner=True)
        before = str(found.secret_number)
        found.secret_number += 1
        kept = found.secrets.changed({}, [name for name in found.secrets.names if name != before])
        found.secrets = kept.changed({str(found.secret_number): secret})
        found.previous_until = timezone.now() + BOTH_SIGN
        found.save(update_fields=["secrets", "secret_number", "previous_until"])
        record(person, "webhook.secret_replaced", found)
    return Made(found, secret)


def remove(receiver_id: int, person: User) -> None:
    """Remove an address with its log. Raises WebhookReceiver.DoesNotExist."""
    with transaction.atomic():
        found = _locked(receiver_id, person)
        record(person, "webhook.removed", found, host=host_of(found.url), of=found.owner.get_username())
        log = WebhookDelivery.objects.filter(receiver=found)
        log._raw_delete(log.db)
        found.delete()
        listen_anew()


def halt(receiver_id: int, why: str, now: datetime.datetime) -> bool:
    """Send nothing more to an address until a person resumes it; what waits for it has failed. False: it was halted."""
    with transaction.atomic():
        rows = WebhookReceiver.objects.filter(pk=receiver_id, halted_at__isnull=True)
        if not rows.update(halted_at=now, halted_why=why):
            return False
        found = WebhookReceiver.objects.get(pk=receiver_id)
        waiting = WebhookDelivery.objects.filter(receiver=found, state=State.WAITING)
        failed = waiting.update(state=State.FAILED, problem=WebhookDelivery.Problem.HALTED)
        record(None, "webhook.halted", found, host=host_of(found.url), reason=why, deliveries=failed)
        listen_anew()
    return True


def resume(receiver_id: int, person: User) -> bool:
    """Send to a halted address again; False if it was not halted. Raises WebhookReceiver.DoesNotExist."""
    with transaction.atomic():
        found = _locked(receiver_id, person)
        if found.halted_at is None:
            return False
        fresh: dict[str, Any] = {
            "halted_at": None, "halted_why": "", "failing_since": None, "failures": 0, "rests_until": None
        }  # fmt: skip
        WebhookReceiver.objects.filter(pk=found.pk).update(**fresh)
        record(person, "webhook.resumed", found)
        listen_anew()
    return True


def listen_anew() -> None:
    """Say what the addresses that are sent to want to hear of, in the transaction that changed one."""
    wanted: set[str] = set()
    for kinds in WebhookReceiver.objects.sent_to().values_list("kinds", flat=True):
        wanted.update(kind for kind in kinds if kind in happenings.KINDS)
    happenings.listen(LISTENER, wanted)


def demand_allowed(url: str) -> None:
    """Raise Refusal for an address that may not be sent to."""
    try:
        allowed(url)
    except NotAllowed as error:
        raise Refusal(str(error)) from None


def _locked(receiver_id: int, person: User, *, only_owner: bool = False) -> WebhookReceiver:
    rows = shown_to(person).filter(owner=person) if only_owner else shown_to(person)
    return rows.select_for_update(of=("self",)).get(pk=receiver_id)
