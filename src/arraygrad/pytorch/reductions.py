"""PyTorch's functions over axes: `dim` and `keepdim`, and where PyTorch's results are others than the standard's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ..ops import (
    activations,
    elementwise,
    indexing,
    missing,
    quantiles,
    running,
    searching,
    sets,
    sorting,
    statistical,
    utility,
)
from ..ops import linalg as standard_linalg
from ..ops.manipulation import reshape
from ..tensor import Tensor
from .shapes import Dim, axes

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "argsort", "count_nonzero", "cummax", "cummin",
    "cumprod", "cumsum", "dist", "kthvalue", "log_softmax", "logcumsumexp", "logsumexp", "max", "mean", "median", "min",
    "nanmean", "nansum", "norm", "prod", "quantile", "softmax", "sort", "std", "std_mean", "sum", "topk", "unique",
    "var", "var_mean",
]  # fmt: skip


class Found(NamedTuple):
    """Entries, and where along the axis each was found."""

    values: Tensor
    indices: Tensor


class Extremes(NamedTuple):
    """The smallest and the largest entries."""

    min: Tensor
    max: Tensor


def _reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduced(input: Tensor, dim: Dim = None, keepdim: bool = False, **options: Any) -> Tensor:
        return function(input, axis=axes(dim), keepdims=keepdim, **options)

    reduced.__name__, reduced.__doc__ = function.__name__, function.__doc__
    return reduced


def _along(function: Callable[..., Any], dim: int | None = None) -> Callable[..., Any]:
    default = dim

    def along(input: Tensor, dim: int | None = default, **options: Any) -> Any:
        if input.ndim == 0 and dim is not None:  # a scalar has one axis
            return reshape(function(reshape(input, (1,)), axis=dim, **options), ())
        return function(input, axis=dim, **options)

    along.__name__, along.__doc__ = function.__name__, function.__doc__
    return along


sum, mean, prod = map(_reduction, (statistical.sum, statistical.mean, statistical.prod))
amax, amin, logsumexp = map(_reduction, (statistical.max, statistical.min, activations.logsumexp))
any, all, argmax, argmin = map(_reduction, (utility.any, utility.all, searching.argmax, searching.argmin))
nansum, nanmean, count_nonzero = map(_reduction, (missing.nansum, missing.nanmean, searching.count_nonzero))
cumsum, cumprod = _along(statistical.cumulative_sum), _along(statistical.cumulative_prod)
softmax, log_softmax = _along(activations.softmax), _along(activations.log_softmax)
logcumsumexp, argsort = _along(running.logcumsumexp), _along(sorting.argsort, -1)


def cummax(input: Tensor, dim: int) -> Any:
    """The largest entry so far along an axis, and where it was found."""
    return running.cummax(input, axis=dim)


def cummin(input: Tensor, dim: int) -> Any:
    """The smallest entry so far along an axis, and where it was found."""
    return running.cummin(input, axis=dim)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Extremes:
    """The smallest and the largest entries along an axis, or of all."""
    return Extremes(amin(input, dim, keepdim), amax(input, dim, keepdim))


# -- spread -------------------------------------------------------------------------------------------------


def _spread(
    function: Callable[..., Tensor], input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool
) -> Tensor:  # fmt: skip
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return function(input, axis=axes(dim), correction=correction, keepdims=keepdim)


def var(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Tensor:
    """The variance; by default the unbiased estimate, which divides by one less than the number of entries."""
    return _spread(statistical.var, input, dim, unbiased, correction, keepdim)


def std(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Tensor:
    """The root of `var`."""
    return _spread(statistical.std, input, dim, unbiased, correction, keepdim)


def var_mean(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """`var` and `mean`."""
    spread = var(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def std_mean(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """`std` and `mean`."""
    spread = std(input, dim, unbiased, keepdim, correction=correction)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


# -- order --------------------------------------------------------------------------------------------------


def _found(input: Tensor, indices: Tensor, dim: int, keepdim: bool) -> Found:
    """What is at the indices that an argmax with keepdims gave."""
    if input.ndim == 0:
        return Found(input.clone(), indices)
    values = indexing.take_along_axis(input, indices, axis=dim)
    if keepdim:
        return Found(values, indices)
    shape = tuple(length for at, length in enumerate(input.shape) if at != dim % input.ndim)
    return Found(reshape(values, shape), reshape(indices, shape))


def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all entries; along an axis, with where it was found; or of two tensors entry by entry."""
    if other is not None or isinstance(dim, Tensor):
        return elementwise.maximum(input, dim if other is None else other)
    if dim is None:
        return statistical.max(input)
    return _found(input, searching.argmax(input, axis=dim, keepdims=True), dim, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all entries; along an axis, with where it was found; or of two tensors entry by entry."""
    if other is not None or isinstance(dim, Tensor):
        return elementwise.minimum(input, dim if other is None else other)
    if dim is None:
        return statistical.min(input)
    return _found(input, searching.argmin(input, axis=dim, keepdims=True), dim, keepdim)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Found:
    """Entries in order along an axis, and where each was."""
    indices = sorting.argsort(input, axis=dim, descending=descending, stable=stable)
    return Found(indexing.take_along_axis(input, indices, axis=dim), indices)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Found:
    """The k largest entries along an axis, in descending order, or the smallest in ascending order, and where each was."""
    key = (*(slice(None),) * (dim % input.ndim), slice(k))
    indices = sorting.argsort(input, axis=dim, descending=largest)[key]
    return Found(indexing.take_along_axis(input, indices, axis=dim), indices)


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Found:
    """The k-th smallest entry along an axis, the first being k = 1, and where it was."""
    key = (*(slice(None),) * (dim % input.ndim), slice(k - 1, k))
    return _found(input, sorting.argsort(input, axis=dim)[key], dim, keepdim)


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two middle entries: of all, or along an axis, with where it was found."""
    if dim is None:
        return kthvalue(reshape(input, (-1,)), (math.prod(input.shape) + 1) // 2).values
    return kthvalue(input, (input.shape[dim] + 1) // 2, dim, keepdim)


def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:  # fmt: skip
    """The entries below which there is a part q of all, along an axis."""
    return quantiles.quantile(input, q, axis=dim, method=interpolation, keepdims=keepdim)


def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The different entries, in order; with where each entry is among them, and how often each occurs."""
    found = sets.unique_all(input)
    parts = (found.values, *[found.inverse_indices] * return_inverse, *[found.counts] * return_counts)
    return parts if len(parts) > 1 else found.values


# -- norms --------------------------------------------------------------------------------------------------


def norm(input: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The norm of a vector, of all entries as one, or along axes; with p "nuc" that of a matrix."""
    if p == "nuc":
        return standard_linalg.matrix_norm(input, ord="nuc", keepdims=keepdim)
    return standard_linalg.vector_norm(input, axis=axes(dim), ord=2 if p == "fro" else p, keepdims=keepdim)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The norm of a difference."""
    return norm(input - other, p)
