"""Forward functions of operations that the standard lacks, in its own functions: any backend has them from here.

The first argument is the backend's namespace. A backend with a better kernel puts it into its overrides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import extra_arrays, extra_linalg, extra_special

Array = Any
Axis = Any


def relu(xp: Any, x: Array, /) -> Array:
    return xp.maximum(x, xp.zeros_like(x))


def sigmoid(xp: Any, x: Array, /) -> Array:
    is_negative = (xp.real(x) if xp.isdtype(x.dtype, "complex floating") else x) < 0
    small = xp.exp(xp.where(is_negative, x, -x))
    return xp.where(is_negative, small, xp.ones_like(small)) / (1 + small)


def softplus(xp: Any, x: Array, /) -> Array:
    return xp.logaddexp(x, xp.zeros_like(x))


def largest(xp: Any, x: Array, axis: Axis) -> Array:
    """The maximum over axes, which stay with length 1; of nothing, 0."""
    return xp.sum(x, axis=axis, keepdims=True) if 0 in x.shape else xp.max(x, axis=axis, keepdims=True)


def logsumexp(xp: Any, x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Array:
    top = largest(xp, x, axis)
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    if keepdims:
        return total
    axes = tuple(range(x.ndim)) if axis is None else axis
    return xp.squeeze(total, axis=axes)


def softmax(xp: Any, x: Array, /, *, axis: Axis = -1) -> Array:
    powers = xp.exp(x - largest(xp, x, axis))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def log_softmax(xp: Any, x: Array, /, *, axis: Axis = -1) -> Array:
    shifted = x - largest(xp, x, axis)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def cast(xp: Any, x: Array, /, dtype: Any, *, copy: bool = True) -> Array:
    return xp.convert(x, dtype, copy=copy)


def distinct(xp: Any, x: Array, /) -> tuple[Array, ...]:
    return tuple(xp.unique_all(x))


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cast": cast,
    "distinct": distinct,
    **extra_special.FUNCTIONS,
    **extra_arrays.FUNCTIONS,
    **extra_linalg.FUNCTIONS,
}


def bind(backend: Any, function: Callable[..., Array]) -> Callable[..., Array]:
    """The function with the backend's namespace as its first argument."""
    return lambda *args, **options: function(backend.xp, *args, **options)
