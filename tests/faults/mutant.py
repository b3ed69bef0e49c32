"""One mutation of the source, and where the parts and their tests are."""

from __future__ import annotations

from dataclasses import dataclass

COMMITTING = "campaigns/dialing/commit_point.py"
COMMIT_READS = "campaigns/dialing/commit_point_queries.py"
ELIGIBILITY = "campaigns/core/eligibility.py"
FACTS = "campaigns/core/eligibility_facts.py"
BREAKER = "campaigns/dialing/circuit_breaker.py"
ANSWERING = "campaigns/dialing/order_results.py"
CHANGES = "campaigns/core/transitions/changes.py"
TABLE = "campaigns/core/transitions/table.py"
BUDGET = "campaigns/core/budget.py"
SETTLING = "campaigns/tracking/unknown_calls.py"
MERGING = "campaigns/tracking/call_updates.py"
MATCHING = "campaigns/matching.py"
EVIDENCE = "campaigns/evidence.py"
RULES = "campaigns/rules.py"
PACE = "providers/pace.py"
LIST_SWEEP = "campaigns/tracking/reconciliation_sweep.py"
COMPARING = "campaigns/tracking/reconciliation.py"
RESTORING = "campaigns/tracking/restore_guard.py"
STARTING = "campaigns/tracking/start_comparison.py"
SQLITE_FILES = "callcenter/sqlite_files.py"
ARCHIVE = "callcenter/backups/archive.py"
BACKUPS = "callcenter/backups/service.py"
PROVIDER = "providers/models/provider.py"
CLIENT = "providers/client/client.py"
LIMITS = "providers/client/limits.py"
READS = "providers/client/reads.py"
TRANSFERS = "providers/client/transfers.py"
ORDER_LOOP = "providers/order_loop.py"
BASE = "providers/base.py"
SHARING = "campaigns/core/sharing.py"
LEASES = "campaigns/core/leases.py"

COMMIT_TESTS = "tests/campaigns/dialing/test_commit_point.py::test_"
ELIGIBILITY_TESTS = "tests/campaigns/core/test_eligibility.py::test_"
TRANSITION_TESTS = "tests/campaigns/core/test_transitions.py::test_"
SETTLE_TESTS = "tests/campaigns/tracking/test_unknown_calls.py::test_"
SWEEP_TESTS = "tests/campaigns/tracking/test_reconciliation_sweep.py::test_"
START_TESTS = "tests/campaigns/tracking/test_start_comparison.py::test_"
FIRST_TESTS = "tests/campaigns/tracking/test_start_comparison_first.py::test_"
MARK_TESTS = "tests/campaigns/tracking/test_restore_guard_marks.py::test_"
SQLITE_TESTS = "tests/test_sqlite_files.py::test_"
BACKUP_TESTS = "tests/test_backups.py::test_"
RESTORE_TESTS = "tests/campaigns/tracking/test_restore_guard.py::test_"
PACE_TESTS = "tests/providers/test_pace.py::test_"
RULE_TESTS = "tests/campaigns/test_rules.py::test_"
EVIDENCE_TESTS = "tests/campaigns/test_evidence.py::test_"
PLACING_TESTS = "tests/faults/test_placing.py::test_"
READING_TESTS = "tests/faults/test_reading.py::test_"
HTTP_TESTS = "tests/providers/test_http.py::test_"
HOST_TESTS = "tests/providers/test_http_hosts.py::test_"
LIMIT_TESTS = "tests/providers/test_limits.py::test_"
ORDER_TESTS = "tests/providers/test_order_loop.py::test_"
SHARING_TESTS = "tests/campaigns/core/test_sharing.py::test_"
SLICE_OF_HOSTS_TESTS = "tests/campaigns/dialing/test_dispatcher_hosts.py::test_"
BOLNA_TESTS = "tests/providers/test_bolna.py::TestBolna::test_"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the source."""

    name: str
    file: str
    old: str
    new: str
    test: str
