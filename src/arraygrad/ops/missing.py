"""Reductions that leave out NaN, under NumPy's names. Entries that are NaN contribute nothing and get gradient zero."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentTypeError
from ..kinds import Array, Tensor, composite, reduction
from ..modes import Subgradient
from ..selection import Selected
from ..tensor import as_tensor
from . import statistical
from .data_type import astype, finfo
from .elementwise import imag, real, sqrt
from .logic import isnan
from .searching import where
from .statistical import Axis


def _extreme(xp: Any, x: Any, out: Any, axis: Axis, subgradient: Subgradient) -> Selected:
    """Its share for each element that is extreme, structurally zero for the others: NaN equals nothing."""
    wins = x == out
    if subgradient.ties == "first":
        return Selected(xp.ones_like(x), statistical.first(xp, wins, axis))
    count = xp.sum(xp.astype(wins, x.dtype), axis=axis, keepdims=True)
    return Selected(1 / xp.where(count == 0, 1, count), wins)


@reduction(x=_extreme, ordered=True)
def nanmax(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Largest element over `axis` but for NaN; NaN where there is nothing else. Ties share the gradient equally."""


@reduction(x=_extreme, ordered=True)
def nanmin(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Smallest element over `axis` but for NaN; NaN where there is nothing else. Ties share the gradient equally."""


def _filled(x: Array, value: float) -> Tensor:
    """x with `value` for NaN."""
    x = as_tensor(x)
    return where(isnan(x), value, x) if x.dtype.is_differentiable else x


def _count(operation: str, x: Array, axis: Axis) -> tuple[Tensor, Tensor]:
    """x, and how many of its elements over `axis` are not NaN, with the axes kept."""
    x = as_tensor(x)
    if not x.dtype.is_differentiable:
        raise ArgumentTypeError(
            f"{operation}: x: got dtype {x.dtype.name}; expected a floating one; convert it with "
            "arraygrad.astype(x, arraygrad.float64)"
        )
    dtype = real(x).dtype if x.dtype.is_complex else x.dtype
    return x, statistical.sum(astype(~isnan(x), dtype), axis=axis, keepdims=True)


def _quotient(total: Tensor, count: Tensor) -> Tensor:
    """total / count, NaN without a gradient where the count is not positive."""
    return where(count > 0, total / where(count > 0, count, 1), math.nan)


def _reduced(value: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """A reduction of which the axes were kept, without them unless they are wanted."""
    if keepdims:
        return value
    axes = statistical.reduced_axes(value.ndim, axis)
    return value[tuple(0 if each in axes else slice(None) for each in range(value.ndim))] if axes else value


@composite
def nansum(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Sum over `axis`, with NaN as 0."""
    return statistical.sum(_filled(x, 0), axis=axis, keepdims=keepdims)


@composite
def nanprod(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Product over `axis`, with NaN as 1."""
    return statistical.prod(_filled(x, 1), axis=axis, keepdims=keepdims)


@composite
def nanmean(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Mean over `axis` of what is not NaN; NaN where nothing is left."""
    x, count = _count("nanmean", x, axis)
    return _reduced(_quotient(statistical.sum(_filled(x, 0), axis=axis, keepdims=True), count), axis, keepdims)


def _nanvar(operation: str, x: Array, axis: Axis, correction: float) -> Tensor:
    x, count = _count(operation, x, axis)
    mean = _quotient(statistical.sum(_filled(x, 0), axis=axis, keepdims=True), count)
    deviation = where(isnan(x), 0, x - mean)
    squares = real(deviation) ** 2 + imag(deviation) ** 2 if x.dtype.is_complex else deviation * deviation
    return _quotient(statistical.sum(squares, axis=axis, keepdims=True), count - correction)


@composite
def nanvar(x: Array, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """Variance over `axis` of what is not NaN, divided by the number of elements less `correction`."""
    return _reduced(_nanvar("nanvar", x, axis, correction), axis, keepdims)


@composite
def nanstd(x: Array, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """Standard deviation over `axis` of what is not NaN. The derivative where all are equal is 0."""
    variance = _nanvar("nanstd", x, axis, correction)
    flat = variance == 0
    return _reduced(where(flat, 0, sqrt(where(flat, 1, variance))), axis, keepdims)


@composite
def nan_to_num(x: Array, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """x with numbers for NaN and infinities, by default 0 and the largest and smallest of the dtype.

    No gradient flows to what is replaced.
    """
    x = as_tensor(x)
    if not x.dtype.is_differentiable:
        return x
    if x.dtype.is_complex:
        return nan_to_num(real(x), nan, posinf, neginf) + 1j * nan_to_num(imag(x), nan, posinf, neginf)
    limits = finfo(x.dtype)
    x = where(isnan(x), nan, x)
    x = where(x == math.inf, limits.max if posinf is None else posinf, x)
    return where(x == -math.inf, limits.min if neginf is None else neginf, x)
