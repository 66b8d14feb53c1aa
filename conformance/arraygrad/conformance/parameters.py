"""Strategies for parameters: the options of an operation, and the arrays whose shape or values follow from others.

A strategy is found by "operation.parameter", else by "parameter". It draws with `draft.random`, and sees what was
drawn before: `draft.shape`, `draft.options`, `draft.arrays`. Those of arrays are in `arrays`, those of the extensions
in `extensions`. An operation with a parameter without a strategy fails `test_every_parameter_has_a_strategy`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .calls import Call
from .cases import Draft
from .shapes import Shape

Strategy = Callable[[Draft], Any]
STRATEGIES: dict[str, Strategy] = {}

DEVICE = "<the device>"
"""Stands for the first device of whatever backend a case runs on."""


def strategy_of(call: Call, parameter: str) -> Strategy:
    """The strategy of a parameter. Raises LookupError if there is none."""
    found = STRATEGIES.get(f"{call.name}.{parameter}") or STRATEGIES.get(parameter)
    if found is None:
        raise LookupError(
            f"{call.name}: no strategy for its parameter {parameter!r}; add one to the parameters.py of the kit"
        )
    return found


def has_strategy(call: Call, parameter: str) -> bool:
    """Whether a parameter has a strategy of its own: arrays without one are drawn by shape and domain alone."""
    return f"{call.name}.{parameter}" in STRATEGIES or parameter in STRATEGIES


def strategy(*names: str) -> Callable[[Strategy], Strategy]:
    """Make a function the strategy of parameters."""

    def register(function: Strategy) -> Strategy:
        STRATEGIES.update(dict.fromkeys(names, function))
        return function

    return register


_LEAST_AXES = {"tril": 2, "triu": 2, "take": 1}


def least_axes(call: Call) -> int:
    """How many axes the first array must have."""
    if "axis" in call.options and call.annotation("axis") == "int" and call.name != "stack":
        return 1
    return 1 if "axes" in call.options and call.name.startswith("fft.") else _LEAST_AXES.get(call.name, 0)


# -- axes -------------------------------------------------------------------------------------------------


def _signed(draft: Draft, axis: int, ndim: int) -> int:
    return axis - ndim if draft.random.choice([False, True]) else axis


def some_axis(draft: Draft, ndim: int) -> int:
    """An axis, counted from the front or from the end."""
    return _signed(draft, draft.random.randrange(ndim), ndim)


def some_axes(draft: Draft, count: int, ndim: int) -> tuple[int, ...]:
    """Different axes in any order."""
    return tuple(_signed(draft, axis, ndim) for axis in draft.random.sample(range(ndim), count))


@strategy("axis")
def _axis(draft: Draft) -> Any:
    """By annotation: one axis; several; None for all."""
    annotation = draft.call.annotation("axis")
    choices: list[Any] = [some_axis(draft, draft.ndim)] if draft.ndim else []
    if "None" in annotation or annotation.startswith("Axis"):
        choices.append(None)
    if draft.ndim and ("tuple" in annotation or annotation.startswith("Axis")):
        choices.append(some_axes(draft, draft.random.randint(1, draft.ndim), draft.ndim))
    return draft.random.choice(choices)


@strategy("cumulative_sum.axis", "cumulative_prod.axis")
def _running_axis(draft: Draft) -> int | None:
    if not draft.ndim:
        return None
    axis = some_axis(draft, draft.ndim)
    return draft.random.choice([axis, None]) if draft.ndim == 1 else axis


@strategy("softmax.axis", "log_softmax.axis")
def _some_axis(draft: Draft) -> Any:
    return STRATEGIES["axis"](draft)


@strategy("expand_dims.axis")
def _new_axes(draft: Draft) -> Any:
    count = draft.random.choice([1, 2])
    axes = some_axes(draft, count, draft.ndim + count)
    return draft.random.choice([axes, some_axis(draft, draft.ndim + 1)])


@strategy("stack.axis")
def _new_axis(draft: Draft) -> int:
    return some_axis(draft, draft.ndim + 1)


@strategy("squeeze.axis")
def _axes_of_one(draft: Draft) -> Any:
    ones = [axis for axis, length in enumerate(draft.shape) if length == 1]
    axes = tuple(_signed(draft, axis, draft.ndim) for axis in ones if draft.random.choice([True, True, False]))
    return axes[0] if len(axes) == 1 else axes


@strategy("permute_dims.axes")
def _permutation(draft: Draft) -> tuple[int, ...]:
    return some_axes(draft, draft.ndim, draft.ndim)


@strategy("source")
def _source(draft: Draft) -> Any:
    axes = some_axes(draft, draft.random.randint(0, draft.ndim), draft.ndim)
    return axes[0] if len(axes) == 1 else axes


@strategy("destination")
def _destination(draft: Draft) -> Any:
    source = draft.options["source"]
    return some_axis(draft, draft.ndim) if isinstance(source, int) else some_axes(draft, len(source), draft.ndim)


@strategy("vecdot.axis", "linalg.vecdot.axis", "linalg.cross.axis")
def _contracted_axis(draft: Draft) -> int:
    """Moves the axis, which was drawn last, to its place in both arrays; it counts from the end."""
    x1, x2 = draft.arrays["x1"], draft.arrays["x2"]
    axis = -draft.random.randint(1, min(x1.ndim, x2.ndim))
    draft.arrays["x1"], draft.arrays["x2"] = np.moveaxis(x1, -1, axis), np.moveaxis(x2, -1, axis)
    return axis + x1.ndim if x1.ndim == x2.ndim and draft.random.choice([False, True]) else axis


# -- shapes and places ------------------------------------------------------------------------------------


@strategy("reshape.shape")
def _same_size(draft: Draft) -> Shape:
    size = math.prod(draft.shape)
    shapes = [(size,), draft.shape[::-1], (1, *draft.shape)]
    if size:
        shapes += [(-1,), (*draft.shape, -1)]
    return draft.random.choice(shapes)


@strategy("broadcast_to.shape")
def _larger_shape(draft: Draft) -> Shape:
    longer = tuple(draft.random.choice([2, 3]) if length == 1 else length for length in draft.shape)
    return (*draft.random.choice([(), (2,), (1, 3)]), *longer)


@strategy("roll.shift")
def _shift(draft: Draft) -> Any:
    shifts = tuple(draft.random.randint(-4, 4) for _ in range(draft.random.randint(1, max(draft.ndim, 1))))
    return draft.random.choice([shifts[0], shifts]) if draft.ndim else shifts[0]


@strategy("roll.axis")
def _rolled_axes(draft: Draft) -> Any:
    shift = draft.options["shift"]
    if isinstance(shift, tuple):
        return some_axes(draft, len(shift), draft.ndim)
    return draft.random.choice([None, some_axis(draft, draft.ndim)]) if draft.ndim else None


@strategy("tile.repetitions")
def _repetitions(draft: Draft) -> tuple[int, ...]:
    return tuple(draft.random.choice([2, 1, 3]) for _ in range(draft.random.randint(0, draft.ndim + 1)))


@strategy("k", "offset")
def _diagonal(draft: Draft) -> int:
    rows, columns = draft.shape[-2:]
    return draft.random.randint(min(1 - rows, 0), max(columns - 1, 0))


# -- flags and small choices ------------------------------------------------------------------------------


@strategy("keepdims", "descending", "include_initial", "upper", "full_matrices", "endpoint")
def _flag(draft: Draft) -> bool:
    return draft.random.choice([False, True])


@strategy("stable")
def _stable(draft: Draft) -> bool:
    return True


@strategy("copy")
def _copy(draft: Draft) -> Any:
    return draft.random.choice([True, None if draft.call.name == "reshape" else True])


@strategy("correction")
def _correction(draft: Draft) -> float:
    axis = draft.options["axis"]
    axes = range(draft.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    count = math.prod(draft.shape[each] for each in axes)
    return draft.random.choice([0.0, 1, 0.5]) if count > 1 else 0.0


@strategy("dtype")
def _accumulator(draft: Draft) -> str | None:
    return draft.random.choice([None, "complex128" if "complex" in _kinds(draft) else "float64"])


@strategy("convert.dtype", "astype.dtype")
def _target(draft: Draft) -> str:
    return "complex128" if "complex" in _kinds(draft) else draft.random.choice(["float64", "complex128"])


@strategy("full_like.dtype")
def _no_dtype(draft: Draft) -> None:
    return None


def _kinds(draft: Draft) -> str:
    return " ".join(str(array.dtype) for array in draft.arrays.values() if isinstance(array, np.ndarray))


@strategy("to_device.device")
def _device(draft: Draft) -> str:
    return DEVICE


@strategy("device")
def _maybe_device(draft: Draft) -> str | None:
    return draft.random.choice([None, DEVICE])


@strategy("stream")
def _stream(draft: Draft) -> None:
    return None


@strategy("indexing")
def _indexing(draft: Draft) -> str:
    return draft.random.choice(["xy", "ij"])


@strategy("diff.n")
def _times(draft: Draft) -> int:
    return draft.random.choice([1, 2, 0])
