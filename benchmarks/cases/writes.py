"""Writes in place, each through a view of one tensor, differentiated: time and memory go with what is written."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import import_module
from time import process_time
from typing import Any

import numpy as np
from isolation import isolated
from libraries import NAMES, OURS, PYTORCH, distribution, is_installed
from measurement import ABSENT, NONE, Settings
from memory import growth
from problem import compare
from row import BYTES, SECONDS, TIMES, Row, Target

SHORT, LONG = 1_000, 10_000
WITH_VIEWS = (OURS, PYTORCH)
"""Those that write through views and differentiate it."""


def written(name: str, length: int) -> dict[str, float]:
    """Seconds per write of a short and of a long chain, each into a tensor with as many entries as there are writes, and the
    memory of the long one."""
    library: Any = import_module(distribution(name))
    gc.disable()
    short = min(_seconds(library, SHORT)[0] for _ in range(10)) / SHORT
    times: list[float] = []
    peak, _ = growth(lambda: times.append(_seconds(library, length)[0]))
    again, gradient = _seconds(library, length)
    expected = np.zeros(length)
    expected[0] = np.sum(1.5 ** (2.0 * np.arange(length) / length)) * 2
    compare(name, "gradients", [gradient], [expected], 1e-9)
    long = min(*times, again) / length
    return {"short": short, "long": long, "ratio": long / short, "bytes": peak}


def _seconds(library: Any, length: int) -> tuple[float, np.ndarray]:
    x = library.asarray(np.ones(length)).requires_grad_()
    before = process_time()
    y = x * 1.0
    factor = 1.5 ** (1 / length)
    for index in range(1, length):
        part = y[index : index + 1]
        part.copy_(y[index - 1 : index])
        part *= factor
    (y * y).sum().backward()
    return process_time() - before, x.grad.numpy()


def rows(settings: Settings) -> Iterator[Row]:
    """Time per write of short and long chains, their ratio, and the memory of the long one."""
    found: dict[str, Any] = {}
    for name in NAMES:
        if name not in WITH_VIEWS or not is_installed(name):
            found[name] = NONE if is_installed(name) else ABSENT
        else:
            found[name] = isolated("cases.writes", "written", name, LONG)

    def column(key: str) -> dict[str, float | str]:
        return {name: value if isinstance(value, str) else value[key] for name, value in found.items()}

    yield Row(f"copy and product through views, {SHORT:,} of each", SECONDS, column("short"))
    yield Row(f"copy and product through views, {LONG:,} of each", SECONDS, column("long"))
    yield Row("the one over the other", TIMES, column("ratio"), (Target(2.0),))
    yield Row(f"memory of {LONG:,}", BYTES, column("bytes"))
