"""Times of several calls, taken in turn so that a slow moment of the machine hits all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

_SHORTEST = 0.004
"""Seconds that one measurement lasts at least; shorter calls are repeated within it."""


def interleaved(calls: Mapping[str, Callable[[], Any]], budget: float, rounds: int) -> dict[str, float]:
    """Seconds per call: the least over rounds in which each call has its turn.

    Each call takes part in at least `rounds` rounds and until it has used `budget` seconds. The garbage collector is
    off while the clock runs, as in `timeit`, and collects between measurements.
    """
    inner = {name: max(1, int(_SHORTEST / _once(call, 1))) for name, call in calls.items()}
    best = dict.fromkeys(calls, float("inf"))
    used = dict.fromkeys(calls, 0.0)
    done = 0
    gc.collect()
    gc.freeze()
    while any(spent < budget for spent in used.values()) or done < rounds:
        for name, call in calls.items():
            if used[name] < budget or done < rounds:
                seconds = _once(call, inner[name])
                used[name] += seconds * inner[name]
                best[name] = min(best[name], seconds)
        done += 1
    gc.unfreeze()
    return best


def _once(call: Callable[[], Any], repetitions: int) -> float:
    """Seconds per call over one measurement."""
    gc.collect()
    gc.disable()
    try:
        before = perf_counter()
        for _ in range(repetitions):
            call()
        return (perf_counter() - before) / repetitions
    finally:
        gc.enable()
