"""Mutations of the audit log: what a row holds, how rows are chained and sealed, and what a verification finds."""

from __future__ import annotations

from tests.faults.mutant import Mutant

CANONICAL, SEALING, VERIFYING = (
    "callcenter/audit/canonical.py",
    "callcenter/audit/sealing.py",
    "callcenter/audit/verifying.py",
)
OFTEN, TRIGGERS, RETENTION = (
    "callcenter/audit/often.py",
    "callcenter/audit/triggers.py",
    "callcenter/audit/retention.py",
)
ROWS, CONTEXT = "callcenter/audit/models.py", "callcenter/audit/context.py"
VERIFYING_TESTS = "tests/callcenter/audit/test_verifying.py::test_"
TAMPERING = VERIFYING_TESTS + "tampering_is_told"
SEALING_TESTS = "tests/callcenter/audit/test_sealing.py::test_"
OFTEN_TESTS = "tests/callcenter/audit/test_often.py::test_"
TRIGGER_TESTS = "tests/callcenter/audit/test_triggers.py::test_"
CONTEXT_TESTS = "tests/callcenter/audit/test_context.py::test_"
PAGE_TESTS = "tests/callcenter/audit/test_page.py::test_"

AUDITED = (
    Mutant(
        "a changed row of the audit log is not noticed",
        VERIFYING,
        "if canonical.row_hash(event) != link.row_hash:",
        "if False:",
        f"{TAMPERING}[changed]",
    ),
    Mutant(
        "a removed row of the audit log is not noticed",
        VERIFYING,
        "        if event is None:\n            report.add(",
        "        if event is None:\n            str(",
        f"{TAMPERING}[removed]",
    ),
    Mutant(
        "removed audit log links are not noticed",
        VERIFYING,
        "if link.seq != seq + 1:",
        "if False:",
        f"{TAMPERING}[removed_with_link]",
    ),
    Mutant(
        "a chain that was rebuilt is as good as the sealed one",
        VERIFYING,
        "is not None and there != seal.digest:",
        "is None and there != seal.digest:",
        f"{TAMPERING}[changed_and_rebuilt]",
    ),
    Mutant(
        "anybody's seal is a seal",
        SEALING,
        "return key is not None and hmac.compare_digest(seal.mac, key.mac(_said(seal)))",
        "return key is not None",
        f"{TAMPERING}[changed_and_resealed]",
    ),
    Mutant(
        "a checkpoint that anybody wrote opens the log",
        VERIFYING,
        "    elif sealing.has_known_key(checkpoint):\n",
        "    elif False:\n",
        f"{TAMPERING}[own_checkpoint]",
    ),
    Mutant(
        "a row without signature is one of ours",
        SEALING,
        "kind = AuditLink.Kind.EARLY if is_early else AuditLink.Kind.FOREIGN",
        "kind = AuditLink.Kind.EARLY",
        f"{TAMPERING}[inserted]",
    ),
    Mutant(
        "a copy of a row is a row",
        SEALING,
        "elif event.signature in taken or not canonical.is_signed(event):",
        "elif not canonical.is_signed(event):",
        f"{TAMPERING}[inserted_as_a_copy]",
    ),
    Mutant(
        "only copies of the same step are noticed",
        SEALING,
        "    taken = _signatures_near(min(ids))\n",
        "    taken: set[str] = set()\n",
        f"{TAMPERING}[old_copy_inserted]",
    ),
    Mutant(
        "what was changed before it was chained is ours",
        SEALING,
        "elif event.signature in taken or not canonical.is_signed(event):",
        "elif event.signature in taken:",
        f"{TAMPERING}[unsealed_changed]",
    ),
    Mutant(
        "a log whose end was cut off goes on unsaid",
        SEALING,
        "if remembered is not None and _is_gone(remembered):",
        "if False:",
        f"{TAMPERING}[end_removed_and_gone_on]",
    ),
    Mutant(
        "an end without a seal goes on unsaid",
        SEALING,
        "        return UNSEALED_END\n",
        "        return WHOLE\n",
        VERIFYING_TESTS + "what_sealed_it_on_is_not_a_seal_of_its_own",
    ),
    Mutant(
        "the detail of a row is not signed",
        CANONICAL,
        "_one_spelling(event.detail)]",
        "None]",
        VERIFYING_TESTS + "every_column_of_a_row_is_held",
    ),
    *(
        Mutant(
            f"the {name} of a row is not signed",
            CANONICAL,
            f'"{name}"',
            '"actor_id"',
            VERIFYING_TESTS + "every_column_of_a_row_is_held",
        )
        for name in ("role", "session", "address", "request_id", "source", "object_type", "object_name")
    ),
    Mutant(
        "the time of a row is not signed",
        CANONICAL,
        "values = [at, *(",
        'values = ["", *(',
        VERIFYING_TESTS + "every_column_of_a_row_is_held",
    ),
    Mutant(
        "a row that commits late is in no chain",
        SEALING,
        "return _unchained(newest - LATE, most)",
        "return _unchained(newest, most)",
        SEALING_TESTS + "a_row_that_commits_late_is_chained_later",
    ),
    Mutant(
        "triggers that are gone are no fault",
        VERIFYING,
        "if gone := triggers.missing(connection):",
        "if gone := []:",
        VERIFYING_TESTS + "triggers_that_are_gone_are_told",
    ),
    Mutant(
        "the database lets rows of the audit log be replaced",
        TRIGGERS,
        '("update", "delete", "replace")',
        '("update", "delete")',
        TRIGGER_TESTS + "changes_and_removals_are_refused",
    ),
    Mutant(
        "a checkpoint opens the whole log",
        TRIGGERS,
        "ON seal.seq >= link.seq",
        "ON seal.seq >= 0",
        TRIGGER_TESTS + "retention_removes_what_is_old_and_leaves_a_whole_log",
    ),
    Mutant(
        "retention removes the evidence of a log that is not whole",
        RETENTION,
        "if near is None or not _is_whole_until(near.seq):",
        "if near is None:",
        TRIGGER_TESTS + "retention_removes_nothing_of_a_log_that_is_not_whole",
    ),
    Mutant(
        "retention removes rows of the audit log unsaid",
        RETENTION,
        '    record(None, "audit.rows_removed", None, rows=count,',
        "    dict(rows=count,",
        TRIGGER_TESTS + "retention_removes_what_is_old_and_leaves_a_whole_log",
    ),
    Mutant(
        "the rest of a flood is forgotten",
        OFTEN,
        "            if tally.times:\n",
        "            if False:\n",
        OFTEN_TESTS + "a_viewing_that_is_followed_live_is_two_rows",
    ),
    Mutant(
        "one viewing hides that of another user",
        OFTEN,
        'same = [getattr(actor, "pk", None), action',
        "same = [None, action",
        OFTEN_TESTS + "different_users_and_things_are_counted_apart",
    ),
    Mutant(
        "every stranger makes a row of the audit log",
        OFTEN,
        "return count > MOST_STRANGE",
        "return False",
        OFTEN_TESTS + "a_flood_from_many_addresses_makes_few_rows",
    ),
    Mutant(
        "the audit log keeps a contact's name",
        ROWS,
        'if thing is None or getattr(thing, "not_in_audit", None):',
        "if thing is None:",
        CONTEXT_TESTS + "a_contact_leaves_no_name_in_the_log",
    ),
    Mutant(
        "a row of the audit log knows no address",
        CONTEXT,
        "return self.find_address()[:45]",
        'return ""',
        CONTEXT_TESTS + "a_request_gives_role_session_address_and_id",
    ),
    Mutant(
        "the mark of a session can be computed by anybody",
        CONTEXT,
        'f"callcenter.audit.session:{settings.SECRET_KEY}"',
        '"callcenter.audit.session"',
        CONTEXT_TESTS + "the_session_mark_is_keyed",
    ),
)  # fmt: skip
