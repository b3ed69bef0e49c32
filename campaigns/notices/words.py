"""Notices in words for one reader: a paragraph for each on a page, as few as can be in a message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.holders import names_of
from campaigns.models import Notice
from campaigns.notices import alert_words, happening_words
from campaigns.notices.concerned import is_within, reached
from campaigns.notices.kinds import KINDS
from campaigns.notices.paragraphs import Paragraph, as_text, link

MOST_PARAGRAPHS = 50
"""Most paragraphs of one message; the inbox has the rest."""


def of_each(reader: User, notices: Sequence[Notice]) -> dict[int, Paragraph]:
    """Return a paragraph for each notice, by its id, in the active language and zone.

    What its reader no longer reaches, or what is gone, is said to be so and nothing else.
    """
    seen = reached(reader, notices)
    names = _names(notices)
    found: dict[int, Paragraph] = {}
    for kind, layer in _layers([one for one in notices if is_within(one, seen) and one.kind in KINDS]):
        ids = [one.object_id for one in layer]
        if happening_words.is_of(kind):
            told = {one.object_id: (names.get(one.actor_id or 0, ""), one.detail) for one in layer}
            paragraphs = happening_words.singly(kind, ids, told)
        else:
            paragraphs = alert_words.singly(kind, ids, {one.object_id: one.detail for one in layer if one.detail})
        found |= {one.pk: paragraphs[one.object_id] for one in layer if one.object_id in paragraphs}
    gone = Paragraph(_("You no longer have access to this, or it was deleted."), "", link("notices"))
    return {one.pk: found.get(one.pk, gone) for one in notices}


def in_a_message(reader: User, notices: Sequence[Notice]) -> tuple[list[Notice], list[Paragraph]]:
    """Return the notices that a message tells of, without what its reader no longer reaches, and its paragraphs."""
    seen = reached(reader, notices)
    within = [one for one in notices if is_within(one, seen)]
    paragraphs: list[Paragraph] = []
    singly = of_each(reader, [one for one in within if not alert_words.is_together(one.kind)])
    for kind in KINDS:
        theirs = [one for one in within if one.kind == kind]
        if alert_words.is_together(kind) and theirs:
            paragraphs.append(alert_words.together(kind, [one.object_id for one in theirs]))
        else:
            paragraphs += [singly[one.pk] for one in theirs]
    if len(paragraphs) > MOST_PARAGRAPHS:
        more = len(paragraphs) - MOST_PARAGRAPHS
        rest = ngettext("And %(n)d more: see your inbox.", "And %(n)d more: see your inbox.", more) % {"n": more}
        paragraphs = [*paragraphs[:MOST_PARAGRAPHS], Paragraph(rest, "", link("notices"))]
    return within, paragraphs


def subject_of(notices: Sequence[Notice]) -> str:
    """Return what a message is about, in a few words."""
    if len({one.kind for one in notices}) == 1 and len(notices) == 1:
        return str(KINDS[notices[0].kind].label)
    return ngettext("%(n)d item needs attention", "%(n)d items need attention", len(notices)) % {"n": len(notices)}


def message_text(paragraphs: Iterable[Paragraph]) -> str:
    """Return the text of a message, with why one gets it and where that is changed."""
    ending = _("You get each of these once. Choose what you get, and how, here: %(page)s") % {
        "page": link("notice-settings")
    }
    return as_text(paragraphs, ending)


def _names(notices: Iterable[Notice]) -> Mapping[int, str]:
    ids = {one.actor_id for one in notices if one.actor_id is not None}
    people = list(User.objects.filter(pk__in=ids)) if ids else []
    return dict(zip([one.pk for one in people], names_of(people), strict=True))


def _layers(notices: Iterable[Notice]) -> Iterable[tuple[str, list[Notice]]]:
    """Group notices by kind so that no group has two about the same thing: one thing may be told of twice."""
    layers: dict[tuple[str, int], list[Notice]] = defaultdict(list)
    counted: dict[tuple[str, int], int] = defaultdict(int)
    for one in notices:
        place = counted[(one.kind, one.object_id)]
        counted[(one.kind, one.object_id)] += 1
        layers[(one.kind, place)].append(one)
    return [(kind, layer) for (kind, _place), layer in layers.items()]
