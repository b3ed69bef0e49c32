"""All named mutations."""

from tests.faults.mutant import Mutant
from tests.faults.mutations_client import ON_THE_WIRE
from tests.faults.mutations_hosts import SHARED
from tests.faults.mutations_placing import PLACING
from tests.faults.mutations_reading import READING
from tests.faults.mutations_sweeping import SWEEPING
from tests.faults.mutations_worker import WORKER

MUTANTS: tuple[Mutant, ...] = (*PLACING, *ON_THE_WIRE, *READING, *SWEEPING, *WORKER, *SHARED)
