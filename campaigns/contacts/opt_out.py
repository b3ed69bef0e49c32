"""Takes a person's "never call me again" as it was said in or after one call."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from campaigns.contacts.do_not_call import forbid
from campaigns.core.call_events import Source, step, write_steps
from campaigns.models import Call, DoNotCall


def never_call_again(call: Call, person: AbstractBaseUser | AnonymousUser, reason: str = "") -> int:
    """Put the number of a call on the do-not-call list for ever; returns how many waiting calls left the queue.

    From the commit on no call to this number leaves; one that is out already ends by itself.
    """
    with transaction.atomic():
        done = forbid(call.to_number, reason=reason, source=DoNotCall.Source.PERSON, person=person)
        heard = step(
            call.pk, "do_not_call_heard", at=timezone.now(), source=Source.PERSON, detail=reason, actor_id=person.pk
        )
        write_steps([heard])
    return done.skipped
