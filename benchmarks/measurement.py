"""From a problem to a row: prepare every library, compare what they compute, then time them in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from libraries import BY_HAND, NAMES, Library, load
from problem import Problem, compare
from row import SECONDS, Row, Target
from timing import interleaved

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
    values: dict[str, float | str] = {}
    calls = {}
    for each in NAMES:
        found: Library | None = library(each)
        call = None if found is None else getattr(found, task)(problem)
        if found is None or call is None:
            values[each] = ABSENT if found is None else NONE
            continue
        calls[each] = call
        result = found.values(call())
        if each == BY_HAND:
            expected = result
        else:
            compare(each, task, result, expected, problem.rtol)
    values.update(interleaved(calls, settings.budget, settings.rounds))
    return Row(name, SECONDS, values, targets)
