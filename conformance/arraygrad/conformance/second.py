"""Properties of second derivatives: the four compositions of forward and reverse mode, and differences."""

from __future__ import annotations

import arraygrad as ag

from .closeness import inner, same, same_number, slope
from .problem import Problem, Rejected, quietly
from .properties import REAL_AND_COMPLEX, prop


@prop(*REAL_AND_COMPLEX)
def second_derivatives_agree_in_all_compositions(problem: Problem) -> None:
    """Of <g, f>: reverse over reverse, forward over reverse, reverse over forward, forward over forward."""
    case, x = problem.case, problem.given(problem.case.primals)
    t, u, g = case.directions(), case.directions(), problem.cotangents()
    tangents, others, cotangents = problem.given(t), problem.given(u), problem.given(g)

    def reverse(*primals):
        return problem.pulled(primals, cotangents)

    def forward(*primals):
        return problem.pushed(primals, tangents)

    _, pull = ag.func.vjp(reverse, *x)
    rr = problem.plain(pull(tuple(tangents)))
    _, pushed = ag.func.jvp(reverse, tuple(x), tuple(tangents))
    fr = problem.plain(pushed)
    _, pull = ag.func.vjp(forward, *x)
    rf = problem.plain(pull(tuple(cotangents)))
    _, pushed = ag.func.jvp(forward, tuple(x), tuple(others))
    ff = problem.plain(pushed)

    same_number(inner(fr, u), inner(g, ff), "forward over forward", fr, u, 1e-8)
    if case.is_hermitian:
        fr, rr, rf = ([case.hermitian(each) for each in arrays] for arrays in (fr, rr, rf))
    same(rr, fr, "reverse over reverse, against forward over reverse", 1e-8)
    same(rf, fr, "reverse over forward, against forward over reverse", 1e-8)


@prop(*REAL_AND_COMPLEX)
def second_derivatives_are_limits_of_differences(problem: Problem) -> None:
    """Forward over reverse is what differences of the gradient give."""
    t, g = problem.case.directions(), problem.cotangents()
    tangents, cotangents = problem.given(t), problem.given(g)
    expected = quietly(slope, lambda primals: problem.gradients(g, primals), problem.case.primals, t)
    if expected is None:
        raise Rejected("a kink or a pole is near")

    def reverse(*primals):
        return problem.pulled(primals, cotangents)

    _, pushed = ag.func.jvp(reverse, tuple(problem.given(problem.case.primals)), tuple(tangents))
    same(problem.plain(pushed), expected, "derivative of the gradient", 1e-6)


@prop(*REAL_AND_COMPLEX)
def recorded_gradients_can_be_differentiated(problem: Problem) -> None:
    """`autograd.grad` twice, the first with create_graph, gives forward over reverse."""
    t, g = problem.case.directions(), problem.cotangents()
    tangents, cotangents = problem.given(t), problem.given(g)
    _, pull = ag.func.vjp(lambda *primals: problem.pulled(primals, cotangents), *problem.given(problem.case.primals))
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
