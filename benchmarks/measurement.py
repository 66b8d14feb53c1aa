"""From a problem to a row: prepare every library, compare what they compute, then time them in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from libraries import NAMES, Library, load
from problem import Problem, compare
from row import SECONDS, Row, Target
from timing import Clock, interleaved

ABSENT = "absent"
NONE = "–"


@dataclass(frozen=True)
class Settings:
    """How thorough to be."""

    quick: bool = False

    @property
    def budget(self) -> float:
        """Seconds for each library in a row."""
        return 0.2 if self.quick else 1.5

    @property
    def rounds(self) -> int:
        """Rounds at least."""
        return 2 if self.quick else 7


library = cache(load)


def timed(name: str, problem: Problem, task: str, settings: Settings, targets: Sequence[Target] = ()) -> Row:
    """The time of a task with every library, after all results were found to agree."""
    found = {each: library(each) for each in NAMES}
    times = compared({each: one for each, one in found.items() if one is not None}, problem, task, settings)
    return Row(name, SECONDS, dict.fromkeys(NAMES, ABSENT) | times, targets)


def compared(
    libraries: Mapping[str, Library],
    problem: Problem,
    task: str,
    settings: Settings,
    clocks: Mapping[str, Clock] | None = None,
) -> dict[str, float | str]:
    """Seconds of a task by library, after all results were found to agree with those of the first."""
    found = {name: getattr(each, task)(problem) for name, each in libraries.items()}
    calls = {name: call for name, call in found.items() if call is not None}
    expected = None
    for name, call in calls.items():
        result = libraries[name].values(call())
        if expected is None:
            expected = result
        else:
            compare(name, task, result, expected, problem.rtol)
    times = interleaved(calls, settings.budget, settings.rounds, clocks)
    return {name: times.get(name, NONE) for name in libraries}
