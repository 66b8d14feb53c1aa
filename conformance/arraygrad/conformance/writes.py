"""Properties of writes in place: they break no gradient, on libraries whose arrays cannot be written too."""

from __future__ import annotations

from typing import Any

import arraygrad as ag

from .closeness import moved, same
from .problem import Problem, Rejected
from .properties import REAL_AND_COMPLEX, prop


def _called(problem: Problem) -> tuple[list[Any], list[Any], list[Any]]:
    """Leaves, copies of them that can be written, and the outputs of the call of these."""
    leaves = [value.requires_grad_() for value in problem.given(problem.case.primals)]
    copies = [ag.clone(leaf) for leaf in leaves]
    outs = list(problem.call(*copies))
    if not any(out.requires_grad for out in outs):
        raise Rejected("nothing is recorded")
    return leaves, copies, outs


def _is_view(out: Any, copies: list[Any]) -> bool:
    """Whether an output shares the storage of an argument, or is it: as `matrix_power(x, 1)`."""
    return any(out is copy or out._base is copy for copy in copies)


def _gradients(problem: Problem, leaves: list[Any], outs: list[Any], g: list[Any]) -> list[Any]:
    recorded = [(out, each) for out, each in zip(outs, problem.given(g), strict=True) if out.requires_grad]
    roots, cotangents = zip(*recorded, strict=True)
    return problem.plain(ag.autograd.grad(roots, leaves, cotangents, materialize_grads=True))


@prop(*REAL_AND_COMPLEX)
def overwritten_arguments_break_no_gradient(problem: Problem) -> None:
    """The gradient is that of the values that were used; results that are views of an argument follow it. Nor does
    another call."""
    g = problem.cotangents()
    leaves, copies, outs = _called(problem)
    before = problem.plain(outs)
    for copy in copies:
        copy[...] = 0
    problem.value(moved(problem.case.primals, 1e-3, problem.case.directions()))
    follow = [_is_view(out, copies) for out in outs]
    expected = [0 * value if view else value for value, view in zip(before, follow, strict=True)]
    same(problem.plain(outs), expected, "values after the arguments were overwritten", 0)
    left = [0 * each if view else each for each, view in zip(g, follow, strict=True)]
    same(_gradients(problem, leaves, outs, g), problem.gradients(left), "gradients")


@prop(*REAL_AND_COMPLEX)
def results_can_be_written(problem: Problem) -> None:
    """Results times 3 in place have three times the gradients; arguments stay, unless results are views of them."""
    g = problem.cotangents()
    leaves, copies, outs = _called(problem)
    is_view = any(_is_view(out, copies) for out in outs)
    if is_view and _overlaps(problem, outs):
        raise Rejected("the result is several views, or has the same entry in several places")
    before = problem.plain(outs)
    for out in outs:
        out *= 3
    same(problem.plain(outs), [3 * value for value in before], "values times 3")
    same(_gradients(problem, leaves, outs, g), [3 * each for each in problem.gradients(g)], "gradients")
    if is_view:
        same(problem.plain(problem.call(*copies)), problem.plain(outs), "what a view of the arguments shows")
    else:
        same(problem.plain(copies), problem.case.primals, "arguments", 0)


def _overlaps(problem: Problem, outs: list[Any]) -> bool:
    op = problem.case.call.op
    return len(outs) > 1 or problem.case.call.name == "meshgrid" or (op is not None and (op.multiple or op.overlaps))


@prop(applies=lambda call: call.name in ("astype", "clone", "convert"))
def copies_have_memory_of_their_own(problem: Problem) -> None:
    """Who writes to the array of a copy, as the library does it, does not write to the original."""
    if not problem.backend.writable:
        raise Rejected("nobody can write to an array")
    (x,) = problem.given(problem.case.primals)
    for out in problem.call(x):
        out.array[...] = 0
    same(problem.plain([x]), problem.case.primals, "the original", 0)
