"""Digests: what calling came to in a day or a week, by mail, to those who asked for it, of what they may see.

The row of a digest is written before it is sent, one for a user, period and day, so that no worker sends a second one.
After a worker that died between sending and noting it, it leaves once more under the same Message-ID.
"""

from __future__ import annotations

import datetime
import logging
import time
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.clock import zone_of
from callcenter.access.roles import may
from callcenter.formats.amounts import clock_length, number, plain_money
from callcenter.formats.calendars import in_digits, whole_day
from callcenter.formats.zones import moment_at
from campaigns.answers.figures import GoalFigures, goal_of
from campaigns.core.clock import span
from campaigns.core.scope import seen_by
from campaigns.models import Campaign, Digest, NoticeSettings
from campaigns.notices import choices, deliveries, inbox
from campaigns.notices.kinds import MAIL
from campaigns.notices.paragraphs import link
from campaigns.reports import figures
from campaigns.reports.figures import FigureSums, Scope

logger = logging.getLogger(__name__)

Period = Digest.Period
SEES_RESULTS = "see_calls"
"""The right without which nobody gets a digest: its figures are of calls."""
CAMPAIGNS_NAMED = 20
LATE = datetime.timedelta(hours=12)
"""Where nothing ran at its hour, a digest is planned for so long afterwards."""
WAIT = 600
"""Seconds before another try."""
SECONDS_A_RUN = 20.0
MOST_A_RUN = 200


# When


def plan(now: datetime.datetime) -> int:
    """Write the digests whose hour has come on their user's clock, once a period; returns how many."""
    wanted = NoticeSettings.objects.filter(Q(daily_digest=True) | Q(weekly_digest=True), user__is_active=True)
    planned = 0
    for chosen in wanted.select_related("user").order_by("pk").iterator():
        for period in _due(chosen, now):
            day = now.astimezone(zone_of(chosen.user)).date()
            _row, is_new = Digest.objects.get_or_create(
                user=chosen.user, period=period, day=day, defaults={"due_at": now}
            )
            if is_new:
                # What could not be sent until now is a day or a week old: this one is newer.
                older = Digest.objects.filter(user=chosen.user, period=period, day__lt=day, sent_at=None, ended_at=None)
                older.update(ended_at=now)
            planned += is_new
    return planned


def _due(chosen: NoticeSettings, now: datetime.datetime) -> list[Period]:
    zone = zone_of(chosen.user)
    there = now.astimezone(zone)
    hour = datetime.time(min(chosen.digest_hour, 23))
    at = moment_at(datetime.datetime.combine(there.date(), hour), zone)
    if not at <= now < at + LATE:
        return []
    is_day = there.weekday() == chosen.digest_weekday
    return [
        *([Period.DAILY] if chosen.daily_digest else []),
        *([Period.WEEKLY] if chosen.weekly_digest and is_day else []),
    ]


def send(now: datetime.datetime) -> int:
    """Send the digests that wait; returns how many left. Logs errors and never raises."""
    sent, until = 0, time.monotonic() + SECONDS_A_RUN
    open_ones = Digest.objects.filter(sent_at__isnull=True, ended_at__isnull=True)
    try:
        open_ones.filter(due_at__lte=now, day__lt=(now - LATE - datetime.timedelta(days=1)).date()).update(ended_at=now)
        for one in open_ones.filter(due_at__lte=now).select_related("user").order_by("pk")[:MOST_A_RUN]:
            if time.monotonic() > until:
                break
            # Claimed by compare-and-set, as if this try will fail.
            if open_ones.filter(pk=one.pk, due_at=one.due_at).update(due_at=now + span(WAIT), tries=one.tries + 1):
                sent += _send_one(one, now)
    except Exception:
        logger.exception("digests could not be sent")
    return sent


def _send_one(one: Digest, now: datetime.datetime) -> int:
    reader = choices.reader(one.user)
    row = Digest.objects.filter(pk=one.pk)
    if not may_get(one.user) or not reader.can_get(MAIL):
        row.update(ended_at=now)
        return 0
    with translation.override(reader.language), timezone.override(zone_of(one.user)):
        made = digest_of(one.user, Period(one.period), one.day)
        subject, text = subject_of(made), text_of(made)
    try:
        deliveries.post(subject, text, one.user.email, f"digest-{one.pk}")
    except Exception as error:
        logger.warning("a digest waits: the mail server failed: %s", type(error).__name__)
        return 0
    row.update(sent_at=now)
    return 1


def may_get(person: User) -> bool:
    """Return whether a user may get digests."""
    return person.is_active and may(person, SEES_RESULTS)


# What


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """One campaign of a digest."""

    name: str
    link: str
    sums: FigureSums
    goal: GoalFigures | None

    @property
    def path(self) -> str:
        """The address of its page within the product."""
        return self.link.removeprefix(settings.PUBLIC_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFigures:
    """What a digest tells: of all calls that its reader may see, and by campaign."""

    period: Period
    since: datetime.date
    until: datetime.date
    total: FigureSums
    campaigns: list[CampaignLine] = field(default_factory=list)
    more: int = 0
    """Campaigns that are not named."""
    unread: int = 0
    """Notices that the reader has not read."""


def digest_of(person: User, period: Period, day: datetime.date) -> DigestFigures:
    """Return the figures of the day, or the seven days, before a day, in the active zone, of what a person may see."""
    until = day - datetime.timedelta(days=1)
    since = until if period == Period.DAILY else until - datetime.timedelta(days=6)
    scope = Scope(since, until)
    found = figures.count(scope, person, reads_differences=False, reads_attempts=False)
    ids = [pk for pk in found.campaigns if pk]
    rows = {row.pk: row for row in seen_by(person, Campaign.objects.filter(pk__in=ids)).prefetch_related("questions")}
    named = [pk for pk in ids if pk in rows][:CAMPAIGNS_NAMED]
    return DigestFigures(
        period=period,
        since=since,
        until=until,
        total=found.total,
        campaigns=[
            CampaignLine(
                name=rows[pk].name,
                link=link("campaign", pk),
                sums=found.campaigns[pk],
                goal=goal_of(rows[pk], list(rows[pk].questions.all())),
            )
            for pk in named
        ],
        more=len(rows) - len(named),
        unread=inbox.unread(person),
    )


def subject_of(made: DigestFigures) -> str:
    """Return the subject of a digest."""
    day = whole_day(made.until)
    return _("%(name)s, %(day)s") % {"name": Period(made.period).label, "day": day}


def sums_in_words(sums: FigureSums) -> str:
    """Return the figures of a group of calls in one line."""
    said = [
        ngettext("%(n)s call", "%(n)s calls", sums.sent) % {"n": number(sums.sent)},
        _("%(n)s answered") % {"n": number(sums.talked)},
    ]
    if sums.answer_rate is not None:
        said.append(_("answer rate %(percent)s %%") % {"percent": number(sums.answer_rate)})
    said += [
        _("cost %(amount)s") % {"amount": plain_money(sums.cost(one), one)}
        for one in sums.currencies
        if sums.cost(one) > Decimal(0)
    ]
    return _(", ").join(said)


def goal_in_words(goal: GoalFigures) -> str:
    """Return how many reached a campaign's goal, of its whole time."""
    reached = {"n": number(goal.reached)}
    if goal.of_answered is None:
        return _("goal reached: %(n)s") % reached
    return _("goal reached: %(n)s (%(percent)s %% of conversations)") % {**reached, "percent": number(goal.of_answered)}


def lines_of(made: DigestFigures) -> list[str]:
    """Return a digest as lines, without the pages of its campaigns."""
    days = whole_day(made.since)
    if made.since != made.until:
        days = _("%(since)s to %(until)s") % {"since": whole_day(made.since), "until": whole_day(made.until)}
    return [
        days,
        _("All calls: %(figures)s") % {"figures": sums_in_words(made.total)},
        _("Talk time: %(time)s") % {"time": in_digits(clock_length(made.total.talk_seconds))},
    ]


def text_of(made: DigestFigures) -> str:
    """Return the text of a digest's mail."""
    parts = ["\n".join(lines_of(made))]
    for one in made.campaigns:
        goal = [goal_in_words(one.goal)] if one.goal is not None else []
        parts.append("\n".join([one.name, _(", ").join([sums_in_words(one.sums), *goal]), one.link]))
    if made.more:
        more = ngettext("And %(n)s more campaign.", "And %(n)s more campaigns.", made.more)
        parts.append(f"{more % {'n': number(made.more)}} {link('reports')}")
    if made.unread:
        waits = ngettext("%(n)s notice needs attention.", "%(n)s notices need attention.", made.unread)
        parts.append(f"{waits % {'n': number(made.unread)}} {link('notices')}")
    parts.append(_("You asked for this digest. Change or stop it here: %(page)s") % {"page": link("notice-settings")})
    return "\n\n".join(parts)


def forget_old(now: datetime.datetime) -> int:
    """Delete the rows of digests that are a month old; returns how many."""
    return Digest.objects.filter(day__lt=(now - datetime.timedelta(days=31)).date()).delete()[0]
