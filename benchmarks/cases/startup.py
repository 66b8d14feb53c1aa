"""How long it takes to import each library when NumPy is there already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isolation import interpreted
from libraries import BY_HAND, NAMES, distribution, is_installed
from measurement import ABSENT, NONE, Settings
from row import SECONDS, Row, Target

_SCRIPT = """
import numpy
from time import perf_counter
before = perf_counter()
import {}
print(perf_counter() - before)
"""


def rows(settings: Settings) -> Iterator[Row]:
    """The least of several fresh processes, the libraries in turn."""
    best: dict[str, Any] = {name: NONE if is_installed(name) else ABSENT for name in NAMES}
    measured = [name for name in NAMES if is_installed(name) and name not in (BY_HAND, "JAX jit")]
    for _ in range(3 if settings.quick else 7):
        for name in measured:
            found = interpreted("-c", _SCRIPT.format(distribution(name)))
            if not isinstance(best[name], float) or not isinstance(found, str):
                best[name] = found if isinstance(best[name], str) else min(best[name], found)
    yield Row("import beyond NumPy", SECONDS, best, (Target(0.060),))
