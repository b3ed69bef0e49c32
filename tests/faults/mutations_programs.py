"""Mutations of what programs do by themselves: tools of language models, and files that are read from addresses."""

from __future__ import annotations

from tests.faults.mutant import Mutant

TOOLS = "callcenter/mcp/tools.py"
OUTBOUND = "providers/outbound.py"
RUNS = "campaigns/contacts/importing/sources/runs.py"
ORDERS = "campaigns/calls/api/orders.py"

TOOL_TESTS = "tests/callcenter/mcp/test_tools.py::test_"
OUTBOUND_TESTS = "tests/providers/test_outbound.py::test_"
RUN_TESTS = "tests/campaigns/contacts/importing/sources/test_runs.py::test_"

PROGRAMS = (
    Mutant(
        "let a confirmation of one key place a call of another",
        TOOLS,
        "{digest_of(api.secret)}",
        "one for all",
        TOOL_TESTS + "a_confirmation_is_of_one_key_one_order_and_ten_minutes",
    ),
    Mutant(
        "let a confirmation hold for good",
        TOOLS,
        ", max_age=CONFIRMED_WITHIN",
        "",
        TOOL_TESTS + "a_confirmation_is_of_one_key_one_order_and_ten_minutes",
    ),
    Mutant(
        "place a call for each time that a confirmation is handed over",
        TOOLS,
        'once=bound["once"]',
        "once=secrets.token_hex(16)",
        TOOL_TESTS + "a_call_is_placed_after_its_confirmation_and_once",
    ),
    Mutant(
        "follow a redirect wherever it leads",
        OUTBOUND,
        "and host in REDIRECTS:",
        "and bool(host):",
        OUTBOUND_TESTS + "what_is_no_file_is_said",
    ),
    Mutant(
        "take a log-in page for a file",
        OUTBOUND,
        '.startswith(("text/html", "application/xhtml"))',
        '.startswith("application/xhtml")',
        OUTBOUND_TESTS + "what_is_no_file_is_said",
    ),
    Mutant(
        "let two workers read one source",
        RUNS,
        "update(next_at=now + LEASE)",
        "update(next_at=now)",
        RUN_TESTS + "one_worker_reads_it_and_the_minute_job_rings_for_it",
    ),
    Mutant(
        "import a file again that did not change",
        RUNS,
        "found.is_unchanged or digest == source.digest",
        "found.is_unchanged",
        RUN_TESTS + "what_changed_is_imported_as_the_first_file_was",
    ),
    Mutant(
        "import for somebody who works here no more",
        RUNS,
        'owner is None or not may(owner, "import_people")',
        "owner is None",
        RUN_TESTS + "it_halts_where_its_owner_or_list_is_gone",
    ),
    Mutant(
        "let a source go on that was paused while it was read",
        RUNS,
        "filter(pk=source.pk, next_at__isnull=False)",
        "filter(pk=source.pk)",
        RUN_TESTS + "one_that_is_paused_while_it_is_read_stays_paused",
    ),
    Mutant(
        "read other columns by the meaning of the first ones",
        RUNS,
        "if _titles(made.headers) != _titles(pattern.headers):",
        "if False:",
        RUN_TESTS + "what_fails_is_told_kept_trying_and_halted_after_days",
    ),
    Mutant(
        "call a contact out of reach",
        ORDERS,
        "found = seen_by(request.auth.person, Contact.objects.all())",
        "found = Contact.objects.all()",
        "tests/campaigns/calls/test_api.py::test_whom_to_call_is_said_once_and_within_reach",
    ),
)
