"""Evidence for a defect: the peer's number beside one that no rule of any library made."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from arraygrad.conformance.cases import Case
from arraygrad.conformance.closeness import inner, moved
from arraygrad.conformance.second import compositions

from . import multiprecision
from .problem import PeerProblem

STEP = 2e-3


@dataclass(frozen=True)
class Evidence:
    """Of <g, f>, by the peer and by a reference; `origin` says what that is."""

    peer: float
    reference: float
    origin: str

    @property
    def is_conclusive(self) -> bool:
        """Whether they differ by more than either can be inaccurate."""
        return not np.isclose(self.peer, self.reference, rtol=1e-5, atol=1e-8)

    def __str__(self) -> str:
        return f"{self.peer:.10g} instead of {self.reference:.10g} ({self.origin})"


def evidence(name: str, case: Case, peer: Any) -> Evidence:
    """For the question of a name (a mode or a composition), along random directions."""
    problem = PeerProblem(case, peer)
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), peer.double():
        return _evidence(problem, name.removesuffix(", complex"))


def _evidence(problem: PeerProblem, name: str) -> Evidence:
    case = problem.case
    t, u, g = case.directions(), case.directions(), problem.cotangents()
    order, found = _by_peer(problem, name, t, u, g)
    try:
        reference, origin = multiprecision.derivatives(case, t, u, g)[order - 1], "mpmath"
    except Exception:  # whatever mpmath or NumPy says of functions that they do not have for such numbers
        reference, origin = _by_differences(problem, order, t, u, g), "differences of its own values"
    return Evidence(found, reference, origin)


def _by_peer(problem: PeerProblem, name: str, t: Any, u: Any, g: Any) -> tuple[int, float]:
    if name == "gradient":
        return 1, inner(problem.gradients(g), t)
    if name in ("tangent", "transposes"):
        return 1, inner(g, problem.tangents(t))
    found = compositions(problem, t, u, g)[name]()
    return 2, inner(g, found) if name == "forward over forward" else inner(found, u)


def _by_differences(problem: PeerProblem, order: int, t: Sequence[Any], u: Sequence[Any], g: Sequence[Any]) -> float:
    """Central differences of the values, twice extrapolated."""
    x = problem.case.primals

    def along(a: float, b: float) -> float:
        return inner(g, problem.value(moved(moved(x, a, t), b, u)))

    def difference(h: float) -> float:
        if order == 1:
            return (along(h, 0) - along(-h, 0)) / (2 * h)
        return (along(h, h) - along(h, -h) - along(-h, h) + along(-h, -h)) / (4 * h * h)

    coarse, middle, fine = (difference(STEP * 2**power) for power in (2, 1, 0))
    first, second = middle + (middle - coarse) / 3, fine + (fine - middle) / 3
    return second + (second - first) / 15
