"""Property-based tests of every operation, derived from the declarations, on any backend.

    for name, prop in all_checks():
        check(prop, case, get_backend("numpy"))      # for case in cases(name, prop.dtypes, empty=prop.empty)

`calls` says what can be called, `cases` draws calls of it (`values` by domain, `shapes` by core, `parameters` and
`arrays` by the names of parameters), `problem` puts them on a backend, and `properties`, `second`, `contracts` and
`selection` have what must hold.
"""

from . import arrays, contracts, extensions, second, unselected
from .calls import differentiable_calls
from .cases import cases, draw_case, sampled
from .problem import Problem, Rejected
from .properties import PROPERTIES, Property, applicable, check

__all__ = [
    "PROPERTIES", "Problem", "Property", "Rejected", "applicable", "arrays", "cases", "check", "contracts",
    "differentiable_calls", "draw_case", "extensions", "sampled", "second", "unselected",
]  # fmt: skip
