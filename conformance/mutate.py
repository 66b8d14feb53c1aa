"""Do the properties catch wrong rules? Puts one fault at a time into the rules of each operation and counts.

    python conformance/mutate.py [operation ...]

Faults are made of the rules as they run: scaled, negated, left out, with a conjugate dropped or added, with two
arguments exchanged, with another option; and of their code: each number and each operator in it changed. A fault is
caught if a property fails or raises for some case on NumPy, or else a row of the tables of `tests/test_numerics.py`,
which are about the points that no random case meets. The exit status is the number of faults not caught: those left
change nothing, as where both arguments of a comparison are exchanged.
"""

# ruff: noqa: E402
from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import test_numerics as numerics
import test_selection as selection
from arraygrad.conformance import PROPERTIES, Rejected, applicable, check, differentiable_calls, draw_case
from arraygrad.conformance.faults import Fault, faults_of
from arraygrad.conformance.properties import takes

from arraygrad.backends import get_backend
from arraygrad.op import Kind

EXAMPLES = 30
SKIPPED = ("value", "linear_operations", "multilinear", "half_precision")
"""Properties of the forward function alone, or that repeat others with less precision."""


def checks_of(name: str) -> Iterator[tuple]:
    """Properties of an operation with cases for them."""
    for prop in PROPERTIES.values():
        if not applicable(prop, name) or prop.name.startswith(SKIPPED):
            continue
        dtypes = [each for each in prop.dtypes if takes(name, "complex128" if "complex" in each else "float64")]
        for seed in range(EXAMPLES):
            yield prop, draw_case(Random(f"{prop.name} {seed}"), name, dtypes, empty=prop.empty)


def is_caught(fault: Fault, checks: list[tuple]) -> bool:
    """Whether some property fails while the fault is in place."""
    backend = get_backend("numpy")
    with fault, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for prop, case in checks:
            try:
                check(prop, case, backend)
            except Rejected:
                continue
            except Exception:
                return True
    return False


def breaks_the_policy(fault: Fault) -> bool:
    """Whether some row of the tables of the policy fails while the fault is in place."""
    tables = [
        (numerics.test_gradient_is_that_of_the_table, numerics.ROWS, (numerics.reverse,)),
        (numerics.test_gradient_is_that_of_the_table, numerics.ROWS, (numerics.forward,)),
        (numerics.test_poles_stay_what_calculus_says, numerics.POLES, ()),
        (numerics.test_second_derivative_is_that_of_the_table_in_every_composition, numerics.SECONDS, ()),
        (selection.test_what_is_not_selected_contributes_exactly_nothing, selection.UNSELECTED, ()),
    ]
    with fault, warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        for test, rows, more in tables:
            for row in rows:
                try:
                    test(row, *more)
                except Exception:
                    return True
    return False


def interleaved(checks: list[tuple]) -> list[tuple]:
    """The first case of every property before the second of any: faults are mostly caught at once."""
    return [checks[start] for offset in range(EXAMPLES) for start in range(offset, len(checks), EXAMPLES)]


def main(names: list[str]) -> int:
    """Report for each operation; return how many faults were not caught."""
    missed, total = [], 0
    for name, call in differentiable_calls().items():
        if call.op is None or call.kind is Kind.COMPOSITE or (names and name not in names):
            continue
        checks = interleaved(list(checks_of(name)))
        for fault in faults_of(call.op):
            total += 1
            if not is_caught(fault, checks) and not breaks_the_policy(fault):
                missed.append(fault)
                print(f"not caught: {fault}", flush=True)
    print(f"{total - len(missed)} of {total} faults caught")
    return len(missed)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 255))
