"""Mutations of what carries out a wish for no more calls: at vendors, for every number, and heard in any shape."""

from __future__ import annotations

from tests.faults.mutant import ELIGIBILITY, ELIGIBILITY_TESTS, FACTS, Mutant

ENTRIES = "campaigns/contacts/do_not_call.py"
HEARD = "campaigns/contacts/heard_opt_outs.py"
NUMBERS = "campaigns/core/all_numbers.py"
WISHES = "campaigns/contacts/person_wishes.py"
PEOPLE = "campaigns/contacts/people.py"
DUPLICATES = "campaigns/contacts/duplicates.py"
REQUESTS = "campaigns/core/stop_requests.py"
STOPS = "campaigns/tracking/vendor_stops.py"
STOP_ALL = "campaigns/core/stop_all.py"
FOLLOWING = "campaigns/tracking/consequences.py"
HEARING = "providers/opt_outs.py"
UNLEASHX = "providers/backends/unleashx.py"
UNLEASHX_ROWS = "providers/backends/_unleashx_rows.py"

WAY_TESTS = "tests/campaigns/tracking/test_vendor_stops_ways.py::test_"
EVERY_WAY = WAY_TESTS + "every_way_takes_back_what_the_vendor_keeps[bolna]"
STOP_TESTS = "tests/campaigns/tracking/test_vendor_stops.py::test_"
HEARD_TESTS = "tests/campaigns/contacts/test_heard_opt_outs.py::test_"
WISH_TESTS = "tests/campaigns/contacts/test_person_wishes.py::test_"
UNLEASHX_TESTS = "tests/providers/test_unleashx.py::TestUnleashX::test_"
HEARING_TESTS = "tests/providers/test_opt_outs.py::test_"
EVERYBODY = ELIGIBILITY_TESTS + "everybody_answers_the_same"
OUTLIVES = HEARD_TESTS + "what_was_heard_outlives_a_worker"

THE_WISHES = (
    # At the vendor
    Mutant(
        "an entry asks no vendor",
        ENTRIES,
        "        stops = stop_requests.for_numbers(list(wishes), stop_requests.Cause.OPT_OUT, now, actor_id)",
        "        stops = stop_requests.NONE",
        EVERY_WAY,
    ),
    Mutant(
        "an ended campaign asks no vendor",
        REQUESTS,
        "    stops = _ask(Call.objects.live().filter(campaign=campaign_id), Cause.CAMPAIGN, now, actor_id)",
        "    stops = NONE",
        EVERY_WAY,
    ),
    Mutant(
        "stop-all asks no vendor",
        STOP_ALL,
        "        stops = stop_requests.for_all(switch.stopped_at, person.pk)",
        "        stops = stop_requests.Stops()",
        EVERY_WAY,
    ),
    Mutant(
        "a held number asks no vendor",
        HEARD,
        "    stop_requests.for_numbers(numbers, Cause.HELD, timezone.now())",
        "    pass",
        EVERY_WAY,
    ),
    Mutant(
        "nobody looks for what was not asked",
        REQUESTS,
        "        stops = _ask(live.filter(condition), cause, now, None)",
        "        stops = NONE",
        WAY_TESTS + "an_entry_written_past_the_product_is_found_by_the_minute_job",
    ),
    Mutant(
        "a refused request is not made again",
        STOPS,
        "        mine.update(answer=StopRequest.Answer.NOT_YET, next_try_at=now + wait)",
        "        mine.update(answer=StopRequest.Answer.NOT_YET, closed_at=now)",
        STOP_TESTS + "a_vendor_that_keeps_the_order_is_asked_again_ever_more_slowly",
    ),
    Mutant(
        "a refused request is made again at once",
        STOPS,
        "        wait = WAITS[min(one.request.tries, len(WAITS) - 1)]",
        "        wait = datetime.timedelta(0)",
        STOP_TESTS + "a_vendor_that_keeps_the_order_is_asked_again_ever_more_slowly",
    ),
    Mutant(
        "a request outlives its call",
        REQUESTS,
        "    closed += over.update(closed_at=now, answer=StopRequest.Answer.OVER)",
        "    pass",
        STOP_TESTS + "an_order_that_nobody_takes_back_is_ended_by_its_silence_and_a_person",
    ),
    Mutant(
        "a weaker cause takes the place of a stronger one",
        REQUESTS,
        "        elif STRENGTH.index(cause) < STRENGTH.index(known):",
        "        else:",
        STOP_TESTS + "the_strongest_cause_of_a_call_is_kept",
    ),
    Mutant(
        "a released stop-all still takes calls back",
        STOP_ALL,
        "        stop_requests.drop(stop_requests.Cause.STOP_ALL, timezone.now())",
        "        pass",
        WAY_TESTS + "a_stop_that_ended_asks_for_nothing_more",
    ),
    Mutant(
        "a number that may be called again is still taken back",
        ENTRIES,
        "        stop_requests.drop(stop_requests.Cause.OPT_OUT, timezone.now(), [entry.phone])",
        "        pass",
        WAY_TESTS + "a_stop_that_ended_asks_for_nothing_more",
    ),
    Mutant(
        "a request outlives its cause",
        REQUESTS,
        "        closed += gone.update(closed_at=now, answer=StopRequest.Answer.DROPPED)",
        "        pass",
        STOP_TESTS + "a_request_ends_with_its_cause",
    ),
    # For every number of the person
    Mutant(
        "a wish holds for one number",
        ENTRIES,
        "        wishes = _with_all_numbers(wishes)",
        "        wishes = dict(wishes)",
        WISH_TESTS + "it_holds_for_every_number_of_the_person_and_of_nobody_else",
    ),
    Mutant(
        "a second number is another person",
        NUMBERS,
        '        *others.order_by("pk").values_list("contact", "contact__merged_into", "phone"),',
        "",
        WISH_TESTS + "it_holds_for_every_number_of_the_person_and_of_nobody_else",
    ),
    Mutant(
        "a changed number is free",
        PEOPLE,
        "                wish = hold_for_all(contact.merged_into_id or contact.pk, person, [before])",
        "                wish = None",
        WISH_TESTS + "it_follows_a_changed_number",
    ),
    Mutant(
        "the old number is forgotten",
        WISHES,
        "    every = [*numbers, *before]",
        "    every = [*numbers]",
        WISH_TESTS + "it_follows_a_changed_number",
    ),
    Mutant(
        "a hold stays with the number",
        WISHES,
        "        heard_opt_outs.carry_over([*numbers, *before], numbers)",
        "        pass",
        WISH_TESTS + "it_follows_a_changed_number",
    ),
    Mutant(
        "a merge forgets the wish",
        DUPLICATES,
        "        wish = hold_for_all(kept.pk, person)",
        "        wish = wish_of([kept.pk])",
        WISH_TESTS + "it_follows_a_merge",
    ),
    Mutant(
        "a file's further number is free",
        "campaigns/contacts/importing/saved/rows_kept.py",
        "        person_wishes.hold_for_all_of(heads, person)",
        "        pass",
        WISH_TESTS + "it_follows_a_further_number_of_a_file",
    ),
    # Maybe
    Mutant(
        "a held number is called",
        ELIGIBILITY,
        "        if facts.is_held:",
        "        if False:",
        EVERYBODY + "[it may have been a wish]",
    ),
    Mutant(
        "the commit point does not see a hold",
        FACTS,
        "            found.held.add(number)",
        "            pass",
        EVERYBODY + "[it may have been a wish]",
    ),
    Mutant(
        "a decided number stays held at the commit point",
        FACTS,
        'f"WHERE {owned} AND decided_at IS NULL "',
        'f"WHERE {owned} "',
        EVERYBODY + "[it was no wish]",
    ),
    Mutant(
        "what was heard is lost with the worker",
        FOLLOWING,
        "    _keep_opt_outs, _write_texts,",
        "    _write_texts,",
        OUTLIVES,
    ),
    Mutant(
        "nobody carries out what was kept",
        FOLLOWING,
        "    rows = heard_opt_outs.unfinished()",
        "    rows: list[HeardOptOut] = []",
        OUTLIVES,
    ),
    Mutant(
        "what a person decided is asked again",
        HEARD,
        "    HeardOptOut.objects.bulk_create(rows, ignore_conflicts=True)\n    certain",
        "    HeardOptOut.objects.filter(call__in=[row.call_id for row in rows]).delete()\n"
        "    HeardOptOut.objects.bulk_create(rows, ignore_conflicts=True)\n    certain",
        HEARD_TESTS + "all_numbers_are_held_and_freed_together",
    ),
    Mutant(
        "only the first number is held",
        HEARD,
        "        numbers = [call.to_number, *further_numbers([call.to_number])]",
        "        numbers = [call.to_number]",
        HEARD_TESTS + "all_numbers_are_held_and_freed_together",
    ),
    Mutant(
        "an entry for two days decides for ever",
        ENTRIES,
        "        for_ever = [phone for phone, wish in wishes.items() if wish.expires_at is None]",
        "        for_ever = list(wishes)",
        HEARD_TESTS + "an_entry_for_a_time_does_not_decide_it",
    ),
    Mutant(
        "anybody lets a number be called again",
        "campaigns/core/decision_kinds.py",
        '        return is_within and may(person, "remove_do_not_call")',
        "        return True",
        HEARD_TESTS + "who_may_not_take_numbers_off_the_list_decides_nothing",
    ),
    # Heard
    Mutant(
        "a maybe is nothing",
        HEARING,
        "        elif not unclear and _is_unclear(value, found):",
        "        elif False:",
        HEARING_TESTS + "an_answer_that_is_neither_yes_nor_no_is_maybe",
    ),
    Mutant(
        "a wish for today is one for ever",
        HEARING,
        "        and not (is_certain and _is_limited(words, found))",
        "",
        HEARING_TESTS + "what_looks_like_an_opt_out_is_maybe",
    ),
    Mutant(
        "a no beside a maybe is not heard",
        HEARING,
        "    if not place.is_asked or place.is_denied or _says_no(value) or not is_short:",
        "    if not place.is_asked or _says_no(value) or not is_short:",
        HEARING_TESTS + "a_no_settles_what_is_told_beside_it",
    ),
    Mutant(
        "a no to a call is nothing",
        HEARING,
        "    if place.is_permission and _says_no(value):",
        "    if False:",
        HEARING_TESTS + "who_may_not_be_called_is_maybe",
    ),
    Mutant(
        "capital letters part every word",
        "providers/opt_out_words.py",
        "    return [plain(text), plain(apart)] if is_one_word else [plain(text)]",
        "    return [plain(apart)]",
        HEARING_TESTS + "the_verdict_is_the_same_however_it_is_written",
    ),
    Mutant(
        "a phone number is kept in what was said",
        HEARING,
        '    return _DIGITS.sub("…", text)[:MOST_SAID]',
        "    return text[:MOST_SAID]",
        HEARING_TESTS + "what_was_said_is_told_without_numbers",
    ),
    Mutant(
        "a transaction's end closes a call whose words are not told yet",
        UNLEASHX_ROWS,
        'if not (has_state and name == "call_status")}',
        "}",
        UNLEASHX_TESTS + "an_end_that_only_the_transaction_tells_is_read_again[STATUS]",
    ),
    Mutant(
        "a transaction is believed before the row of its call",
        UNLEASHX_ROWS,
        "**paid, **told}",
        "**told, **paid, **(payment or {})}",
        UNLEASHX_TESTS + "an_end_that_only_the_transaction_tells_is_read_again[CALL_STATUS]",
    ),
    Mutant(
        "a transaction without a row ends a call at once",
        UNLEASHX,
        "if row is None and ended_lately(",
        "if row is None and not ended_lately(",
        UNLEASHX_TESTS + "a_call_without_a_row_ends_by_its_transaction_after_a_while",
    ),
)
