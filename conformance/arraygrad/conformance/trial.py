"""One property of one operation on one backend, checked for as many random calls as are asked for."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings

from arraygrad.backends import Backend

from .cases import Case
from .problem import Lacking, Rejected
from .properties import Property, cases_of, check
from .report import Outcome, State

SETTINGS = settings(
    database=None, deadline=None, phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)  # fmt: skip

DIFFERENCES = 3
"""How many times as many calls there are where some are near a kink, so that no difference can be taken."""


class Trial:
    """Counts what came of the calls; a context for each of them, in which Rejected is no error."""

    def __init__(self, name: str, prop: Property, backend: Backend) -> None:
        self.name = name
        self.prop = prop
        self.backend = backend
        self.checked = 0
        self.rejected: Counter[str] = Counter()
        self.lacking: Counter[str] = Counter()
        self.failing: Case | None = None
        self.case: Case | None = None
        self.error = ""

    def run(self, examples: int, number: int) -> None:
        """Check the property. Raises what the smallest failing call raises."""
        count = examples * (DIFFERENCES if "limits" in self.prop.name else 1)

        @settings(SETTINGS, max_examples=count)
        @seed(crc32(f"{number} {self.name}".encode()))  # the same calls for all properties: JAX compiles each
        @given(cases_of(self.prop, self.name))
        def holds(case: Case) -> None:
            self.case = case
            with self:
                check(self.prop, case, self.backend)

        holds()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> bool:
        if error is None:
            self.checked += 1
        elif isinstance(error, Lacking):
            self.lacking[str(error)] += 1
        elif isinstance(error, Rejected):
            self.rejected[str(error)] += 1
        else:  # hypothesis makes the smallest of the failing calls last
            self.failing, self.error = self.case, f"{type(error).__name__}: {error}"
        return isinstance(error, Rejected)

    @property
    def state(self) -> State:
        """What is to be said of all calls together."""
        if self.failing is not None:
            return State.FAILED
        if self.lacking:
            return State.PARTLY if self.checked else State.LACKS
        return State.HOLDS if self.checked else State.SILENT

    def outcome(self) -> Outcome:
        """What the report is told."""
        reasons = self.lacking or self.rejected
        reason = self.error or (reasons.most_common(1)[0][0] if reasons and self.state is not State.HOLDS else "")
        example = "" if self.failing is None else described(self.failing)
        return Outcome(self.backend.name, self.name, self.prop.name, self.state.value, self.checked, reason, example)


def described(case: Case) -> str:
    """A call as it could be written."""
    def shown(value: Any) -> str:
        return " ".join(repr(value).split())

    names = [case.parameter(position) for position in range(len(case.arrays))]
    given = [f"{name}={shown(array)}" for name, array in zip(names, case.arrays, strict=True)]
    return f"{case.call.name}({', '.join(given + [f'{name}={shown(value)}' for name, value in case.options.items()])})"
