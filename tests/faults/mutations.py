"""All named mutations."""

from tests.faults.mutant import Mutant
from tests.faults.mutations_placing import PLACING
from tests.faults.mutations_reading import READING
from tests.faults.mutations_sweeping import SWEEPING

MUTANTS: tuple[Mutant, ...] = (*PLACING, *READING, *SWEEPING)
