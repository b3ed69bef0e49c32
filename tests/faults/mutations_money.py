"""Mutations of budgets and caps: what is broken, where, and the one fast test that must notice."""

from __future__ import annotations

from tests.faults.mutant import BUDGET, COMMIT_TESTS, COMMITTING, Mutant

COSTS = "campaigns/core/costs.py"
DAY_CAPS = "campaigns/core/day_caps.py"
RESERVING = "campaigns/dialing/reservation.py"
CONSEQUENCES = "campaigns/tracking/consequences.py"
AFTER_CALL = "campaigns/tracking/after_call.py"
ESTIMATES = "campaigns/launch/estimates.py"
DRAFTS = "campaigns/launch/drafts.py"

BUDGET_TESTS = "tests/campaigns/core/test_budget.py::test_"
CAP_TESTS = "tests/campaigns/core/test_day_caps.py::test_"
ESTIMATE_TESTS = "tests/campaigns/launch/test_estimates.py::test_"
HISTORIES = "tests/campaigns/core/test_budget_histories.py::test_no_history_overspends"

MONEY = (
    Mutant(
        "no budget",
        BUDGET,
        "        if campaign.budget is None:\n            return True\n        if campaign.budget_is_soft",
        "        if True:\n            return True\n        if campaign.budget_is_soft",
        COMMIT_TESTS + "the_budget_is_reserved_at_the_worst_case_and_really_stops",
    ),
    Mutant(
        "a hard budget reserves what is likely",
        COMMITTING,
        "self.worst[call.longest] = worst_cost(self.provider, call.longest)",
        "self.worst[call.longest] = self.provider.price_per_minute",
        BUDGET_TESTS + "a_hard_budget_holds_even_if_every_call_runs_to_its_longest",
    ),
    Mutant(
        "the live calls' worst costs are left out of a hard budget",
        BUDGET,
        "campaign.spent_cost + campaign.reserved_cost + worst <= campaign.budget",
        "campaign.spent_cost + worst <= campaign.budget",
        BUDGET_TESTS + "a_hard_budget_holds_even_if_every_call_runs_to_its_longest",
    ),
    Mutant(
        "the calls of one commit point do not see each other's reserves",
        BUDGET,
        "            campaign.reserved_cost += worst\n",
        "",
        HISTORIES,
    ),
    Mutant(
        "the agent's own limit does not count",
        COSTS,
        "seconds = provider.max_call_seconds if agent_longest is None else agent_longest + END_SECONDS",
        "seconds = provider.max_call_seconds",
        BUDGET_TESTS + "the_agents_own_limit_is_its_worst_case",
    ),
    Mutant(
        "a call ends exactly at its limit",
        COSTS,
        "agent_longest + END_SECONDS",
        "agent_longest",
        BUDGET_TESTS + "the_agents_own_limit_is_its_worst_case",
    ),
    Mutant(
        "a soft budget does not count the calls in flight",
        BUDGET,
        "self._live[campaign.pk] * self._likely < campaign.budget",
        "0 < campaign.budget + self._likely * 1000",
        BUDGET_TESTS + "a_soft_budget_is_overspent_by_at_most_the_calls_in_flight",
    ),
    Mutant(
        "a release wakes nobody",
        BUDGET,
        "row.update(**values, money_wait=MoneyWait.NONE)",
        "row.update(**values)",
        BUDGET_TESTS + "a_release_wakes_whoever_waits_and_no_clock_does",
    ),
    Mutant(
        "a release does not nudge the dispatcher",
        BUDGET,
        "money_wait=MoneyWait.NONE)\n            queue.nudge_dispatch()\n",
        "money_wait=MoneyWait.NONE)\n",
        BUDGET_TESTS + "a_release_nudges_the_dispatcher_only_where_somebody_waits",
    ),
    Mutant(
        "a campaign that waits for money is reserved from",
        RESERVING,
        "running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE)\n",
        "running = Campaign.objects.filter(status=Campaign.Status.RUNNING)\n",
        BUDGET_TESTS + "a_campaign_that_waits_for_money_is_passed_over",
    ),
    Mutant(
        "a campaign that waits for money keeps a slice running",
        RESERVING,
        "running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE).order_by()",
        "running = Campaign.objects.filter(status=Campaign.Status.RUNNING).order_by()",
        BUDGET_TESTS + "a_campaign_that_waits_for_money_is_passed_over",
    ),
    Mutant(
        "a greater budget wakes nobody",
        DRAFTS,
        '            campaign.money_wait = ""\n',
        "",
        BUDGET_TESTS + "more_budget_wakes_at_once",
    ),
    Mutant(
        "two currencies are added",
        COSTS,
        "if cost is not None and (not currency or not provider.currency or currency == provider.currency):",
        "if cost is not None:",
        BUDGET_TESTS + "a_cost_in_another_currency_is_not_added",
    ),
    Mutant(
        "a cost that is told late is not counted",
        CONSEQUENCES,
        "            self.priced.append((call, before, after))\n",
        "            pass\n",
        BUDGET_TESTS + "a_cost_that_is_told_late_corrects_what_was_spent",
    ),
    Mutant(
        "a corrected cost is counted twice",
        AFTER_CALL,
        "(_cost(call, before) if before.has_ended else Decimal(0))",
        "Decimal(0)",
        BUDGET_TESTS + "a_cost_that_is_told_late_corrects_what_was_spent",
    ),
    # Caps of the day
    Mutant(
        "no cap of the day",
        DAY_CAPS,
        "if left is not None and cost > left:",
        "if False:",
        CAP_TESTS + "a_cap_holds_calls_of_campaigns_and_single_ones",
    ),
    Mutant(
        "the calls of one commit point do not see each other under a cap",
        DAY_CAPS,
        "                self._left[key] -= cost\n",
        "                pass\n",
        CAP_TESTS + "a_cap_holds_calls_of_campaigns_and_single_ones",
    ),
    Mutant(
        "a cap forgets what was spent today",
        "campaigns/tracking/after_call.py",
        "    day_caps.book_spent(costs, now)\n",
        "",
        CAP_TESTS + "what_was_spent_today_counts_and_what_was_spent_yesterday_does_not",
    ),
    Mutant(
        "a cap adds up all days",
        DAY_CAPS,
        "WHERE day = %s AND currency = %s",
        "WHERE (day = %s OR 1 = 1) AND currency = %s",
        CAP_TESTS + "what_was_spent_today_counts_and_what_was_spent_yesterday_does_not",
    ),
    Mutant(
        "a cap adds up two currencies",
        DAY_CAPS,
        "AND c.placing_at < %s AND p.currency = %s",
        "AND c.placing_at < %s AND (p.currency = %s OR 1 = 1)",
        CAP_TESTS + "calls_of_others_and_of_other_currencies_are_not_counted",
    ),
    Mutant(
        "a day is UTC's",
        DAY_CAPS,
        "zone = timezone.get_default_timezone()",
        "zone = datetime.UTC",
        CAP_TESTS + "a_call_belongs_to_the_day_of_its_commit_point_in_the_installations_zone",
    ),
    Mutant(
        "a correction is counted on the day that it is told",
        DAY_CAPS,
        "day = day_of(call.placing_at or now).date",
        "day = day_of(now).date",
        CAP_TESTS + "a_call_belongs_to_the_day_of_its_commit_point_in_the_installations_zone",
    ),
    Mutant(
        "the caps' rows are not locked",
        DAY_CAPS,
        "locked = lock_rows(DayCap, [pk for pk, team, who in rows if team in teams or who in people], _READ)",
        "locked = DayCap.objects.in_bulk([pk for pk, team, who in rows if team in teams or who in people])",
        CAP_TESTS + "the_rows_of_caps_are_locked",
    ),
    Mutant(
        "another campaign's release wakes nobody who waits for the day",
        CONSEQUENCES,
        "        transaction.on_commit(budget.wake_for_the_day)\n",
        "        pass\n",
        CAP_TESTS + "a_release_of_another_campaign_wakes_whoever_waits_for_the_day",
    ),
    Mutant(
        "the minute job wakes nobody",
        "campaigns/minute_job.py",
        "budget.wake_waiting()",
        "0",
        BUDGET_TESTS + "the_minute_job_wakes_what_a_dead_process_did_not",
    ),
    # What is said before
    Mutant(
        "the estimate forgets the worst cost of the last call",
        ESTIMATES,
        "return Decimal((self.left - self.worst) // self.a_call + 1) if self.left >= self.worst else Decimal(0)",
        "return Decimal(self.left // self.a_call)",
        ESTIMATE_TESTS + "a_budget_says_whom_it_leaves_uncalled_and_how_many_calls_run_at_a_time",
    ),
    Mutant(
        "the expected end forgets the budget",
        ESTIMATES,
        "lines = money.lines(within) if money else None",
        "lines = None",
        ESTIMATE_TESTS + "the_expected_end_of_a_running_campaign_knows_its_budget",
    ),
)
