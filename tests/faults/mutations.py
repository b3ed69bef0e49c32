"""All named mutations."""

from tests.faults.mutant import Mutant
from tests.faults.mutations_api import API
from tests.faults.mutations_approvals import APPROVALS
from tests.faults.mutations_audit import AUDITED
from tests.faults.mutations_callbacks import PLANNED
from tests.faults.mutations_client import ON_THE_WIRE
from tests.faults.mutations_columns import WEIGHED
from tests.faults.mutations_directions import DIRECTIONS
from tests.faults.mutations_dispositions import DISPOSED
from tests.faults.mutations_doors import GUESSED
from tests.faults.mutations_floods import HELD_UP
from tests.faults.mutations_hosts import SHARED
from tests.faults.mutations_hours import HOURS
from tests.faults.mutations_isolation import ISOLATION
from tests.faults.mutations_keys import KEYS
from tests.faults.mutations_lines import LINES_OF_CAMPAIGNS
from tests.faults.mutations_money import MONEY
from tests.faults.mutations_monitoring import MONITORING
from tests.faults.mutations_notices import NOTICES
from tests.faults.mutations_numbers import NUMBERED
from tests.faults.mutations_placing import PLACING
from tests.faults.mutations_policy import POLICY
from tests.faults.mutations_programs import PROGRAMS
from tests.faults.mutations_reading import READING
from tests.faults.mutations_refusals import REFUSALS
from tests.faults.mutations_scope import SCOPED
from tests.faults.mutations_second import OF_SECOND_PROVIDERS
from tests.faults.mutations_settling import SETTLED
from tests.faults.mutations_sign_in import SIGNED_IN
from tests.faults.mutations_starting import AT_THE_START
from tests.faults.mutations_sweeping import SWEEPING
from tests.faults.mutations_variants import VARIED
from tests.faults.mutations_wishes import THE_WISHES
from tests.faults.mutations_without_news import WITHOUT_NEWS
from tests.faults.mutations_words import WORDS
from tests.faults.mutations_worker import WORKER

MUTANTS: tuple[Mutant, ...] = (
    *PLACING, *ON_THE_WIRE, *READING, *SWEEPING, *MONITORING, *SETTLED, *ISOLATION, *WORKER, *AT_THE_START, *SHARED,
    *REFUSALS, *WORDS, *POLICY, *MONEY, *WITHOUT_NEWS, *DIRECTIONS, *NUMBERED, *WEIGHED, *THE_WISHES,
    *SCOPED, *KEYS, *APPROVALS, *API, *PLANNED, *NOTICES, *DISPOSED, *SIGNED_IN, *HOURS, *PROGRAMS, *LINES_OF_CAMPAIGNS,
    *OF_SECOND_PROVIDERS, *VARIED, *AUDITED, *GUESSED, *HELD_UP,
)  # fmt: skip
