"""Mutations of what a vendor's words, times and accounts are held to: no call without a meaning, no stranger's key."""

from __future__ import annotations

from tests.faults.mutant import Mutant

IDENTITY_TESTS = "tests/providers/test_identity.py::test_"
HABIT_TESTS = "tests/campaigns/tracking/test_vendor_habits.py::test_"
WORD_TESTS = "tests/providers/test_status_words.py::test_"
UNLEASHX_TESTS = "tests/providers/test_unleashx.py::TestUnleashX::test_"
IDENTITY = "providers/services/identity.py"
HABITS = "campaigns/tracking/vendor_habits.py"
UPDATES = "campaigns/tracking/call_updates.py"
MATCHES = "providers/backends/_unleashx_matches.py"

WORDS = (
    # A key of another account
    Mutant(
        "take a key of another account while calls are open",
        IDENTITY,
        'if found.likeness == "other" and has_open_calls(provider):',
        "if False:",
        IDENTITY_TESTS + "a_key_of_another_account_is_refused_while_calls_are_open",
    ),
    Mutant(
        "keep a key of another account on a person's word",
        "providers/forms.py",
        "self.verdict is not None and self.verdict.may_be_kept",
        "self.verdict is not None",
        IDENTITY_TESTS + "a_key_of_another_account_is_refused_while_calls_are_open",
    ),
    Mutant(
        "conclude another account from a call that the vendor lost",
        IDENTITY,
        "must_be_found = control is True or (control is None and backend.reads_more_alone)",
        "must_be_found = True",
        IDENTITY_TESTS + "a_call_that_the_vendor_lost_proves_no_other_account",
    ),
    Mutant(
        "ask nothing of the agents",
        IDENTITY,
        "if agents and backend.supports_list_agents:",
        "if False:",
        IDENTITY_TESTS + "agents_stand_in_where_no_call_is_known",
    ),
    Mutant(
        "take old calls for signs of the account",
        IDENTITY,
        ".filter(placing_at__gt=since)",
        "",
        IDENTITY_TESTS + "old_calls_are_no_sign_of_an_account",
    ),
    Mutant(
        "compare no key that was stored untested",
        "providers/services/checking.py",
        'is_due = provider.identity.get("likeness") == UNCOMPARED',
        "is_due = False",
        IDENTITY_TESTS + "a_key_that_was_stored_untested_is_compared_at_the_first_test",
    ),
    Mutant(
        "store over a call that became open",
        "providers/services/keys.py",
        'if comparison and comparison.likeness == "other" and has_open_calls(provider):',
        "if False:",
        IDENTITY_TESTS + "a_call_that_became_open_meanwhile_keeps_the_key",
    ),
    # Words
    Mutant(
        "leave a word in use without a meaning",
        "providers/backends/unleashx.py",
        '        "not_picked": CallStatus.NO_ANSWER,\n',
        "",
        WORD_TESTS + "published_and_seen_words_are_mapped",
    ),
    Mutant(
        "take a voicemail for a person",
        "providers/base.py",
        'return replace(snapshot, answered_by="machine") if is_machine else snapshot',
        "return snapshot",
        "tests/providers/test_voicy.py::TestVoicy::test_admin_can_map_a_new_word_to_a_machine",
    ),
    Mutant(
        "map a word to what no vendor may say",
        "providers/services/status_words.py",
        "ours in offered and may_be_mapped_to(ours)",
        "bool(ours)",
        HABIT_TESTS + "only_what_a_vendor_may_say_can_be_chosen",
    ),
    Mutant(
        "leave calls with a mapped word to their next read",
        HABITS,
        "found += waiting.filter(pk__in=same).update(next_poll_at=now)",
        "found += len(same)",
        HABIT_TESTS + "a_strange_word_is_counted_shown_and_mapped_at_once",
    ),
    Mutant(
        "let a read that knew less put a call off",
        UPDATES,
        "(snapshot.more_to_read or habits.is_mapped_now(call, snapshot))",
        "snapshot.more_to_read",
        HABIT_TESTS + "a_read_that_was_out_while_the_word_was_mapped_is_repeated_soon",
    ),
    Mutant(
        "read on with the old meanings",
        "campaigns/tracking/polling.py",
        " or self.backends[provider.pk][0] != opened_with",
        "",
        HABIT_TESTS + "the_running_slice_takes_a_new_meaning_at_once",
    ),
    Mutant(
        "count a word at every read",
        HABITS,
        "if snapshot.status is None and raw and _is_new_to(call, raw):",
        "if snapshot.status is None and raw:",
        HABIT_TESTS + "a_word_counts_once_a_call_and_keeps_its_times",
    ),
    Mutant(
        "keep a word for every call",
        "providers/models/status_words.py",
        "if self.filter(provider=provider_id).count() < MOST_WORDS:",
        "if True:",
        HABIT_TESTS + "a_word_of_every_call_fills_no_table",
    ),
    # UnleashX's zone and rows
    Mutant(
        "read on in the wrong zone",
        "providers/models/provider.py",
        'if "utc_offset" in defaults:',
        "if False:",
        HABIT_TESTS + "the_zone_is_found_from_the_first_calls",
    ),
    Mutant(
        "believe one late call about the zone",
        "providers/models/found_offset.py",
        "OVERTURNED_BY = 3",
        "OVERTURNED_BY = 1",
        HABIT_TESTS + "one_call_that_was_created_late_overturns_no_zone",
    ),
    Mutant(
        "guess a row while the zone is not known",
        MATCHES,
        "is_doubtful = fits_elsewhere and not zone",
        "is_doubtful = False",
        UNLEASHX_TESTS + "no_row_is_guessed_while_the_zone_is_not_known",
    ),
    Mutant(
        "find the zone without using it",
        MATCHES,
        'zone = zone or next((offset for offset in certain.values() if offset), "")',
        "zone = zone",
        UNLEASHX_TESTS + "a_certain_row_tells_the_zone_of_the_others",
    ),
    Mutant(
        "say nothing of rows that fit equally well",
        MATCHES,
        "elif row is None and (candidates or fits_elsewhere):",
        "elif False:",
        UNLEASHX_TESTS + "recorded_exchange_comes_out_as_written",
    ),
    Mutant(
        "forget that a call's rows are in doubt",
        UPDATES,
        "if is_news or _matched_by(call, snapshot) != call.matched_by:",
        "if is_news:",
        HABIT_TESTS + "rows_that_fit_equally_well_are_told_and_cleared",
    ),
    Mutant(
        "list in the wrong zone",
        "providers/backends/unleashx.py",
        "zone = self._zone or zone_ahead(rows, datetime.now(UTC))",
        "zone = self._zone",
        UNLEASHX_TESTS + "rows_of_the_future_tell_a_lists_zone",
    ),
)
