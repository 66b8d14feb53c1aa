"""NumPy's fast functions, in front of the standard's: the Python wrappers around ufuncs cost more than the work."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import extra

Array = Any


def _sum(x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    return np.add.reduce(x, axis, dtype, None, keepdims)  # type: ignore[call-overload]


def _prod(x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    return np.multiply.reduce(x, axis, dtype, None, keepdims)  # type: ignore[call-overload]


def _max(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    return np.maximum.reduce(x, axis, None, None, keepdims)  # type: ignore[call-overload]


def _min(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    return np.minimum.reduce(x, axis, None, None, keepdims)  # type: ignore[call-overload]


def _zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Array:
    return np.zeros(shape, dtype or np.float64, device=device)


def _ones_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
    if x.ndim == 0 and dtype is None:
        return x.dtype.type(1)
    out = np.empty(x.shape, dtype or x.dtype, device=device)
    out.fill(1)
    return out


def _broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """By strides, where they are simple: NumPy's own function takes four times as long."""
    x = np.asarray(x)
    lead = len(shape) - x.ndim
    if lead < 0 or not x.flags.c_contiguous or 0 in shape:
        return np.broadcast_to(x, shape)
    strides = [0] * lead
    for length, stride, wanted in zip(x.shape, x.strides, shape[lead:]):
        if length not in (wanted, 1):
            return np.broadcast_to(x, shape)  # which says what is wrong
        strides.append(stride if length == wanted else 0)
    out = np.ndarray(shape, x.dtype, x, 0, strides)
    out.flags.writeable = False
    return out


def _reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    if copy is None:
        return x.reshape(shape)
    return np.reshape(x, shape, copy=copy)


def _permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    return x.transpose(axes)


_FEW = 1000
"""Elements that NumPy's simplest way has handled before a cleverer one has begun."""


def _masked(x: Array, mask: Array, /) -> Array:
    """By the bits of floats, times 0 or 1: a branch for each entry would cost ten times as much."""
    if x.size <= _FEW or x.dtype not in (np.float32, np.float64) or mask.shape != x.shape or not x.flags.c_contiguous:
        return np.where(mask, x, 0)
    bits = np.int32 if x.dtype == np.float32 else np.int64
    kept = mask.astype(bits)
    kept *= x.view(bits)
    return kept.view(x.dtype)


def _relu(x: Array, /) -> Array:
    """Against an array of zeros: NumPy takes four times as long against one number."""
    out = np.zeros(x.shape, x.dtype, "F" if x.flags.fnc else "C")
    return np.maximum(x, out, out=out)


def _var(x: Array, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Array:
    if x.dtype.kind != "f" or x.itemsize < 4 or x.size == 0:
        return np.var(x, axis, correction=correction, keepdims=keepdims)
    deviation = x - _mean(x, axis=axis, keepdims=True)
    deviation *= deviation
    total = np.add.reduce(deviation, axis, None, None, keepdims)  # type: ignore[call-overload]
    return total / max(x.size // total.size - correction, 0)


def _mean(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    if x.dtype.kind not in "fc" or x.itemsize < 4 or x.size == 0:
        return np.mean(x, axis, keepdims=keepdims)
    total = np.add.reduce(x, axis, None, None, keepdims)  # type: ignore[call-overload]
    return total / (x.size // total.size)


def _cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    if include_initial or dtype is not None or x.ndim == 0 or x.dtype.kind not in "fc":
        return np.cumulative_sum(x, axis=axis, dtype=dtype, include_initial=include_initial)
    if axis is None and x.ndim != 1:
        raise ValueError(f"axis: got None for {x.ndim} axes; expected one of them")
    return np.add.accumulate(x, axis or 0)


def _take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    if x.ndim != 1 and (axis is None or x.ndim == 0):
        raise ValueError(f"axis: got {axis} for {x.ndim} axes; expected one of them")
    return np.take(x, indices, axis)


def _expand_dims(x: Array, /, axis: Any) -> Array:
    if type(axis) is not int or not -x.ndim - 1 <= axis <= x.ndim:
        return np.expand_dims(x, axis)
    axis %= x.ndim + 1
    return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


def _stack(arrays: list[Array], /, *, axis: int = 0) -> Array:
    return np.concatenate([x[None] for x in arrays]) if axis == 0 and arrays else np.stack(arrays, axis)


def _clip(x: Array, /, min: Any = None, max: Any = None) -> Array:
    if x.dtype.kind != "f" or type(min) not in _NUMBERS or type(max) not in _NUMBERS or min is max is None:
        from array_api_compat import numpy as library

        if x.dtype.kind in "iu" and (wide := np.result_type(x, *(b for b in (min, max) if b is not None))).kind == "f":
            x = x.astype(wide)  # integers, to which the library would cut the bounds
        return library.clip(x, min, max)
    above = x if min is None else np.maximum(x, min)
    return above if max is None else np.minimum(above, max)


_NUMBERS = (float, int, type(None))


def _reciprocal(x: Array, /) -> Array:
    return np.reciprocal(x) if x.dtype.kind in "fc" else np.divide(1, x)  # NumPy has integers of integers


def _sigmoid(x: Array, /) -> Array:
    if x.dtype.kind == "c":
        return extra.sigmoid(np, x)
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


def _largest(x: Array, axis: Any) -> Array:
    initial = (-np.inf,) if x.dtype.kind in "fc" else ()
    return np.maximum.reduce(x, axis, None, None, True, *initial)  # type: ignore[call-overload]


def _by_columns(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function along an axis, with a matrix of many short rows turned for it: NumPy reduces columns much faster."""

    def call(x: Array, /, *, axis: Any = -1) -> Array:
        if x.ndim == 2 and axis == -1 and x.shape[1] <= 32 < x.shape[0]:
            return np.ascontiguousarray(function(np.ascontiguousarray(x.T), 0).T)
        return function(x, axis)

    return call


@_by_columns
def _softmax(x: Array, axis: Any) -> Array:
    powers = np.exp(x - _largest(x, axis))
    powers /= np.add.reduce(powers, axis, None, None, True)  # type: ignore[call-overload]
    return powers


@_by_columns
def _log_softmax(x: Array, axis: Any) -> Array:
    shifted = x - _largest(x, axis)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis, None, None, True))  # type: ignore[call-overload]


KERNELS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "reciprocal": _reciprocal,
    "pow": operator.pow,
    "sum": _sum,
    "prod": _prod,
    "max": _max,
    "min": _min,
    "zeros": _zeros,
    "ones_like": _ones_like,
    "broadcast_to": _broadcast_to,
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "matmul": np.matmul,
    "matrix_transpose": operator.attrgetter("mT"),
    "masked": _masked,
    "cbrt": np.cbrt,
    "exp2": np.exp2,
    "relu": _relu,
    "log_softmax": _log_softmax,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "mean": _mean,
    "var": _var,
    "cumulative_sum": _cumulative_sum,
    "expand_dims": _expand_dims,
    "stack": _stack,
    "take": _take,
    "linalg.cross": np.linalg.cross,  # NumPy's other ones take vectors of two elements, and flatten
    "linalg.outer": np.linalg.outer,
    "clip": _clip,
}
