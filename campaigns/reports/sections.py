"""The report's sections about calls: answers by hour, results, retries, voicemail and opt-outs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.isolation import isolated
from callcenter.formats.zones import zone_name
from campaigns.calls import call_log_filters
from campaigns.core import results
from campaigns.reports.answers import AnswerSections
from campaigns.reports.figures import Figures, FigureSums
from campaigns.reports.money import MoneySections
from campaigns.reports.plots import Bar, heat_map, lying_bars, stacks
from campaigns.reports.tables import DRAWN, Drawing, ReportColumn, ReportSection, Value, Words
from providers.types import CallStatus

TONES = {
    results.ANSWERED: "plot-good",
    results.VOICEMAIL: "plot-accent",
    results.SILENT: "plot-line",
    CallStatus.NO_ANSWER: "plot-warn",
    CallStatus.BUSY: "plot-soft",
    CallStatus.FAILED: "plot-bad",
    CallStatus.CANCELED: "plot-edge",
}
"""How each result is drawn."""
OUTCOMES = [(results.BY_KEY[key], TONES[key]) for key in results.COUNTED]

FIRST = ("hours", "outcomes-campaigns", "outcomes-providers")
"""Sections that the page loads first; the others follow by a second request."""
ANSWERED = ("goals", "questions")
"""Sections on what calls found out, which read answers."""
REST = ("cost-days", "cost-campaigns", "cost-providers", "retries", "voicemail", "opt-outs", "bill", *ANSWERED)
DIFFERENCES = "differences"
"""The section that reads every call of the span."""
KEYS = (*FIRST, *REST, DIFFERENCES)


def sections(figures: Figures, said: Words, short_day: Words, keys: Sequence[str] = KEYS) -> list[ReportSection]:
    """Return the sections with these keys.

    `said(value, kind, currency)` and `short_day(date)` format values in the page's language.
    """
    calls, money = CallSections(figures, said, short_day), MoneySections(figures, said, short_day)
    answers = AnswerSections(figures, said, short_day)
    built: dict[str, Callable[[], ReportSection]] = {
        "hours": calls.hours,
        "outcomes-campaigns": partial(calls.outcomes, "campaigns"),
        "outcomes-providers": partial(calls.outcomes, "providers"),
        "cost-days": money.cost_by_day,
        "cost-campaigns": partial(money.cost_by, "campaigns"),
        "cost-providers": partial(money.cost_by, "providers"),
        "retries": calls.retries,
        "voicemail": calls.voicemail,
        "opt-outs": calls.opt_outs,
        "bill": money.bill,
        "goals": answers.goals,
        "questions": answers.questions,
        DIFFERENCES: lambda: money.differences(figures.differences or ()),
    }
    return [built[key]() for key in keys]


class CallSections(Drawing):
    """Sections on the results of calls."""

    def hours(self) -> ReportSection:
        """Return the section of answer rates by weekday and hour."""
        first = int(get_format("FIRST_DAY_OF_WEEK"))
        # Django's format setting counts weekdays from Sunday, ISO from Monday.
        order = [(first + n - 1) % 7 + 1 for n in range(7)]
        cells, rows = {}, []
        for index, weekday in enumerate(order):
            for hour in range(24):
                found = self.figures.hours.get((weekday, hour))
                if found is None or not found.ended:
                    continue
                rate = 100 * found.talked / found.ended
                narrowed: dict[str, object] = {"weekday": weekday, "hour": hour}
                ended = self.link(**narrowed, which=call_log_filters.ENDED)
                title = _("%(day)s, %(hour)s: %(talked)s of %(ended)s calls answered (%(rate)s)") % {
                    "day": WEEKDAYS[weekday - 1],
                    "hour": self.said(f"{hour:02d}:00", "text"),
                    "talked": self.said(found.talked, "number"),
                    "ended": self.said(found.ended, "number"),
                    "rate": self.percent(round(rate, 1)),
                }
                cells[index, hour] = Bar(title, rate, self.said(round(rate), "number"), ended)
                rows.append(
                    [
                        Value(str(WEEKDAYS[weekday - 1])),
                        Value(f"{hour:02d}:00"),
                        Value(found.ended, ended),
                        Value(found.talked, self.link(**narrowed, state=call_log_filters.TALKED)),
                        Value(round(rate, 1)),
                    ]
                )
        names = [str(WEEKDAYS_ABBR[weekday - 1]) for weekday in order]
        plot = heat_map(names, [self.said(hour, "number") for hour in range(24)], cells)
        return ReportSection(
            "hours",
            _("When people answer"),
            _("Answered calls as %% of finished calls, by weekday and hour in %(zone)s.")
            % {"zone": isolated(zone_name())},
            [
                ReportColumn(_("Weekday")),
                ReportColumn(_("Hour"), "clock"),
                ReportColumn(_("Finished"), "number"),
                ReportColumn(_("Talk time"), "number"),
                ReportColumn(_("Answer rate"), "percent"),
            ],
            rows,
            [plot] if cells else [],
            _("No calls in these days are finished yet."),
            is_folded=True,
            # All rows are in the table, because screen readers do not see the drawing.
            tabled=7 * 24,
        )

    # Results of the calls

    def outcomes(self, whose: str) -> ReportSection:
        """Return the section of results by campaign or provider (`whose`)."""
        rows, drawn = [], []
        for name, narrowed, sums in self.parts_of(whose):
            parts = [
                Bar(
                    str(result.word),
                    sums.by_result[result.key],
                    self.said(sums.by_result[result.key], "number"),
                    self.link(**narrowed, state=result.key, which=call_log_filters.SENT),
                    tone,
                )
                for result, tone in OUTCOMES
            ]
            still = self.link(**narrowed, which=call_log_filters.OPEN)
            parts.append(Bar(_("Not finished"), sums.open, self.said(sums.open, "number"), still, "plot-info"))
            drawn.append((name, parts))
            rows.append(
                [
                    Value(name),
                    Value(sums.sent, self.link(**narrowed, which=call_log_filters.SENT)),
                    *(Value(part.value, part.url if part.value else "") for part in parts),
                    Value(sums.answer_rate),
                ]
            )
        plot = stacks(drawn[:DRAWN])
        plot.legend = [(tone, str(result.word)) for result, tone in OUTCOMES] + [("plot-info", _("Not finished"))]
        by_provider = whose == "providers"
        return ReportSection(
            f"outcomes-{whose}",
            _("Results by provider") if by_provider else _("Results by campaign"),
            _("All sent calls by result. Each bar is one row."),
            [
                self.first_column(whose),
                ReportColumn(_("Sent"), "number"),
                *(ReportColumn(result.word, "number") for result, _tone in OUTCOMES),
                ReportColumn(_("Not finished"), "number"),
                ReportColumn(_("Answer rate"), "percent"),
            ],
            rows,
            [plot],
        )

    def retries(self) -> ReportSection:
        """Return the section of answer rates by attempt."""
        rows, bars = [], []
        reached = sum(found.talked for found in self.figures.attempts.values())
        for attempt, found in self.figures.attempts.items():
            over = self.link(attempt=attempt, which=call_log_filters.ENDED)
            rate = round(100 * found.talked / found.ended, 1) if found.ended else None
            name = _("Attempt %(n)s") % {"n": self.said(attempt, "number")}
            bars.append(Bar(name, rate or 0, self.percent(rate), over))
            rows.append(
                [
                    Value(attempt),
                    Value(found.sent, self.link(attempt=attempt, which=call_log_filters.SENT)),
                    Value(found.ended, over),
                    Value(found.talked, self.link(attempt=attempt, state=call_log_filters.TALKED)),
                    Value(rate),
                    Value(round(100 * found.talked / reached, 1) if reached else None),
                ]
            )
        later = sum(found.talked for attempt, found in self.figures.attempts.items() if attempt > 1)
        text = ngettext(
            "%(n)s conversation came from a second or later attempt. The bars show answer rates.",
            "%(n)s conversations came from a second or later attempt. The bars show answer rates.",
            later,
        )
        return ReportSection(
            "retries",
            _("Successful retries"),
            text % {"n": self.said(later, "number")},
            [
                ReportColumn(_("Attempt"), "number"),
                ReportColumn(_("Sent"), "number"),
                ReportColumn(_("Finished"), "number"),
                ReportColumn(_("Talk time"), "number"),
                ReportColumn(_("Answer rate"), "percent"),
                ReportColumn(_("of all conversations"), "percent"),
            ],
            rows,
            [lying_bars(bars)],
        )

    def voicemail(self) -> ReportSection:
        """Return the section of calls that a machine answered."""
        return self._rated(
            "voicemail",
            _("Voicemail"),
            _("Share of finished calls answered by a machine (%)."),
            [
                ReportColumn(_("Finished"), "number"),
                ReportColumn(_("Machines"), "number"),
                ReportColumn(_("Share"), "percent"),
            ],
            lambda sums: (sums.ended, sums.machine, sums.voicemail_share),
            (call_log_filters.ENDED, call_log_filters.MACHINE),
        )

    def opt_outs(self) -> ReportSection:
        """Return the section of opt-outs."""
        return self._rated(
            "opt-outs",
            _("Do-not-call requests"),
            _("Per 1,000 sent calls. If this rises, the message or the audience is wrong."),
            [
                ReportColumn(_("Sent"), "number"),
                ReportColumn(_("Requests"), "number"),
                ReportColumn(_("per 1,000"), "rate"),
            ],
            lambda sums: (sums.sent, sums.opted_out, sums.opt_outs_per_thousand),
            (call_log_filters.SENT, call_log_filters.OPTED_OUT),
        )

    def _rated(
        self,
        key: str,
        title: str,
        text: str,
        columns: list[ReportColumn],
        of: Callable[[FigureSums], tuple[int, int, float | None]],
        which: tuple[str, str],
    ) -> ReportSection:
        rows: list[list[Value]] = []
        bars: list[Bar] = []
        for whose in ("campaigns", "providers"):
            kind = _("Provider") if whose == "providers" else _("Campaign")
            for name, narrowed, sums in self.parts_of(whose):
                whole, part, rate = of(sums)
                part_url = self.link(**narrowed, which=which[1])
                if rate is not None and len(bars) < DRAWN:
                    bars.append(Bar(name, rate, self.said(rate, columns[2].kind), part_url))
                rows.append(
                    [
                        Value(kind),
                        Value(name),
                        Value(whole, self.link(**narrowed, which=which[0])),
                        Value(part, part_url if part else ""),
                        Value(rate),
                    ]
                )
        plots = [lying_bars(bars)] if any(bar.value for bar in bars) else []
        return ReportSection(
            key, title, text, [ReportColumn(_("What")), ReportColumn(_("Name")), *columns], rows, plots
        )
