"""A line of the table, and what it has to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libraries import OURS

SECONDS, BYTES, TIMES = "s", "B", "times"


@dataclass(frozen=True)
class Target:
    """An upper limit for arraygrad, or for another column `of`: of its ratio to the column `against`, or of the value itself
    if that is None."""

    limit: float
    against: str | None = None
    of: str = OURS

    def reached(self, row: Row) -> float | None:
        """What is to be at most `limit`; None where a library is missing."""
        ours, other = row.number(self.of), 1.0 if self.against is None else row.number(self.against)
        return None if ours is None or other is None else ours / max(other, 1e-300)

    def is_met(self, row: Row) -> bool:
        """Whether the limit holds; so it does where there is nothing to compare with."""
        reached = self.reached(row)
        return reached is None or reached <= self.limit


@dataclass(frozen=True)
class Row:
    """One measurement for every library: numbers in seconds, bytes or times (a ratio), or words where there is none."""

    name: str
    unit: str
    values: Mapping[str, float | str]
    targets: Sequence[Target] = field(default=())

    def number(self, library: str) -> float | None:
        """A library's value, None if it has no number."""
        value = self.values.get(library)
        return None if value is None or isinstance(value, str) else value

    def missed(self) -> list[Target]:
        """The targets that do not hold. Those of a column without a number are missed."""
        return [target for target in self.targets if self.number(target.of) is None or not target.is_met(self)]
