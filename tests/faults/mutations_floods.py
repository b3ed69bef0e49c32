"""Mutations of what keeps the desk going: slow and large requests, expensive pages, foreign files, cells, exports."""

from __future__ import annotations

from tests.faults.mutant import Mutant

ARRIVAL, LOOP = "callcenter/web_worker/arrival.py", "callcenter/web_worker/loop.py"
BODIES, ONE, ONCE = "callcenter/request_limits.py", "callcenter/one_at_a_time.py", "callcenter/made_once.py"
PARSER, CELLS = "campaigns/contacts/importing/files/parser.py", "campaigns/core/csv_cells.py"
TRYING, OWN, EXPORTS = (
    "campaigns/launch/test_call.py",
    "campaigns/launch/own_numbers.py",
    "campaigns/core/export_limits.py",
)
ERASING = "campaigns/privacy/erasure.py"

WEB_TESTS = "tests/security/test_web_worker.py::test_"
BODY_TESTS = "tests/test_request_limits.py::test_"
PARSER_TESTS = "tests/campaigns/contacts/importing/files/test_parser.py::test_"
CELL_TESTS = "tests/campaigns/core/test_csv_cells.py::test_"
TRY_TESTS = "tests/campaigns/launch/test_test_call.py::test_"
OWN_TESTS = "tests/campaigns/launch/test_own_numbers.py::test_"
PEOPLE_TESTS = "tests/campaigns/privacy/test_people.py::test_"
ERASURE_TESTS = "tests/campaigns/privacy/test_erasure.py::test_"

HELD_UP = (
    Mutant(
        "a thread takes up what is half sent",
        ARRIVAL,
        "return bool(self.body_at) and len(self.received) >= self.length",
        "return bool(self.body_at)",
        WEB_TESTS + "slow_connections_hold_nothing[half of a form]",
    ),
    Mutant(
        "headers may be of any length",
        ARRIVAL,
        "if end > MAX_HEAD or (end < 0 and len(self.received) > MAX_HEAD):",
        "if end > MAX_HEAD:",
        WEB_TESTS + "threads_are_chosen_by_the_headers",
    ),
    Mutant(
        "a large body holds a thread of the pages",
        ARRIVAL,
        "if _CODING.search(head) or length > MAX_WHOLE:",
        "if False:",
        WEB_TESTS + "threads_are_chosen_by_the_headers",
    ),
    Mutant(
        "probes wait behind the pages",
        ARRIVAL,
        "self.pool = PROBES if path in ALIVE else READINESS if path in FIGURES else PAGES",
        "self.pool = PAGES",
        WEB_TESTS + "threads_are_chosen_by_the_headers",
    ),
    Mutant(
        "what comes too slowly is never given up",
        LOOP,
        "            elif arrival.until < now:\n",
        "            elif False:\n",
        WEB_TESTS + "what_comes_too_slowly_is_told_so[half of the headers]",
    ),
    Mutant(
        "who is not answered yet keeps everybody else out",
        LOOP,
        "if self.nr_conns >= self.worker_connections - 1:",
        "if False:",
        WEB_TESTS + "more_connections_than_there_is_room_for_hold_nothing",
    ),
    Mutant(
        "a large body is read at every address",
        BODIES,
        '        if not getattr(view, "takes_upload", False):\n',
        "        if False:\n",
        BODY_TESTS + "a_large_body_is_refused_at_every_address[/calls/]",
    ),
    Mutant(
        "an upload is read of whoever may not make it",
        BODIES,
        "        if not may(cast(Person, request.user), view.needs_right):\n",
        "        if False:\n",
        BODY_TESTS + "an_upload_is_read_only_of_a_person_who_may_make_it",
    ),
    Mutant(
        "a body of unknown length is taken for empty",
        BODIES,
        "        if length is None:\n",
        "        if False:\n",
        BODY_TESTS + "a_body_of_unknown_length_is_refused",
    ),
    Mutant(
        "a person has any number of expensive pages made at a time",
        ONE,
        "            if before is not None:\n",
        "            if False:\n",
        "tests/test_one_at_a_time.py::test_one_persons_pages_are_made_one_after_the_other",
    ),
    Mutant(
        "equal pages are shared between sessions",
        ONE,
        'request.session.session_key, translation.get_language()',
        "translation.get_language()",
        "tests/test_one_at_a_time.py::test_nothing_is_shared_with_another_session",
    ),
    Mutant(
        "equal launch checks are each counted",
        ONCE,
        "        work: _Work[T] | None = _now.get(key)\n",
        "        work: _Work[T] | None = None\n",
        "tests/test_made_once.py::test_eight_equal_works_are_made_once",
    ),
    Mutant(
        "any number of counts go on at the same time",
        ONCE,
        "_turns = threading.BoundedSemaphore(AT_ONCE)",
        "_turns = threading.BoundedSemaphore(99)",
        "tests/test_made_once.py::test_few_different_works_are_made_at_the_same_time",
    ),
    Mutant(
        "a file's process gets our environment",
        PARSER,
        'env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}, start_new_session=True,',
        'env={**os.environ, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}, start_new_session=True,',
        PARSER_TESTS + "the_process_has_no_key_and_no_way_to_write",
    ),
    Mutant(
        "a file's process may take any memory",
        PARSER,
        '"memory": min(MEMORY_LEAST + MEMORY_TIMES * path.stat().st_size, MEMORY_MOST),',
        '"memory": 64 << 30,',
        PARSER_TESTS + "no_small_file_takes_much_memory",
    ),
    Mutant(
        "a file's process hangs for ever",
        PARSER,
        "if left <= 0 or not asked.poll(left * 1000):",
        "if not asked.poll(max(left, 20) * 1000):",
        PARSER_TESTS + "a_process_that_hangs_is_ended",
    ),
    Mutant(
        "a formula begins behind another list separator",
        CELLS,
        '_PART = rf"(?:{_START}|(?<=[;|,\\t\\r\\n]))"',
        '_PART = rf"(?:{_START}|(?<=[,\\t\\r\\n]))"',
        CELL_TESTS + "no_part_of_a_file_is_a_formula",
    ),
    Mutant(
        "a test call rings any number",
        TRYING,
        "if not own_numbers.confirmed(person).select_for_update().filter(phone=phone).exists():",
        "if not person.pk:",
        TRY_TESTS + "only_ones_own_confirmed_number_rings",
    ),
    Mutant(
        "a day has any number of test calls",
        TRYING,
        "created_at__gt=since).count() >= most:",
        "created_at__gt=since).count() < 0:",
        TRY_TESTS + "a_day_has_so_many_test_calls",
    ),
    Mutant(
        "people confirm their own number",
        OWN,
        "known_to(person, User.objects.exclude(pk=person.pk))",
        "known_to(person, User.objects.all())",
        OWN_TESTS + "nobody_confirms_their_own",
    ),
    Mutant(
        "a day has any number of exports",
        EXPORTS,
        "if not most or made_today(person) < most:",
        "if True:",
        PEOPLE_TESTS + "exports_of_a_day_are_capped_told_and_counted",
    ),
    Mutant(
        "an export of what is held about one person counts for nothing",
        EXPORTS,
        '"do_not_call.exported", "person.exported",',
        '"do_not_call.exported",',
        PEOPLE_TESTS + "exports_of_a_day_are_capped_told_and_counted",
    ),
    Mutant(
        "a large export asks nobody who it is",
        EXPORTS,
        "return bool(large) and rows",
        "return not large and rows",
        PEOPLE_TESTS + "a_large_export_asks_who_it_is",
    ),
    Mutant(
        "an erased person's opt-out is lost",
        ERASING,
        "    if ends:\n",
        "    if False:\n",
        ERASURE_TESTS + "whoever_opted_out_is_never_called_again_and_counts_stay",
    ),
    Mutant(
        "a person is erased while a call rings",
        ERASING,
        "    if found.calls().live().exists():\n        return False\n    # Files",
        "    # Files",
        ERASURE_TESTS + "a_live_call_is_waited_for",
    ),
    Mutant(
        "a file that is being sent is made already",
        ONE,
        "        if isinstance(answer, StreamingHttpResponse):\n",
        "        if False:\n",
        "tests/test_one_at_a_time.py::test_a_file_is_being_made_until_its_last_piece_left",
    ),
    Mutant(
        "a slow provider holds the threads of the pages",
        ARRIVAL,
        "        elif ASKING_OTHERS.match(path):\n",
        "        elif False:\n",
        WEB_TESTS + "threads_are_chosen_by_the_headers",
    ),
    Mutant(
        "a user has any number of recordings fetched at a time",
        "campaigns/calls/recordings.py",
        "        if person.pk in _fetching:\n",
        "        if False:\n",
        "tests/campaigns/calls/test_recordings.py::test_a_user_has_one_fetched_at_a_time",
    ),
    Mutant(
        "a large file that is there is fetched by an old log-in",
        "campaigns/exports/views.py",
        "    if counts_as_large(export.done_rows) and not is_fresh(request):\n",
        "    if False:\n",
        "tests/campaigns/exports/test_job.py::test_a_large_file_is_fetched_after_a_fresh_sign_in_alone",
    ),
    Mutant(
        "a key fetches a large file without its scope",
        "campaigns/exports/api.py",
        "    if counts_as_large(found.done_rows):\n",
        "    if False:\n",
        "tests/campaigns/exports/test_api.py::test_many_calls_at_once_need_a_scope_of_their_own",
    ),
)  # fmt: skip
