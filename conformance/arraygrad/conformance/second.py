"""Properties of second derivatives: the four compositions of forward and reverse mode, and differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import arraygrad as ag

from .closeness import inner, same, same_number, slope
from .problem import Arrays, Problem, Rejected, quietly
from .properties import REAL_AND_COMPLEX, prop


def compositions(problem: Problem, t: Arrays, u: Arrays, g: Arrays) -> dict[str, Callable[[], Arrays]]:
    """Second derivatives of <g, f> along t; by forward over forward that of f, along t and u."""
    x, tangents, others, cotangents = map(problem.given, (problem.case.primals, t, u, g))

    def reverse(*primals: Any) -> tuple[Any, ...]:
        return problem.pulled(primals, cotangents)

    def forward(*primals: Any) -> tuple[Any, ...]:
        return problem.pushed(primals, tangents)

    return {
        "reverse over reverse": lambda: problem.plain(problem.vjp(reverse, *x)[1](tuple(tangents))),
        "forward over reverse": lambda: problem.plain(problem.jvp(reverse, tuple(x), tuple(tangents))[1]),
        "reverse over forward": lambda: problem.plain(problem.vjp(forward, *x)[1](tuple(cotangents))),
        "forward over forward": lambda: problem.plain(problem.jvp(forward, tuple(x), tuple(others))[1]),
    }


@prop(*REAL_AND_COMPLEX)
def second_derivatives_agree_in_all_compositions(problem: Problem) -> None:
    """Of <g, f>: reverse over reverse, forward over reverse, reverse over forward, forward over forward."""
    case = problem.case
    t, u, g = case.directions(), case.directions(), problem.cotangents()
    rr, fr, rf, ff = (run() for run in compositions(problem, t, u, g).values())
    same_number(inner(fr, u), inner(g, ff), "forward over forward", fr, u, 1e-8)
    rr, fr, rf = (case.defined(each) for each in (rr, fr, rf))
    same(rr, fr, "reverse over reverse, against forward over reverse", 1e-8)
    same(rf, fr, "reverse over forward, against forward over reverse", 1e-8)


@prop(*REAL_AND_COMPLEX)
def second_derivatives_are_limits_of_differences(problem: Problem, composition: str = "forward over reverse") -> None:
    """A composition is what differences of the gradient give."""
    case = problem.case
    t, u, g = case.directions(), case.directions(), problem.cotangents()
    expected = quietly(slope, lambda primals: problem.gradients(g, primals), case.primals, t)
    if expected is None:
        raise Rejected("a kink or a pole is near")
    found = compositions(problem, t, u, g)[composition]()
    if composition == "forward over forward":
        same_number(inner(g, found), inner(expected, u), composition, expected, u, 1e-6)
    else:
        same(case.defined(found), case.defined(expected), composition, 1e-6)


@prop(*REAL_AND_COMPLEX)
def recorded_gradients_can_be_differentiated(problem: Problem) -> None:
    """`autograd.grad` twice, the first with create_graph, gives forward over reverse."""
    t, g = problem.case.directions(), problem.cotangents()
    tangents, cotangents = problem.given(t), problem.given(g)
    _, pull = problem.vjp(lambda *primals: problem.pulled(primals, cotangents), *problem.given(problem.case.primals))
    expected = problem.plain(pull(tuple(tangents)))
    values = [value.requires_grad_() for value in problem.given(problem.case.primals)]
    outs = problem.call(*values)
    recorded = [(out, each) for out, each in zip(outs, cotangents, strict=True) if out.requires_grad]
    if not recorded:
        raise Rejected("nothing is recorded")
    first = ag.autograd.grad(
        [out for out, _ in recorded], values, [each for _, each in recorded], create_graph=True, materialize_grads=True
    )
    again = [(out, each) for out, each in zip(first, tangents, strict=True) if out.requires_grad]
    if not again:
        same(expected, [0 * each for each in expected], "second derivative of what is linear")
        return
    second = ag.autograd.grad(
        [out for out, _ in again], values, [each for _, each in again], materialize_grads=True
    )
    same(problem.plain(second), expected, "gradient of the gradient", 1e-8)
