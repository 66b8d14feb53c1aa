"""Quantiles and the median under NumPy's names, by sorting.

The gradient goes to the elements that were selected, the first of equal ones in stable order, and to q by the slope
between the two that it lies between. Methods: R. Hyndman and Y. Fan, Sample quantiles in statistical packages, 1996.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..backends import backend_of
from ..call import bare
from ..errors import ArgumentError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from . import utility
from .axes import floating, normal_axes
from .creation import asarray
from .data_type import astype
from .indexing import take
from .logic import isfinite, isnan
from .manipulation import moveaxis, permute_dims, reshape
from .searching import where
from .sorting import sort

Axis = int | tuple[int, ...] | None


def _between(alpha: float, beta: float) -> Callable[[Any, int, Any], Any]:
    return lambda xp, n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


_METHODS: dict[str, Callable[[Any, int, Any], Any]] = {
    "linear": lambda xp, n, q: (n - 1) * q,
    "lower": lambda xp, n, q: xp.floor((n - 1) * q),
    "higher": lambda xp, n, q: xp.ceil((n - 1) * q),
    "nearest": lambda xp, n, q: xp.round((n - 1) * q),
    "midpoint": lambda xp, n, q: (xp.floor((n - 1) * q) + xp.ceil((n - 1) * q)) / 2,
    "inverted_cdf": lambda xp, n, q: xp.ceil(n * q - 1),
    "averaged_inverted_cdf": lambda xp, n, q: (xp.floor(n * q - 1) + 1 + xp.ceil(n * q - 1)) / 2,
    "closest_observation": lambda xp, n, q: xp.round(n * q) - 1,  # of two as close, that of even number from 1
    "interpolated_inverted_cdf": _between(0, 1),
    "hazen": _between(0.5, 0.5),
    "weibull": _between(0, 0),
    "median_unbiased": _between(1 / 3, 1 / 3),
    "normal_unbiased": _between(3 / 8, 3 / 8),
}
"""Where among n sorted numbers, from 0 to n - 1, the quantile q lies."""


def _places(x: Tensor, q: Any, n: int, method: str) -> tuple[Tensor, Tensor, Tensor]:
    """The index below, the index above, and the weight of the latter, for each q."""
    if method not in _METHODS:
        raise ArgumentError(f"quantile: method: got {method!r}; expected one of {', '.join(_METHODS)}")
    if not isinstance(q, Tensor) and hasattr(q, "__array_namespace__") and not isinstance(q, numpy.ndarray):
        q = as_tensor(q)
    xp = q.__array_namespace__() if isinstance(q, Tensor) else numpy
    q = q if isinstance(q, Tensor) else numpy.asarray(q, dtype=float)
    right = (q >= 0) & (q <= 1)
    if backend_of(bare(right)).has_values(bare(right)) and not bool(xp.all(right)):
        raise ArgumentError(f"quantile: q: got {q!r}; expected numbers from 0 to 1")
    place = xp.clip(_METHODS[method](xp, n, q), 0, n - 1)
    below = xp.floor(place)
    weight = place - below
    above = xp.clip(below + 1, 0, n - 1)
    if isinstance(q, Tensor):
        return astype(below, "int64"), astype(above, "int64"), astype(weight, x.dtype)
    return (
        asarray(x.backend, below.astype("int64"), device=x.device),
        asarray(x.backend, above.astype("int64"), device=x.device),
        asarray(x.backend, weight, dtype=x.dtype, device=x.device),
    )


def _between_neighbours(low: Tensor, high: Tensor, weight: Tensor) -> Tensor:
    """low + (high - low) * weight; beside infinities, where that is NaN, the mean by weights that are not 0."""
    finite = isfinite(low) & isfinite(high)
    start = where(finite, low, 0)
    inside = where(weight == 0, 0.5, weight)
    infinite = where(weight == 0, low, low * (1 - inside) + high * inside)
    return where(finite, start + (where(finite, high, 0) - start) * weight, infinite)


@composite
def quantile(x: Array, q: Any, /, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Quantiles of x over `axis`: for q of shape Q an array of shape Q and then that of x without the axes.

    q: a number from 0 to 1, a list, an array or a Tensor. `method`: NumPy's; the derivative by q of those that
    have steps is 0. The result is NaN where some element is.
    """
    x = floating("quantile", "x", x)
    axes = normal_axes("quantile", axis, x.ndim)
    rest = tuple(each for each in range(x.ndim) if each not in axes)
    lengths = tuple(x.shape[each] for each in rest)
    n = 1
    for each in axes:
        n *= x.shape[each]
    if n == 0:
        raise ArgumentError(f"quantile: x: got shape {x.shape}; expected at least one element over axis {axis}")
    ordered = sort(reshape(permute_dims(x, rest + axes), (*lengths, n)), axis=-1)
    below, above, weight = _places(x, q, n, method)
    low = take(ordered, reshape(below, (-1,)), axis=-1)
    high = take(ordered, reshape(above, (-1,)), axis=-1)
    value = _between_neighbours(low, high, reshape(weight, (-1,)))
    value = where(utility.any(isnan(ordered), axis=-1, keepdims=True), float("nan"), value)
    kept = tuple(1 if each in axes else x.shape[each] for each in range(x.ndim))
    return reshape(moveaxis(value, -1, 0), (*below.shape, *(kept if keepdims else lengths)))


@composite
def median(x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Median of x over `axis`: the mean of the two middle elements if their number is even, as in NumPy."""
    return quantile(x, 0.5, axis, keepdims=keepdims)
