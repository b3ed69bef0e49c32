"""Users' remarks on a call: notes, tags, one review; each is recorded in the audit log."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.transcript_words import key_of
from campaigns.models import Call, CallNote, CallReview, CallTag, CallTagging
from campaigns.models.remarks import MAX_CALL_NOTE, MAX_COMMENT, MAX_TAG

MOST_TAGS = 20
"""Tags of one call."""
SUGGESTED = 100
"""Tags that are offered to choose from."""
SCORES = range(1, 6)


def add_note(call: Call, person: Person, text: str) -> CallNote:
    """Add a note to a call. Raises Refusal for an empty or too long text."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise Refusal(_("Nothing was entered, so nothing was saved."))
    if len(text) > MAX_CALL_NOTE:
        raise Refusal(_("This note is too long: at most 2,000 characters. Split it in two."))
    with transaction.atomic():
        note = CallNote.objects.create(call=call, author_id=person.pk, text=text)
        record(person, "call.note_added", call, letters=len(text))
    return note


def add_tags(call: Call, person: Person, names: list[str]) -> list[str]:
    """Add tags to a call, each spelling variant once; returns the new ones. Raises Refusal for too many or none."""
    wanted: dict[str, str] = {}
    for name in names:
        # The first spelling of a tag is the one that is shown.
        wanted.setdefault(key_of(name), " ".join(name.replace("\x00", "").split())[:MAX_TAG])
    wanted.pop("", None)
    if not wanted:
        raise Refusal(_("Enter a tag of letters or digits, such as complaint."))
    with transaction.atomic():
        # Under the call's row lock, so that two users who add tags at once cannot exceed the limit together.
        Call.objects.select_for_update().get(pk=call.pk)
        there = set(CallTagging.objects.filter(call=call).values_list("tag__key", flat=True))
        fresh = [key for key in wanted if key not in there]
        if len(there) + len(fresh) > MOST_TAGS:
            raise Refusal(_("A call can have at most %(n)d tags. Remove one first.") % {"n": MOST_TAGS})
        CallTag.objects.bulk_create([CallTag(key=key, name=wanted[key]) for key in fresh], ignore_conflicts=True)
        tags = list(CallTag.objects.filter(key__in=fresh))
        CallTagging.objects.bulk_create(
            [CallTagging(call=call, tag=tag, added_by_id=person.pk) for tag in tags], ignore_conflicts=True
        )
        if tags:
            record(person, "call.tagged", call, tags=[tag.name for tag in tags])
    return [tag.name for tag in tags]


def remove_tag(call: Call, person: Person, tag_id: int) -> bool:
    """Remove one tag from a call; False if the call does not have it."""
    with transaction.atomic():
        found = CallTagging.objects.filter(call=call, tag=tag_id).select_related("tag").first()
        if found is None or not CallTagging.objects.filter(pk=found.pk).delete()[0]:
            return False
        record(person, "call.untagged", call, tags=[found.tag.name])
    return True


def remove_tags(call: Call, person: Person, names: list[str]) -> int:
    """Remove tags from a call by name, in whatever spelling; returns how many it had."""
    keys = [key_of(name) for name in names]
    found = CallTag.objects.filter(key__in=keys).order_by("pk").values_list("pk", flat=True)
    return sum(remove_tag(call, person, pk) for pk in found)


def review_state(call: Call) -> dict[str, Any]:
    """Return what is stored of a call's review, as its form shows it."""
    found = CallReview.objects.filter(call=call).first()
    return {"score": found.score, "comment": found.comment} if found else {"score": None, "comment": ""}


def review(call: Call, person: Person, score: int, comment: str = "", shown: Shown | None = None) -> None:
    """Set a call's score from 1 to 5, replacing an earlier review, which the audit log keeps.

    Raises Refusal, and BothChanged if somebody else reviewed it since the page was shown.
    """
    if score not in SCORES:
        raise Refusal(_("Choose a score from 1 to 5."))
    values = {"score": score, "comment": comment.replace("\x00", "").strip()[:MAX_COMMENT]}
    with transaction.atomic():
        # Under the call's row lock: a first review has no row of its own yet.
        Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        stored = review_state(call)
        values = {**stored, **(shown.join(values, stored) if shown else values)}
        if values == stored:
            return
        before = stored["score"]
        CallReview.objects.update_or_create(
            call=call, defaults={**values, "reviewer_id": person.pk, "reviewed_at": timezone.now()}
        )
        record(person, "call.reviewed", call, score=values["score"], **({"before": before} if before else {}))


def suggestions(person: Person) -> list[str]:
    """Return the newest `SUGGESTED` tags of calls that a person may see."""
    seen = Exists(seen_by(person, CallTagging.objects.filter(tag=OuterRef("pk"))))
    return list(CallTag.objects.filter(seen).order_by("-id").values_list("name", flat=True)[:SUGGESTED])
