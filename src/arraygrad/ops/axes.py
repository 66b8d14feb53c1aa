"""Axes and indices as users give them, checked and made plain for the functions beyond the standard."""

from __future__ import annotations

import operator
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError, IndexingError
from ..kinds import Tensor
from ..tensor import as_tensor


def normal_axis(operation: str, axis: Any, ndim: int) -> int:
    """An axis counted from the front. Raises IndexingError if there is none of that number."""
    try:
        position = operator.index(axis)
    except TypeError:
        raise ArgumentTypeError(f"{operation}: axis: got {axis!r}; expected an integer") from None
    if not -ndim <= position < ndim:
        raise IndexingError(f"{operation}: axis: got {axis} for an array of {ndim} axes; expected -{ndim} to {ndim - 1}")
    return position % ndim


def normal_axes(operation: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front: all for None, one for an integer. Raises ArgumentError for repeated ones."""
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(normal_axis(operation, each, ndim) for each in given)
    if len(set(axes)) < len(axes):
        raise ArgumentError(f"{operation}: axis: got {axis}, which names an axis twice; expected distinct axes")
    return axes


def along(axis: int, *part: int | None) -> tuple[Any, ...]:
    """The key of a slice along one axis, counted from the front: `x[along(1, 2, None)]` is `x[:, 2:]`."""
    return (slice(None),) * axis + (slice(*part), ...)


def floating(operation: str, name: str, value: Any) -> Tensor:
    """An argument as a Tensor. Raises ArgumentTypeError unless it is of a floating or complex dtype."""
    tensor = as_tensor(value)
    if not tensor.dtype.is_differentiable:
        raise ArgumentTypeError(
            f"{operation}: {name}: got dtype {tensor.dtype.name}; expected a floating one; convert it with "
            "arraygrad.astype(x, arraygrad.float64)"
        )
    return tensor
