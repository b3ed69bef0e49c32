"""What each user chose: which kinds leave by which channel, when, in which language; and who cannot be reached."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.clock import zone_of
from callcenter.access.holders import holders_of
from callcenter.formats.zones import moment_at
from campaigns.core import installation
from campaigns.models import NoticeSettings
from campaigns.notices.kinds import CHAT, KINDS, MAIL, NoticeKind

CHANNELS = (MAIL, CHAT)


@dataclass(frozen=True, slots=True)
class Reader:
    """One user as a receiver of notices."""

    user: User
    chosen: NoticeSettings
    off: frozenset[str]
    """Kinds that the installation sends only to those who chose so."""

    def wants(self, kind: NoticeKind, channel: str) -> bool:
        """Return whether a kind is to leave by a channel: by the user's choice, else by the installation's."""
        chosen = self.chosen.choices.get(channel, {}).get(kind.key)
        return self.default(kind) if chosen is None else bool(chosen)

    def default(self, kind: NoticeKind) -> bool:
        """Return whether a kind leaves the product where its reader chose nothing."""
        return kind.key not in self.off

    def can_get(self, channel: str) -> bool:
        """Return whether a channel leads to the user at all."""
        return bool(self.user.email) if channel == MAIL else self.chosen.chat.holds("address")

    @property
    def language(self) -> str:
        """The language of what leaves to them."""
        known = {code for code, _name in settings.LANGUAGES}
        return self.chosen.language if self.chosen.language in known else settings.LANGUAGE_CODE

    def due(self, kind: NoticeKind, now: datetime.datetime) -> datetime.datetime:
        """Return when a notice may leave: now, or after the user's quiet hours where it is not urgent."""
        start, end = self.chosen.quiet_start, self.chosen.quiet_end
        if kind.is_urgent or start is None or end is None or start == end:
            return now
        zone = zone_of(self.user)
        there = now.astimezone(zone)
        clock = there.time().replace(tzinfo=None)
        is_quiet = start <= clock < end if start < end else clock >= start or clock < end
        if not is_quiet:
            return now
        day = there.date() + datetime.timedelta(days=1 if start > end and clock >= start else 0)
        return moment_at(datetime.datetime.combine(day, end), zone)


def can_mail() -> bool:
    """Return whether the installation sends mail: an address of a mail server is set, or mail is printed to try."""
    return bool(settings.IS_EMAIL_SET or settings.DEBUG)


def readers(ids: Collection[int]) -> dict[int, Reader]:
    """Return these users with what they chose, by id."""
    chosen = {one.user_id: one for one in NoticeSettings.objects.filter(user__in=ids)}
    off = installation.current().notices_off
    users = User.objects.filter(pk__in=ids)
    return {user.pk: Reader(user, chosen.get(user.pk) or NoticeSettings(user=user), off) for user in users}


def reader(user: User) -> Reader:
    """Return one user with what they chose."""
    return readers([user.pk])[user.pk]


# Who cannot be reached

NO_MAIL: Promise = _(
    "E-mail is not set up here, so no notices are sent outside of Callcenter. Ask the server administrator."
)
NO_ADDRESS: Promise = _("Your account has no e-mail address, so you get no e-mails. An admin can add it under Users.")
ALL_OFF: Promise = _("All your notices are off: nothing is sent to you outside of Callcenter.")


def why_unreachable(reader: Reader) -> list[str | Promise]:
    """Return in sentences why a user is told nothing outside of the product; empty where something reaches them."""
    ways = [one for one in CHANNELS if reader.can_get(one) and (one != MAIL or can_mail())]
    if any(reader.wants(kind, channel) for channel in ways for kind in KINDS.values()):
        return []
    if ways:
        return [ALL_OFF]
    return [NO_ADDRESS] if can_mail() else [NO_MAIL]


def unreached() -> list[NoticeKind]:
    """Return the kinds that somebody must act on and that reach nobody outside of the product."""
    held: dict[str, set[int]] = {}
    for right in sorted({right for kind in KINDS.values() for right in kind.rights}):
        held[right] = set(holders_of(right).values_list("pk", flat=True))
    known = readers({pk for ids in held.values() for pk in ids})
    return [
        kind
        for kind in KINDS.values()
        if kind.rights
        and not any(
            known[pk].can_get(channel) and known[pk].wants(kind, channel)
            for right in kind.rights
            for pk in held[right]
            for channel in CHANNELS
        )
    ]
