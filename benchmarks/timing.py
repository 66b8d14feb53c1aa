"""Times of several calls, taken in turn so that a slow moment of the machine hits all of them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from time import perf_counter, process_time
from typing import Any

Call = Callable[[], Any]
Clock = Callable[[Call, int], float]
"""Seconds that so many repetitions of a call take."""

_SHORTEST = 0.02
"""Seconds that one measurement lasts at least; shorter calls are repeated within it."""


def wall_clock(wait: Callable[[Any], None]) -> Clock:
    """The time until the results are there: `wait` returns when what a call gave has been computed."""

    def measure(call: Call, repetitions: int) -> float:
        before = perf_counter()
        for _ in range(repetitions):
            wait(call())
        return perf_counter() - before

    return measure


def processor_clock(call: Call, repetitions: int) -> float:
    """The time of the processor: what else runs on the machine matters less. For one thread, of which nothing is awaited."""
    before = process_time()
    for _ in range(repetitions):
        call()
    return process_time() - before


class EventClock:
    """The time between two events in the stream of a GPU, which works on while Python goes on.

    `event()` makes one, with the methods `record` and `synchronize`; `elapsed` gives milliseconds between two.
    """

    def __init__(self, event: Callable[[], Any], elapsed: Callable[[Any, Any], float]) -> None:
        self._event = event
        self._elapsed = elapsed

    def __call__(self, call: Call, repetitions: int) -> float:
        """Seconds."""
        start, end = self._event(), self._event()
        start.record()
        for _ in range(repetitions):
            call()
        end.record()
        end.synchronize()
        return self._elapsed(start, end) / 1000


def _at_once(call: Call, repetitions: int) -> float:
    before = perf_counter()
    for _ in range(repetitions):
        call()
    return perf_counter() - before


def interleaved(
    calls: Mapping[str, Call], budget: float, rounds: int, clocks: Mapping[str, Clock] | None = None
) -> dict[str, float]:
    """Seconds per call: the least over rounds in which each call has its turn.

    Each call takes part in at least `rounds` rounds and until it has used `budget` seconds. The garbage collector is
    off while the clock runs, as in `timeit`, and collects between measurements. `clocks` for calls that are not done when
    they return.
    """
    measures = {name: (clocks or {}).get(name, _at_once) for name in calls}
    inner = {name: max(1, int(_SHORTEST / _once(call, 1, measures[name]))) for name, call in calls.items()}
    best = dict.fromkeys(calls, float("inf"))
    used = dict.fromkeys(calls, 0.0)
    done = 0
    gc.collect()
    gc.freeze()
    while any(spent < budget for spent in used.values()) or done < rounds:
        for name, call in calls.items():
            if used[name] < budget or done < rounds:
                seconds = _once(call, inner[name], measures[name])
                used[name] += seconds * inner[name]
                best[name] = min(best[name], seconds)
        done += 1
    gc.unfreeze()
    return best


def _once(call: Call, repetitions: int, measure: Clock) -> float:
    """Seconds per call over one measurement."""
    gc.collect()
    gc.disable()
    try:
        return measure(call, repetitions) / repetitions
    finally:
        gc.enable()
