"""Properties of gradients as arrays: data type, shape, layout, and what is kept for them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from arraygrad.errors import ArgumentTypeError
from arraygrad.op import Kind, Op, is_held
from arraygrad.tensor import as_tensor

from .calls import Call
from .closeness import same
from .problem import Lacking, Problem, quietly
from .properties import prop
from .references import reference_values

TOLERANCE = {"float16": 2e-2, "float32": 2e-4, "complex64": 2e-4}


def _types(arrays: Sequence[Any]) -> list[str]:
    return [str(array.dtype) for array in arrays]


def _same_types_and_shapes(got: Sequence[Any], like: Sequence[Any], what: str) -> None:
    assert _types(got) == _types(like), f"{what}: {_types(got)}, expected {_types(like)}"
    assert [each.shape for each in got] == [each.shape for each in like], what


def _in_precision(problem: Problem, dtype: str) -> None:
    """First and second derivatives in a narrower type, against those in double precision."""
    case = problem.case
    if not hasattr(problem.backend.xp, dtype):
        raise Lacking(f"the library has no {dtype}")
    narrow = Problem(case.retyped(dtype), problem.backend)
    t, g = case.directions(), problem.cotangents()
    _, refusal = reference_values(problem)
    _, refusal_of_narrow = quietly(reference_values, narrow)
    if refusal_of_narrow is not None and refusal is None:
        if dtype == "float16":
            raise refusal_of_narrow
        raise AssertionError(f"the library does not take {dtype}: {refusal_of_narrow}")
    try:
        outs = narrow.value(narrow.case.primals)
    except ArgumentTypeError as error:
        if dtype != "float16":
            raise
        raise Lacking("the library has no such function of float16") from error
    t_narrow = [each.astype(dtype) for each in t]
    g_narrow = [each.astype(out.dtype) for each, out in zip(g, outs, strict=True)]
    gradients, tangents = narrow.gradients(g_narrow), narrow.tangents(t_narrow)
    _same_types_and_shapes(gradients, narrow.case.primals, "gradients")
    _same_types_and_shapes(tangents, outs, "tangents")
    same(gradients, problem.gradients(g), "gradients", TOLERANCE[dtype], 0.2)
    same(tangents, problem.tangents(t), "tangents", TOLERANCE[dtype], 0.2)
    _, pushed = problem.jvp(
        lambda *x: narrow.pulled(x, narrow.given(g_narrow)),
        tuple(narrow.given(narrow.case.primals)),
        tuple(narrow.given(t_narrow)),
    )
    _same_types_and_shapes(narrow.plain(pushed), narrow.case.primals, "second derivatives")


@prop()
def single_precision_stays(problem: Problem) -> None:
    """float32 in, float32 out, and accurate for it."""
    _in_precision(problem, "float32")


@prop()
def half_precision_stays(problem: Problem) -> None:
    """float16 in, float16 out."""
    _in_precision(problem, "float16")


@prop(("", ("complex128",)))
def single_complex_precision_stays(problem: Problem) -> None:
    """complex64 in, complex64 out, and accurate for it."""
    _in_precision(problem, "complex64")


def gradients_have_types_and_shapes(problem: Problem) -> None:
    """Those of the arguments."""
    gradients = quietly(problem.gradients, quietly(problem.cotangents))
    _same_types_and_shapes(gradients, problem.case.primals, "gradients")


def tangents_have_types_and_shapes(problem: Problem) -> None:
    """Those of the outputs."""
    outs = quietly(problem.value, problem.case.primals)
    _same_types_and_shapes(quietly(problem.tangents, problem.case.directions()), outs, "tangents")


@prop(("", ("float32", "float64")), ("_of_complex_numbers", ("float32", "complex64", "complex128")))
def gradients_have_the_type_and_shape_of_their_argument(problem: Problem) -> None:
    """Whatever the types of the other arguments and of the result."""
    gradients_have_types_and_shapes(problem)
    tangents_have_types_and_shapes(problem)


@prop(empty=True)
def arrays_without_entries_have_gradients_without_entries(problem: Problem) -> None:
    """Axes of length 0."""
    gradients_have_types_and_shapes(problem)
    tangents_have_types_and_shapes(problem)


# -- layout -----------------------------------------------------------------------------------------------


def _reversed(problem: Problem, array: Any) -> Any:
    backwards = (slice(None, None, -1),) * array.ndim
    return problem.backend.getitem(problem.raw(np.array(array[backwards])), (*backwards, ...))


def _strided(problem: Problem, array: Any) -> Any:
    spread = np.full(tuple(2 * length for length in array.shape), np.nan, dtype=array.dtype)
    every_other = (slice(None, None, 2),) * array.ndim
    spread[every_other] = array
    return problem.raw(spread)[(*every_other, ...)]


def _transposed(problem: Problem, array: Any) -> Any:
    return problem.backend.xp.permute_dims(problem.raw(np.array(array.T, order="C")), tuple(range(array.ndim))[::-1])


def _read_only(problem: Problem, array: Any) -> Any:
    made = problem.raw(array)
    if isinstance(made, np.ndarray):
        made.flags.writeable = False
    return made


@prop()
def layout_changes_nothing_and_arrays_stay_as_they_are(problem: Problem) -> None:
    """Negative strides, gaps, axes the other way round, arrays that cannot be written: all is as it was, arguments too."""
    g, t = problem.cotangents(), problem.case.directions()
    values = problem.value(problem.case.primals)
    gradients, tangents = problem.gradients(g), problem.tangents(t)
    for layout in (_reversed, _strided, _transposed, _read_only):
        primals, pulled, pushed = ([layout(problem, each) for each in arrays] for arrays in (problem.case.primals, g, t))
        x, cotangents, directions = (list(map(as_tensor, arrays)) for arrays in (primals, pulled, pushed))
        name = layout.__name__
        same(problem.plain(problem.call(*x)), values, f"{name} values")
        same(problem.plain(problem.pulled(x, cotangents)), gradients, f"{name} gradients")
        same(problem.plain(problem.pushed(x, directions)), tangents, f"{name} tangents")
        same(problem.plain(primals + pulled + pushed), [*problem.case.primals, *g, *t], f"{name} arguments", 0)


# -- what is kept -----------------------------------------------------------------------------------------


def _named(op: Op, argument: str) -> set[str]:
    codes = [rule.__code__ for rule in (op.rules[argument], op.shared) if rule is not None]
    names = {name for code in codes for name in code.co_varnames[: code.co_argcount]}
    return names | {argument} if op.kind is Kind.REDUCTION else names


def _is_operation(call: Call) -> bool:
    return call.op is not None


@prop(applies=_is_operation)
def nothing_is_kept_beyond_what_rules_name(problem: Problem) -> None:
    """A node holds the arrays that the rules of tracked arguments name, and of a linear argument none."""
    op, case = problem.case.call.op, problem.case
    assert op is not None
    for tracked in [case.active, *([position] for position in case.active)]:
        every = [problem.raw(array) for array in case.arrays]
        for position in tracked:
            every[position] = as_tensor(every[position]).requires_grad_()
        positional, named = case.call.bind(every, problem.options)
        outs = case.call.function(*positional, **named)
        outs = outs if op.multiple else (outs,)
        allowed = set().union(*(_named(op, case.parameter(position)) for position in tracked))
        _check_kept(op, case, outs[0].grad_fn.kept, allowed)


def _check_kept(op: Op, case: Any, kept: Any, allowed: set[str]) -> None:
    if kept is None:
        return
    for position, value in enumerate(kept):
        is_argument = position < len(case.arrays)
        name = case.parameter(position) if is_argument else "out"
        if is_held(value):
            assert name in allowed, f"{op.name} keeps {name}, which no rule of a tracked argument names"
            linear = op.kind is Kind.LINEAR and is_argument and name in op.rules
            assert not linear, f"{op.name} is linear in {name}, and keeps its values"


# -- threads ----------------------------------------------------------------------------------------------


@prop()
def threads_do_not_disturb_one_another(problem: Problem) -> None:
    """Gradients and tangents of the same tensors from several threads at once."""
    t, g = problem.case.directions(), problem.cotangents()
    expected = problem.gradients(g) + problem.tangents(t)
    x, cotangents, tangents = problem.given(problem.case.primals), problem.given(g), problem.given(t)

    def derivatives(_: int) -> list[Any]:
        return problem.plain([*problem.pulled(x, cotangents), *problem.pushed(x, tangents)])

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(derivatives, range(8)):
            same(found, expected, "in another thread")
