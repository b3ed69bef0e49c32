"""The report's sections on what calls found out: the goal of each campaign, and how each question was answered."""

from __future__ import annotations

from django.utils.translation import gettext as _

from campaigns.answers.questions import goal_words, key_words
from campaigns.answers.typed import number_key
from campaigns.reports.plots import Bar, lying_bars
from campaigns.reports.tables import DRAWN, Drawing, ReportColumn, ReportSection, Value


class AnswerSections(Drawing):
    """Sections on what calls found out."""

    def goals(self) -> ReportSection:
        """Return the section of the goals of campaigns."""
        rows: list[list[Value]] = []
        bars: list[Bar] = []
        for asked in self.figures.answers or ():
            if asked.reached is None:
                continue
            question = asked.question
            talked = self.figures.campaigns[question.campaign_id].talked
            rate = round(100 * asked.reached / talked, 1) if talked else None
            reached = self.link(campaign=question.campaign_id, question=question.pk, answer=question.goal)
            if rate is not None and len(bars) < DRAWN:
                bars.append(Bar(question.campaign.name, rate, self.percent(rate), reached, "plot-good"))
            rows.append(
                [
                    Value(question.campaign.name),
                    Value(f"{question.name}: {goal_words(question)}"),
                    Value(talked, self.link(campaign=question.campaign_id, state="talked")),
                    Value(asked.answered, self.link(campaign=question.campaign_id, question=question.pk)),
                    Value(asked.reached, reached if asked.reached else ""),
                    Value(rate),
                ]
            )
        return ReportSection(
            "goals",
            _("Campaign goals"),
            _("Share of answered calls that reached the campaign's goal (%)."),
            [
                ReportColumn(_("Campaign")),
                ReportColumn(_("Goal")),
                ReportColumn(_("Talk time"), "number"),
                ReportColumn(_("Answered"), "number"),
                ReportColumn(_("Reached"), "number"),
                ReportColumn(_("Share"), "percent"),
            ],
            rows,
            [lying_bars(bars)] if bars else [],
            _("No campaign in these days has a goal, or you may not hear its calls."),
        )

    def questions(self) -> ReportSection:
        """Return the section of all questions."""
        rows = []
        for asked in self.figures.answers or ():
            question, found = asked.question, {"campaign": asked.question.campaign_id, "question": asked.question.pk}
            share = round(100 * asked.most_given_by / asked.answered, 1) if asked.most_given else None
            most = key_words(question, asked.most_given) if asked.most_given else ""
            if asked.average is not None:
                most = _("%(n)s on average") % {"n": number_key(round(asked.average, 2))}
            rows.append(
                [
                    Value(question.campaign.name),
                    Value(question.name),
                    Value(asked.answered, self.link(**found)),
                    Value(asked.unreadable, self.link(**found, answer="?") if asked.unreadable else ""),
                    Value(most),
                    Value(share),
                ]
            )
        return ReportSection(
            "questions",
            _("Answers to questions"),
            _("How the questions of campaigns were answered, with the most frequent or average answer."),
            [
                ReportColumn(_("Campaign")),
                ReportColumn(_("Question")),
                ReportColumn(_("Answered"), "number"),
                ReportColumn(_("Not readable"), "number"),
                ReportColumn(_("Most frequent")),
                ReportColumn(_("Share"), "percent"),
            ],
            rows,
            [],
            _("No questions were answered in these days, or you may not hear the calls."),
        )
