"""How long it takes to import each library when NumPy is there already."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
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
    """The least of several fresh processes, the libraries in turn.

    All have their bytecode in the same fresh cache, which the first import of each fills.
    """
    with TemporaryDirectory() as cache:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield _row(3 if settings.quick else 8, environment | {"PYTHONPYCACHEPREFIX": cache})


def _row(rounds: int, environment: dict[str, str]) -> Row:
    best: dict[str, Any] = {name: NONE if is_installed(name) else ABSENT for name in NAMES}
    measured = [name for name in NAMES if is_installed(name) and name not in (BY_HAND, "JAX jit")]
    for _ in range(rounds):
        for name in measured:
            found = interpreted("-c", _SCRIPT.format(distribution(name)), environment=environment)
            if not isinstance(best[name], float) or not isinstance(found, str):
                best[name] = found if isinstance(best[name], str) else min(best[name], found)
    return Row("import beyond NumPy", SECONDS, best, (Target(0.060),))
