"""Carries notices out: by mail and chat, many in one message, tried again until they left, and not after they are over.

A delivery is claimed by compare-and-set before it leaves, and its message has a name that a repeated try keeps: after a
worker that died between sending and noting it, it leaves once more under the same Message-ID.
"""

from __future__ import annotations

import datetime
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Min, Q, QuerySet
from django.utils import timezone, translation

from callcenter.access.clock import zone_of
from campaigns.core.clock import span
from campaigns.models import Notice, NoticeDelivery
from campaigns.notices import chat, choices, words
from campaigns.notices.choices import Reader
from campaigns.notices.kinds import KINDS, MAIL
from campaigns.notices.paragraphs import Paragraph

logger = logging.getLogger(__name__)

MAIL_TIMEOUT = 10
"""Seconds to wait for the mail server; the minute job must not be held up longer."""
SECONDS_A_RUN = 30.0
"""After this a run begins no further message; the next one goes on."""
MOST_A_RUN = 1_000
"""Notices that one message tells of, and that one run ends."""
FIRST_WAIT, LONGEST_WAIT = 300, 3_600
"""Seconds before another try: the first, and at most; each wait is twice the one before."""
GIVEN_UP_AFTER = datetime.timedelta(days=3)
MESSAGES_AN_HOUR = 6
"""So many messages by one way reach a user in an hour; the rest leaves in one, afterwards or with what is urgent."""
Way = tuple[str, str]
"""Address and channel."""


def send(now: datetime.datetime) -> int:
    """Send what is due; returns how many messages left. Logs errors and never raises."""
    try:
        return _Run(now).send()
    except Exception:
        logger.exception("notices could not be sent")
        return 0


def _open() -> QuerySet[NoticeDelivery]:
    return NoticeDelivery.objects.filter(sent_at__isnull=True, ended_at__isnull=True)


class _Run:
    """One run of sending."""

    def __init__(self, now: datetime.datetime) -> None:
        self._now = now
        self._until = time.monotonic() + SECONDS_A_RUN
        self._is_away: set[str] = set()
        """Channels that failed as a whole: the rest of them waits for the next run."""

    def send(self) -> int:
        """Send message after message, the longest due first; returns how many left."""
        self._end_the_needless()
        # A kind that only another version knows is sent by a worker of that version.
        due = _open().filter(due_at__lte=self._now, notice__kind__in=list(KINDS)).order_by()
        waiting = due.values_list("notice__user", "channel").annotate(first=Min("due_at")).order_by("first")
        ways: dict[Way, list[int]] = defaultdict(list)
        found = list(waiting)
        readers = choices.readers({user for user, _channel, _first in found})
        for user, channel, _first in found:
            ways[_address(readers[user], channel), channel].append(user)
        sent = 0
        for (address, channel), users in ways.items():
            if time.monotonic() > self._until:
                break
            theirs = due.filter(notice__user__in=users, channel=channel)
            if not address:
                # An address may be entered meanwhile.
                theirs.update(due_at=self._now + span(FIRST_WAIT))
            elif channel not in self._is_away:
                sent += self._send_due([readers[user] for user in users], channel, theirs)
        return sent

    def _send_due(self, readers: Sequence[Reader], channel: str, due: QuerySet[NoticeDelivery]) -> int:
        """Send to readers who share an address what is due: each message that a try before has named, and one more."""
        messages: dict[str, list[NoticeDelivery]] = defaultdict(list)
        for one in due.select_related("notice").order_by("due_at", "pk")[:MOST_A_RUN]:
            messages[one.message].append(one)
        sent = 0
        for message, theirs in messages.items():
            goes_now = bool(message) or any(KINDS[one.notice.kind].is_urgent for one in theirs)
            if channel not in self._is_away and (goes_now or not self._has_had_enough(readers, channel)):
                sent += self._send_one(readers, channel, message, theirs)
        return sent

    def _end_the_needless(self) -> None:
        """End what was read or is over meanwhile, and what could not be sent for days."""
        old = self._now - GIVEN_UP_AFTER
        over = Q(notice__read_at__isnull=False) | Q(notice__at__lt=old, due_at__lte=self._now)
        ids = list(_open().filter(over).order_by().values_list("pk", flat=True)[:MOST_A_RUN])
        if ids:
            NoticeDelivery.objects.filter(pk__in=ids).update(ended_at=self._now)

    def _has_had_enough(self, readers: Sequence[Reader], channel: str) -> bool:
        users = [one.user.pk for one in readers]
        lately = NoticeDelivery.objects.filter(
            notice__user__in=users, channel=channel, sent_at__gt=self._now - datetime.timedelta(hours=1)
        )
        return lately.order_by().values("message").distinct().count() >= MESSAGES_AN_HOUR

    def _claim(self, message: str, theirs: Sequence[NoticeDelivery]) -> list[NoticeDelivery]:
        """Take deliveries by compare-and-set, as if this try will fail: others leave them alone for a while."""
        taken = []
        for one in theirs:
            wait = min(FIRST_WAIT * 2**one.tries, LONGEST_WAIT)
            changed = _open().filter(pk=one.pk, due_at=one.due_at, notice__read_at__isnull=True)
            if changed.update(message=message, tries=one.tries + 1, due_at=self._now + span(wait)):
                taken.append(one)
        return taken

    def _send_one(self, readers: Sequence[Reader], channel: str, message: str, theirs: Sequence[NoticeDelivery]) -> int:
        """Send one message to readers who share an address; each part of it is what one of them reaches."""
        name = message or uuid.uuid4().hex
        taken = self._claim(name, theirs)
        if not taken:
            return 0
        ids, first = [one.pk for one in taken], readers[0]
        notices = list(Notice.objects.filter(pk__in=[one.notice_id for one in taken]).order_by("pk"))
        with translation.override(first.language), timezone.override(zone_of(first.user)):
            told, paragraphs = _parts(readers, notices)
            if not paragraphs:
                NoticeDelivery.objects.filter(pk__in=ids).update(ended_at=self._now)
                return 0
            subject, text = words.subject_of(told), words.message_text(paragraphs)
        try:
            if channel == MAIL:
                post(subject, text, first.user.email, name)
            else:
                chat.post(first.chosen, subject, text)
        except chat.Refused as refused:
            logger.warning("notices of user %s wait: the chat refused: %s", first.user.pk, refused)
            return 0
        except Exception as error:
            # The server's own text may contain addresses or log-ins, so only the error's class is logged.
            self._is_away.add(channel)
            what = "mail server" if channel == MAIL else "chat"
            logger.warning("%s notices wait: the %s failed: %s", len(taken), what, type(error).__name__)
            return 0
        NoticeDelivery.objects.filter(pk__in=ids).update(sent_at=self._now)
        return 1


def _address(reader: Reader, channel: str) -> str:
    """Return what a channel leads to, by which messages are put together; empty where there is no way now."""
    if not reader.user.is_active or not reader.can_get(channel):
        return ""
    return reader.user.email.lower() if channel == MAIL else f"user {reader.user.pk}"


def _parts(readers: Sequence[Reader], notices: Sequence[Notice]) -> tuple[list[Notice], list[Paragraph]]:
    """Return what a message tells of, each cause once, and its paragraphs."""
    told: list[Notice] = []
    paragraphs: list[Paragraph] = []
    for reader in readers:
        known = {one.key for one in told}
        theirs = [one for one in notices if one.user_id == reader.user.pk and one.key not in known]
        within, parts = words.in_a_message(reader.user, theirs)
        told += within
        paragraphs += parts
    return told, paragraphs


def post(subject: str, text: str, address: str, message: str) -> None:
    """Send one mail under the name of a message; raises the mail server's error."""
    host = settings.PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0] or "callcenter.invalid"
    letter = EmailMessage(
        f"Callcenter: {subject}", text, None, [address], headers={"Message-ID": f"<{message}@{host}>"},
        connection=get_connection(timeout=MAIL_TIMEOUT),
    )  # fmt: skip
    letter.send()
