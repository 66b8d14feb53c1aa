"""Options of operations as users give them, made plain for the libraries by what the declaration says they are."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

from .call import bare, level_of
from .errors import ArgumentTypeError, GradientError
from .keys import plain_key
from .op import Op
from .tensor import Tensor


def source(op: Op, parameter: inspect.Parameter) -> str:
    """What stands for an option where the library is called, in the names of `names`."""
    name = parameter.name
    if parameter.annotation == "Constant":
        return f"plain({name})"
    if parameter.annotation == "Key":
        return f"plain_key({name}, {op.arrays[0]})"
    if parameter.annotation == "int" and name == "axis":
        return "axis if axis is not None else no_axis()"  # for which libraries flatten
    if parameter.annotation == "float":  # which libraries would convert a Tensor to
        return f"{name} if type({name}) in NUMBERS else number({name!r}, {name})"
    return name


def names(op: Op) -> dict[str, Any]:
    """What the sources of an operation's options name."""
    return {
        "no_axis": partial(_no_axis, op.name), "number": partial(_number, op.name), "plain": _plain, "plain_key": plain_key,
        "NUMBERS": (float, int),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """An option without Tensors."""
    return tuple(map(bare, value)) if type(value) is tuple else bare(value)


def _no_axis(operation: str) -> None:
    raise ArgumentTypeError(f"{operation}: axis: got None; expected an integer")


def _number(operation: str, name: str, value: Any) -> Any:
    """An option as a Python number if it is a Tensor. Raises GradientError if something differentiates by it."""
    if not isinstance(value, Tensor):
        return value
    if level_of(value) is not None:
        raise GradientError(
            f"{operation}: {name}: got a tensor that requires a gradient or carries a tangent, and none flows through "
            f"{name}; expected a number: pass x.detach()"
        )
    return value.item()
