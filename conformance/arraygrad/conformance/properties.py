"""Properties of every operation, derived from its declaration.

A property is a function of a problem (a case on a backend) that raises AssertionError if it does not hold, or Rejected
if the case says nothing about it. `PROPERTIES` has them by name, with the cases that each wants.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import arraygrad as ag
from arraygrad.backends import Backend, get_backend
from arraygrad.errors import BackendError
from arraygrad.op import Kind
from arraygrad.standard import signature_of

from .calls import Call, differentiable_calls
from .cases import DOUBLE, Case, cases, sampled
from .closeness import inner, moved, same, same_number, slope
from .problem import Lacking, Problem, Rejected, quietly
from .references import reference, reference_values

COMPLEX = ("complex128", "complex128", "float64")


@dataclass(frozen=True)
class Property:
    """A property, the data types and shapes of the cases that it wants, and the operations that it is about."""

    name: str
    check: Callable[[Problem], None]
    dtypes: tuple[str, ...]
    empty: bool
    applies: Callable[[Call], bool]


PROPERTIES: dict[str, Property] = {}


def prop(
    *variants: tuple[str, tuple[str, ...]], empty: bool = False, applies: Callable[[Call], bool] = lambda call: True
) -> Callable[[Callable[[Problem], None]], Callable[[Problem], None]]:
    """Register a property, once for each variant: a suffix of its name and data types of arrays."""

    def register(check: Callable[[Problem], None]) -> Callable[[Problem], None]:
        for suffix, dtypes in variants or (("", DOUBLE),):
            name = f"{check.__name__}{suffix}"
            PROPERTIES[name] = Property(name, check, dtypes, empty, applies)
        return check

    return register


REAL_AND_COMPLEX = ("", DOUBLE), ("_of_complex_numbers", COMPLEX)


@cache
def takes(name: str, dtype: str) -> bool:
    """Whether the standard lets an operation have arguments of a type: array_api_strict knows."""
    strict = get_backend("array_api_strict")
    taken = 0
    for case in sampled(name, 8, (dtype,)):
        try:
            problem = Problem(case, strict)
            quietly(problem.library, _function(problem))
        except Rejected:
            continue
        taken += bool(case.active)
    return taken > 2


def _function(problem: Problem) -> Callable[..., Any]:
    """What array_api_strict makes of a call: its own function, or one of the standard's that does what it lacks."""
    name = problem.case.call.name
    return reference(problem) if signature_of(name) is not None else problem.case.call.function


def applicable(prop: Property, name: str) -> bool:
    """Whether a property is about an operation."""
    wanted = "complex128" if any("complex" in dtype for dtype in prop.dtypes) else "float64"
    return prop.applies(differentiable_calls()[name]) and takes(name, wanted)


def cases_of(prop: Property, name: str) -> Any:
    """Cases for a property of an operation, of the types that the operation takes."""
    dtypes = [each for each in prop.dtypes if takes(name, "complex128" if "complex" in each else "float64")]
    return cases(name, dtypes, empty=prop.empty)


def check(prop: Property, case: Case, backend: Backend) -> None:
    """Check a property of a case on a backend. Raises Rejected if the case says nothing about it, and Lacking, which is
    one, if the backend cannot do it: it says so by a NotImplementedError or a BackendError, or the library's own function
    raises too."""
    problem = Problem(case, backend)
    if not case.active:
        raise Rejected("no array to differentiate by")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values, refusal = reference_values(problem)
    if prop.check is not value_is_the_librarys_own and not prop.empty and not all(map(_is_finite, values)):
        raise Rejected("the value is not finite")
    with warnings.catch_warnings():
        if caught or backend.lazy:  # the library itself warns, if need be when it computes at last
            warnings.simplefilter("ignore")
        try:
            prop.check(problem)
        except (Rejected, AssertionError):
            raise
        except (NotImplementedError, BackendError) as error:
            raise Lacking(str(error)) from error
        except Exception as error:
            if refusal is not None:
                raise refusal from error
            raise


def _is_finite(array: Any) -> bool:
    return bool(np.isfinite(array).all())


# -- the function itself ----------------------------------------------------------------------------------


@prop(*REAL_AND_COMPLEX, ("_in_single_precision", ("float32",)), ("_of_single_complex_numbers", ("complex64", "float32")))
def value_is_the_librarys_own(problem: Problem) -> None:
    """The forward function is the library's."""
    function = problem.case.call.function
    every = [problem.raw(array) for array in problem.case.arrays]
    positional, named = problem.case.call.bind(every, problem.options)
    outs = function(*positional, **named)
    got = problem.plain(outs if isinstance(outs, (tuple, list)) else (outs,))
    expected, _ = reference_values(problem)
    is_single = any(out.dtype in ("float32", "complex64") for out in expected)
    same(got, expected, "value", 1e-5 if is_single else 1e-12)
    assert [out.dtype for out in got] == [out.dtype for out in expected]


def _is_linear(call: Call) -> bool:
    return call.kind is Kind.LINEAR


@prop(*REAL_AND_COMPLEX, applies=_is_linear)
def linear_operations_are_linear(problem: Problem) -> None:
    """f(2x - 3y) == 2 f(x) - 3 f(y), and the tangent is the operation itself."""
    x, y = problem.case.primals, problem.case.directions()
    together = problem.value(moved([2 * each for each in x], -3.0, y))
    expected = [2 * a - 3 * b for a, b in zip(problem.value(x), problem.value(y), strict=True)]
    same(together, expected, "f(2x - 3y)")
    same(problem.tangents(y), problem.value(y), "tangent of a linear operation")


@prop(*REAL_AND_COMPLEX, applies=lambda call: call.kind is Kind.MULTILINEAR)
def multilinear_operations_are_linear_in_each_argument(problem: Problem) -> None:
    """Linear in one argument while the others stay."""
    x, y = problem.case.primals, problem.case.directions()
    for position in range(len(x)):
        ahead = [*x[:position], 2 * x[position] - 3 * y[position], *x[position + 1 :]]
        other = [*x[:position], y[position], *x[position + 1 :]]
        expected = [2 * a - 3 * b for a, b in zip(problem.value(x), problem.value(other), strict=True)]
        same(problem.value(ahead), expected, f"linear in argument {position}")


# -- first derivatives ------------------------------------------------------------------------------------


@prop(*REAL_AND_COMPLEX)
def forward_and_reverse_are_transposes(problem: Problem) -> None:
    """<g, J t> == <J^T g, t>, also for one argument at a time."""
    t, g = problem.case.directions(), problem.cotangents()
    pulled = problem.gradients(g)
    zeros = [np.zeros_like(each) for each in t]
    for position in range(len(t)):
        only = [*zeros[:position], t[position], *zeros[position + 1 :]]
        pushed = problem.tangents(only)
        same_number(inner(pulled, only), inner(g, pushed), f"<J^T g, t> by argument {position}", g, pushed)


def differences(problem: Problem, t: Sequence[Any]) -> list[Any]:
    """The derivative of the outputs along t by differences. Raises Rejected where none can be taken."""
    found = quietly(slope, problem.value, problem.case.primals, t)
    if found is None:
        raise Rejected("a kink or a pole is near")
    return found


def tangents_are_limits_of_differences(problem: Problem) -> None:
    """Forward mode gives what differences give, entry by entry."""
    t = problem.case.directions()
    same(problem.tangents(t), differences(problem, t), "tangent", 1e-7)


def gradients_are_limits_of_differences(problem: Problem) -> None:
    """Reverse mode gives in the inner product what differences give."""
    t, g = problem.case.directions(), problem.cotangents()
    expected = differences(problem, t)
    same_number(inner(problem.gradients(g), t), inner(g, expected), "<J^T g, t>", g, expected, 1e-7)


@prop(*REAL_AND_COMPLEX)
def derivatives_are_limits_of_differences(problem: Problem) -> None:
    """Forward mode gives what differences give, and so does reverse mode."""
    tangents_are_limits_of_differences(problem)
    gradients_are_limits_of_differences(problem)


@prop(*REAL_AND_COMPLEX)
def one_argument_at_a_time_gives_the_same(problem: Problem) -> None:
    """What is kept for one argument suffices for it: its gradient is that of all together."""
    g, primals = problem.cotangents(), problem.case.primals
    together = problem.gradients(g)
    for position, expected in enumerate(together):
        values = problem.given(primals)
        values[position].requires_grad_()
        got = _gradients(problem, values, g, (position,), create_graph=False)
        same(got, [expected], f"gradient by argument {position} alone")


@prop(*REAL_AND_COMPLEX)
def create_graph_changes_no_gradient(problem: Problem) -> None:
    """Gradients that can be differentiated again are those that cannot, and those of `func.vjp`."""
    g = problem.cotangents()
    expected = problem.gradients(g)
    every = range(len(expected))
    for create_graph in (False, True):
        values = [value.requires_grad_() for value in problem.given(problem.case.primals)]
        same(_gradients(problem, values, g, every, create_graph=create_graph), expected, f"{create_graph=}")


def _gradients(
    problem: Problem, values: list[Any], g: Sequence[Any], wanted: Sequence[int], *, create_graph: bool
) -> list[Any]:
    """Gradients by `autograd.grad`, zeros where nothing depends on an argument."""
    outs = problem.call(*values)
    recorded = [(out, each) for out, each in zip(outs, problem.given(g), strict=True) if out.requires_grad]
    sources = [values[position] for position in wanted]
    if not recorded:
        return [np.zeros_like(problem.case.primals[position]) for position in wanted]
    found = ag.autograd.grad(
        [out for out, _ in recorded], sources, [each for _, each in recorded], create_graph=create_graph,
        materialize_grads=True,
    )  # fmt: skip
    return problem.plain(found)
