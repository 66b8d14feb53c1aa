"""Property-based tests of every operation, derived from the declarations, on any backend.

    for name in differentiable_calls():
        for prop in PROPERTIES.values():
            if applicable(prop, name):
                check(prop, case, get_backend("numpy"))     # of each case that `cases_of(prop, name)` draws

`calls` says what can be called, `cases` draws calls of it (`values` by domain, `shapes` by core, `parameters` and
`arrays` by the names of parameters), `problem` puts them on a backend, and `properties`, `second`, `contracts` and
`unselected` have what must hold.
"""

from . import arrays, beyond, contracts, extensions, residence, second, unselected, writes
from .calls import differentiable_calls
from .cases import cases, draw_case, sampled
from .problem import Lacking, Problem, Rejected
from .properties import PROPERTIES, Property, applicable, cases_of, check

__all__ = [
    "PROPERTIES", "Lacking", "Problem", "Property", "Rejected", "applicable", "arrays", "beyond", "cases", "cases_of",
    "check", "contracts", "differentiable_calls", "draw_case", "extensions", "residence", "sampled", "second",
    "unselected", "writes",
]  # fmt: skip
