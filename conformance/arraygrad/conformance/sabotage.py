"""Does the kit see a faulty backend? Puts one deliberate fault at a time into a backend, and counts those that are caught.

    python -m arraygrad.conformance.sabotage [--backend NAME ...]

Each fault wraps a function of the backend, as a careless plug-in would write it. It is caught if some property of the
operations that it is about fails. The exit status is the number of faults that are not.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import numpy as np

from arraygrad.backends import Backend, get_backend
from arraygrad.errors import BackendError
from arraygrad.kinds import declared

from .cases import draw_case
from .faulty import FAULTS, Wrong
from .problem import Rejected
from .properties import PROPERTIES, Property, applicable, check, takes

EXAMPLES = 12


@dataclass(frozen=True)
class Fault:
    """`wrong(backend, function)` instead of a backend's function; `operations` are those whose properties must notice."""

    backend: str
    function: str
    what: str
    wrong: Wrong
    operations: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.backend}, {self.function}: {self.what}"


def faults(backends: Iterable[str]) -> Iterator[Fault]:
    """The faults for each of these backends that is installed."""
    for name in backends:
        try:
            get_backend(name)
        except BackendError as error:
            print(f"left out: {error}")
            continue
        for (only, function, what), (wrong, operations) in FAULTS.items():
            if only in ("any", name):
                yield Fault(name, function, what, wrong, operations)


@contextmanager
def in_place(fault: Fault) -> Iterator[None]:
    """The fault is in the backend."""
    backend = get_backend(fault.backend)
    is_method = hasattr(backend, fault.function)
    original = getattr(backend, fault.function) if is_method else backend.kernel(fault.function)
    wrong = fault.wrong(backend, original)
    if is_method:
        setattr(backend, fault.function, wrong)
    before = backend.overrides
    backend.overrides = before if is_method else {**before, fault.function: wrong}
    _forget(backend)
    try:
        yield
    finally:
        backend.overrides = before
        if is_method:
            delattr(backend, fault.function)
        _forget(backend)


def _forget(backend: Backend) -> None:
    """What was looked up of the backend's functions."""
    vars(backend).pop("xp", None)
    for op in declared.values():
        op.kernels.clear()


def catches(fault: Fault) -> str:
    """The property that notices a fault, and holds without it; or nothing."""
    backend = get_backend(fault.backend)
    checks = [(prop, name) for name in fault.operations for prop in PROPERTIES.values() if applicable(prop, name)]
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        for number in range(EXAMPLES):
            for prop, name in checks:
                with in_place(fault):
                    holds = _holds(prop, name, number, backend)
                if not holds and _holds(prop, name, number, backend):
                    return f"{prop.name} of {name}"
    return ""


def _holds(prop: Property, name: str, number: int, backend: Backend) -> bool:
    dtypes = [each for each in prop.dtypes if takes(name, "complex128" if "complex" in each else "float64")]
    case = draw_case(Random(f"{name} {number}"), name, dtypes, empty=prop.empty)
    try:
        check(prop, case, backend)
    except Rejected:
        return True
    except Exception:
        return False
    return True


def main(arguments: list[str]) -> int:
    """Report every fault; return how many get through."""
    parser = argparse.ArgumentParser(prog="python -m arraygrad.conformance.sabotage", description="Faults in backends.")
    parser.add_argument("--backend", action="append", help="into which; may be given again (default: all that have faults)")
    parser.add_argument("--function", action="append", help="in which functions; may be given again (default: all)")
    given = parser.parse_args(arguments)
    named = sorted({only for only, _, _ in FAULTS} - {"any"})
    missed = total = 0
    for fault in faults(given.backend or named):
        if given.function and fault.function not in given.function:
            continue
        noticed = catches(fault)
        total += 1
        missed += not noticed
        print(f"{'caught' if noticed else 'NOT CAUGHT'}: {fault}" + (f" ({noticed})" if noticed else ""), flush=True)
    print(f"{total - missed} of {total} faults caught")
    return missed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 255))
