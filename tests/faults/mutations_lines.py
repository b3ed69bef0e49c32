"""Mutations of a provider's lines: shares of campaigns, lines kept for single calls, turns by priority."""

from __future__ import annotations

from tests.faults.mutant import COMMITTING, Mutant

LINES = "campaigns/lines.py"
RESERVATION = "campaigns/dialing/reservation.py"
RULE_TESTS = "tests/campaigns/test_lines.py::test_"
LINE_TESTS = "tests/campaigns/dialing/test_lines_of_campaigns.py::test_"

LINES_OF_CAMPAIGNS = (
    Mutant(
        "the highest priority goes first, always",
        LINES,
        "        return next(owed, None) or next(one for one in ORDER if one in waiting)\n",
        "        return next(one for one in ORDER if one in waiting)\n",
        RULE_TESTS + "whoever_waits_is_never_passed_over_for_long",
    ),
    Mutant(
        "a share is of no effect",
        LINES,
        "        limits.append(max(1, lines * percent // 100))\n",
        "        limits.append(lines)\n",
        RULE_TESTS + "a_campaign_may_use_so_many_lines",
    ),
    Mutant(
        "campaigns use the lines kept for single calls",
        COMMITTING,
        "elif campaign and min(self.campaign_free[campaign.pk], self.free_to_campaigns) < 1:",
        "elif campaign and self.campaign_free[campaign.pk] < 1:",
        LINE_TESTS + "shares_hold_at_every_moment_and_everybody_gets_on",
    ),
    Mutant(
        "forget whose turn it is",
        COMMITTING,
        "        self.provider.turns = turns.stored()\n",
        "",
        LINE_TESTS + "the_higher_goes_first_and_the_lower_gets_every_tenth_call",
    ),
    Mutant(
        "reserve what a campaign's share holds up",
        RESERVATION,
        "            share = min(part, most.get(row.pk, part))\n",
        "            share = part\n",
        LINE_TESTS + "a_lower_campaign_uses_what_the_higher_may_not",
    ),
    Mutant(
        "single calls wait behind campaigns that are due longer",
        COMMITTING,
        "            elif call.campaign_id is None:\n                self.judge(call)\n            else:\n",
        "            else:\n",
        LINE_TESTS + "a_single_call_goes_before_calls_that_were_due_earlier",
    ),
)
