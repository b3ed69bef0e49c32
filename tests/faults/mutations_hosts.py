"""Mutations of what several hosts share."""

from __future__ import annotations

from tests.faults.mutant import LEASES, SHARING, SHARING_TESTS, SLICE_OF_HOSTS_TESTS, Mutant

SHARED = (
    Mutant(
        "give a provider to a host that serves one fewer",
        SHARING,
        "LEAST_MORE = 2",
        "LEAST_MORE = 1",
        SHARING_TESTS + "the_numbers_become_even_and_stay",
    ),
    Mutant(
        "give to a slice that was not seen lately",
        SHARING,
        "if now - seen < seen_at < now + seen:",
        "if True:",
        SHARING_TESTS + "a_slice_that_was_not_seen_lately_is_given_nothing",
    ),
    Mutant(
        "let a slice that ends stand as one that takes",
        SHARING,
        "            RunningSlice.objects.filter(pk=self._token).delete()\n",
        "",
        SHARING_TESTS + "a_slice_that_ends_is_given_nothing",
    ),
    Mutant(
        "give by what was counted before the lock",
        SHARING,
        "if row is None or not Served(self._kind, now).may_give(self._token, row.host):",
        "if row is None:",
        SHARING_TESTS + "a_gift_counts_anew",
    ),
    Mutant(
        "give a lease that has lapsed",
        SHARING,
        '**{lease: self._token, f"{until}__gte": now})\n            return',
        "**{lease: self._token})\n            return",
        SHARING_TESTS + "a_lapsed_lease_is_not_given",
    ),
    Mutant(
        "give a lease that is another's",
        SHARING,
        '**{lease: self._token, f"{until}__gte": now})\n            return',
        '**{f"{until}__gte": now})\n            return',
        SHARING_TESTS + "a_lease_of_another_is_not_given",
    ),
    Mutant(
        "let every slice of a host give the same difference",
        SHARING,
        "return bool(self.leases[token]) and max(",
        "return bool(self.leases[token]) or max(",
        SHARING_TESTS + "of_two_slices_on_a_host_the_fuller_gives",
    ),
    Mutant(
        "let a slice without room take a share",
        SHARING,
        "if not serves and not self._others.leave_room(now):",
        "if False:",
        SHARING_TESTS + "a_slice_without_room_takes_nothing",
    ),
    Mutant(
        "ring for nobody",
        SHARING,
        'queue.nudge_dispatch if self._kind == "dispatch" else queue.nudge_poll)()',
        'queue.nudge_dispatch if self._kind == "dispatch" else queue.nudge_poll)',
        SHARING_TESTS + "a_living_host_without_a_slice_is_rung_for",
    ),
    Mutant(
        "ring again and again where nobody follows",
        SHARING,
        "self._ring_wait = min(2 * self._ring_wait, LONGEST_RING)",
        "self._ring_wait = 0.0",
        SHARING_TESTS + "nudges_come_more_seldom_where_nobody_follows",
    ),
    Mutant(
        "wait without end for a provider",
        SHARING,
        "time.monotonic() - self._short_since < WAIT_SECONDS",
        "True",
        SHARING_TESTS + "a_slice_waits_for_a_gift_only_a_moment",
    ),
    Mutant(
        "count the slices of other hosts against this one's room",
        LEASES,
        ".exclude(host=self._host)",
        ".none()",
        SHARING_TESTS + "only_slices_of_its_own_host_leave_a_slice_no_room",
    ),
    Mutant(
        "take lapsed leases for held ones",
        LEASES,
        'free = Q(**{f"{kind}_lease": None}) | Q(**{f"{kind}_lease_until__lt": now})\n    return',
        'free = Q(**{f"{kind}_lease": None})\n    return',
        SHARING_TESTS + "work_that_nobody_serves_is_noticed",
    ),
    Mutant(
        "keep what was reserved at a provider that was given away",
        "campaigns/dialing/dispatcher.py",
        "        reservation.release_some(self.token, list(lane.reserved))\n",
        "",
        SLICE_OF_HOSTS_TESTS + "what_was_reserved_is_free_at_once_and_commits_no_more",
    ),
    Mutant(
        "end before a provider could be given",
        "campaigns/dialing/dispatcher.py",
        "if self.sharing.is_short:",
        "if False:",
        SLICE_OF_HOSTS_TESTS + "a_slice_without_a_provider_ends_after_a_moment",
    ),
    Mutant(
        "leave the unserved to the schedule of every minute",
        "campaigns/minute_job.py",
        'if leases.has_unheld("dispatch", reservation.providers_with_work(now), now):',
        "if False:",
        SLICE_OF_HOSTS_TESTS + "work_that_nobody_serves_is_rung_for",
    ),
    Mutant(
        "end a slice that may still be given something",
        "campaigns/dialing/dispatcher.py",
        "        self._until_done(self.sharing.withdraw)\n",
        "",
        SLICE_OF_HOSTS_TESTS + "a_host_that_ends_leaves_its_providers_to_the_other",
    ),
    Mutant(
        "let no clock look for what nobody serves",
        "callcenter/worker/clock.py",
        "            minute_job.ring_for_unserved()\n",
        "",
        "tests/callcenter/worker/test_clock.py::test_unserved_work_is_looked_for_every_few_seconds",
    ),
)
