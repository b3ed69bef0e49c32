"""One mutation of the source, and where the parts and their tests are."""

from __future__ import annotations

from dataclasses import dataclass

COMMITTING = "campaigns/services/committing.py"
COMMIT_READS = "campaigns/services/commit_reads.py"
ANSWERING = "campaigns/services/answering.py"
SETTLING = "campaigns/services/settling.py"
MERGING = "campaigns/services/merging.py"
MATCHING = "campaigns/matching.py"
EVIDENCE = "campaigns/evidence.py"
RULES = "campaigns/rules.py"
GHOSTS = "campaigns/services/ghosts.py"
COMPARING = "campaigns/services/comparing.py"
RESTORING = "campaigns/services/restoring.py"
PROVIDER = "providers/models/provider.py"
CLIENT = "providers/client/client.py"
LIMITS = "providers/client/limits.py"
READS = "providers/client/reads.py"
TRANSFERS = "providers/client/transfers.py"
ORDER_LOOP = "providers/order_loop.py"
BASE = "providers/base.py"

COMMIT_TESTS = "tests/campaigns/test_committing.py::test_"
SETTLE_TESTS = "tests/campaigns/test_settling.py::test_"
GHOST_TESTS = "tests/campaigns/test_ghosts.py::test_"
RESTORE_TESTS = "tests/campaigns/test_restoring.py::test_"
RULE_TESTS = "tests/campaigns/test_rules.py::test_"
EVIDENCE_TESTS = "tests/campaigns/test_evidence.py::test_"
PLACING_TESTS = "tests/faults/test_placing.py::test_"
READING_TESTS = "tests/faults/test_reading.py::test_"
HTTP_TESTS = "tests/providers/test_http.py::test_"
HOST_TESTS = "tests/providers/test_http_hosts.py::test_"
LIMIT_TESTS = "tests/providers/test_limits.py::test_"
ORDER_TESTS = "tests/providers/test_order_loop.py::test_"
BOLNA_TESTS = "tests/providers/test_bolna.py::TestBolna::test_"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the source."""

    name: str
    file: str
    old: str
    new: str
    test: str
