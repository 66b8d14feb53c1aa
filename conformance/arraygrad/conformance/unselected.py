"""What is not selected contributes exactly nothing, even where its derivative is infinite or NaN.

The argument of an operation is `v * sqrt(s)` with s = 0 or -1 in some entries, where the root has an infinite or no
derivative; every output that depends on those is left out by `where`. The gradient by s is exactly zero there, and
elsewhere what it is for s = 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from arraygrad.op import Kind

from .calls import Call
from .closeness import same
from .problem import Problem, Rejected, quietly
from .properties import prop

ENTRY_BY_ENTRY = (Kind.ELEMENTWISE, Kind.LINEAR, Kind.REDUCTION, Kind.COMPOSITE)


def is_local(call: Call) -> bool:
    """Whether entries of the result depend on few entries of the arguments, so that something is left to select."""
    if call.name.startswith("unique"):
        return False  # the shape of the result depends on values
    if call.name in ("nanmax", "nanmin"):
        return False  # NaN, which probes what depends on what, is left out
    if "." in call.name:
        return call.op is not None and call.op.moves
    along_axis = call.kind is Kind.GENERAL and len(call.arrays) == 1 and "axis" in call.options
    return call.kind in ENTRY_BY_ENTRY or along_axis or (call.op is not None and call.op.pointwise)


class Masked:
    """A problem as a function of s, by which one of its arrays is multiplied and its outputs are selected."""

    def __init__(self, problem: Problem) -> None:
        case = problem.case
        rng = case.source.rng
        self.problem = problem
        self.position = int(rng.integers(len(case.active)))
        self.values = case.primals[self.position]
        self.bad = rng.random(self.values.shape) < 0.4
        if case.call.kind is Kind.GENERAL and "axis" in case.options:  # of what meets along an axis, whole lines
            first = np.any(self.bad, axis=case.options["axis"], keepdims=True)
            self.bad = np.broadcast_to(first, self.values.shape) & (rng.random(first.shape) < 0.6)
        self.selected = [problem.raw(np.array(~reached)) for reached in self._reached(rng)]

    def _reached(self, rng: Any) -> list[Any]:
        """For each output the entries that depend on a bad one: those that change when the bad ones do."""
        primals = self.problem.case.primals
        before = self.problem.value(primals)
        changed = list(primals)
        noise = np.where(self.bad, np.nan, 1.0)
        changed[self.position] = np.asarray(self.values * noise)
        after = quietly(self.problem.value, changed)
        depends = [~np.isclose(a, b, rtol=0, atol=0, equal_nan=True) for a, b in zip(before, after, strict=True)]
        changed[self.position] = np.where(self.bad, self.values * 0.9 - 0.01, self.values)
        after = quietly(self.problem.value, changed)
        call, options = self.problem.case.call, self.problem.case.options
        if call.is_broadcasting:
            depends = [np.broadcast_to(self.bad, out.shape) for out in before]
        elif call.kind is Kind.GENERAL and "axis" in options and before[0].ndim == self.bad.ndim:
            depends = [np.any(seen, axis=options["axis"], keepdims=True) for seen in depends]
        return [np.asarray(seen | (a != b)) for seen, a, b in zip(depends, before, after, strict=True)]

    def __call__(self, s: Any) -> tuple[Any, ...]:
        """The selected outputs."""
        problem = self.problem
        arrays = problem.given(problem.case.primals)
        arrays[self.position] = problem.function("sqrt")(s) * arrays[self.position]
        outs, where = problem.call(*arrays), problem.function("where")
        return tuple(where(mask, out, 0) for mask, out in zip(self.selected, outs, strict=True))

    def derivatives(self, s: Any, t: Any, g: Sequence[Any]) -> list[Any]:
        """By s: the gradient, the tangent, and the four second derivatives."""
        problem = self.problem
        (x, t), g = problem.given([s, t]), problem.given(g)

        def reverse(x: Any) -> Any:
            return problem.vjp(self, x)[1](tuple(g))[0]

        def forward(x: Any) -> Any:
            return problem.jvp(self, (x,), (t,))[1]

        found = [reverse(x), problem.vjp(reverse, x)[1](t)[0], problem.jvp(reverse, (x,), (t,))[1],
                 problem.vjp(forward, x)[1](tuple(g))[0], *forward(x), *problem.jvp(forward, (x,), (t,))[1]]  # fmt: skip
        return problem.plain(found)


def _check(problem: Problem, wrong: float) -> None:
    masked = Masked(problem)
    ones = np.ones_like(masked.values)
    t = problem.case.source.directions(ones.shape, "float64")
    g = quietly(problem.cotangents)
    if not all(np.isfinite(out).all() for out in problem.value(problem.case.primals)):
        raise Rejected("the value itself is not finite")
    unselected, plain = (problem.given([s])[0] for s in (np.where(masked.bad, wrong, ones), ones))
    same(*(problem.plain(quietly(masked, s)) for s in (unselected, plain)), "value")
    got = quietly(masked.derivatives, np.where(masked.bad, wrong, ones), t, g)
    expected = quietly(masked.derivatives, ones, t, g)
    names = ["gradient", "reverse over reverse", "forward over reverse", "reverse over forward", "tangent",
             "forward over forward"]  # fmt: skip
    for index, (mine, other) in enumerate(zip(got, expected, strict=True)):
        name = names[min(index, 4)] if index < 4 + len(g) else names[5]
        if index < 4:
            assert (mine[masked.bad] == 0).all(), f"{name}: {mine} where {masked.bad} is not selected"
            mine, other = mine[~masked.bad], other[~masked.bad]
        same([mine], [other], name)


@prop(applies=is_local)
def what_is_not_selected_contributes_nothing(problem: Problem) -> None:
    """Entries with an infinite derivative."""
    _check(problem, 0.0)


@prop(applies=is_local)
def what_is_not_selected_contributes_nothing_although_it_is_nan(problem: Problem) -> None:
    """Entries that are NaN."""
    _check(problem, -1.0)
