"""Running maxima, minima, sums and products along an axis, under PyTorch's and NumPy's names."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from ..kinds import Array, Tensor, composite, constant, general
from ..tensor import as_tensor
from .axes import normal_axis
from .indexing import take_along_axis
from .manipulation import reshape
from .statistical import affine_scan, cumulative_prod, cumulative_sum

Running = namedtuple("Running", ["values", "indices"])


@constant(ordered=True)
def cummax_indices(x: Array, /, *, axis: int = -1) -> Tensor:
    """Where along `axis` the largest entry so far is: the last of equal ones, the last NaN if there is one."""


@constant(ordered=True)
def cummin_indices(x: Array, /, *, axis: int = -1) -> Tensor:
    """Where along `axis` the smallest entry so far is: the last of equal ones, the last NaN if there is one."""


def _running(operation: str, indices_of: Any, x: Array, axis: int) -> Running:
    x = as_tensor(x)
    if x.ndim == 0:
        values, indices = _running(operation, indices_of, reshape(x, (1,)), axis)
        return Running(reshape(values, ()), reshape(indices, ()))
    axis = normal_axis(operation, axis, x.ndim)
    indices = indices_of(x, axis=axis)
    return Running(take_along_axis(x, indices, axis=axis), indices)


@composite
def cummax(x: Array, /, axis: int = -1) -> tuple[Tensor, Tensor]:
    """Running maximum along `axis` (values), and where each was found (indices), as PyTorch gives them.

    The gradient goes to the element selected: the last of equal ones. NaN stays once it is met.
    """
    return _running("cummax", cummax_indices, x, axis)


@composite
def cummin(x: Array, /, axis: int = -1) -> tuple[Tensor, Tensor]:
    """Running minimum along `axis` (values), and where each was found (indices), as PyTorch gives them.

    The gradient goes to the element selected: the last of equal ones. NaN stays once it is met.
    """
    return _running("cummin", cummin_indices, x, axis)


def _moved(xp: Any, value: Any, axis: int, back: int, filler: float) -> Any:
    """The entries `back` places before, with `filler` in front; or after, for a negative number."""
    axis %= value.ndim
    lead = (slice(None),) * axis
    edge = xp.zeros_like(value[(*lead, slice(None, 1), ...)]) + filler
    if back > 0:
        return xp.concat([edge, value[(*lead, slice(None, -1), ...)]], axis=axis)
    return xp.concat([value[(*lead, slice(1, None), ...)], edge], axis=axis)


def _share_of_new(xp: Any, x: Any, out: Any, axis: int) -> Any:
    """exp(x - out): what part of each running sum its newest term is.

    Where the logarithm of the sum is infinite, all terms of the same infinity have equal shares.
    """
    infinite = xp.isinf(out)
    share = xp.exp(xp.where(infinite, 0, x) - xp.where(infinite, 0, out))
    top, bottom = out == xp.inf, out == -xp.inf
    counted = xp.astype(xp.where(top, x == out, bottom), x.dtype)
    count = xp.cumulative_sum(counted, axis=axis)
    before_top = xp.cumulative_sum(xp.astype(bottom, x.dtype), axis=axis)
    count = xp.where(top, count - before_top, count)
    return xp.where(infinite, counted / xp.where(count == 0, 1, count), share)


def _share_of_old(xp: Any, out: Any, share: Any, axis: int) -> Any:
    """What part of each running sum was there before: exp of the difference, or the rest where that is infinite."""
    earlier = _moved(xp, out, axis, 1, -xp.inf)
    infinite = xp.isinf(out) | xp.isinf(earlier)
    difference = xp.where(infinite, 0, earlier) - xp.where(infinite, 0, out)
    return xp.where(infinite, 1 - share, xp.exp(difference))


def _logcumsumexp_pull(xp: Any, g: Any, x: Any, out: Any, axis: int) -> Any:
    if x.ndim == 0 or x.shape[axis] == 0:
        return g
    axis %= x.ndim
    share = _share_of_new(xp, x, out, axis)
    following = _moved(xp, _share_of_old(xp, out, share, axis), axis, -1, 0.0)
    total = affine_scan(xp, xp.flip(following, axis=axis), xp.flip(g, axis=axis), axis)
    return share * xp.flip(total, axis=axis)


def _logcumsumexp_jvp(xp: Any, t: Any, x: Any, out: Any, axis: int) -> Any:
    if x.ndim == 0 or x.shape[axis] == 0:
        return t
    axis %= x.ndim
    share = _share_of_new(xp, x, out, axis)
    return affine_scan(xp, _share_of_old(xp, out, share, axis), share * t, axis)


@general(x=_logcumsumexp_pull, jvp=_logcumsumexp_jvp)
def logcumsumexp(x: Array, /, *, axis: int = -1) -> Tensor:
    """log of the running sum of exp(x) along `axis`, without overflow. Equal infinities share the gradient equally."""


@composite
def cumsum(x: Array, /, axis: int | None = None) -> Tensor:
    """NumPy's `cumsum`: running sum along `axis`, of the flattened x if it is None."""
    x = as_tensor(x)
    return cumulative_sum(reshape(x, (-1,)), axis=0) if axis is None else cumulative_sum(x, axis=axis)


@composite
def cumprod(x: Array, /, axis: int | None = None) -> Tensor:
    """NumPy's `cumprod`: running product along `axis`, of the flattened x if it is None."""
    x = as_tensor(x)
    return cumulative_prod(reshape(x, (-1,)), axis=0) if axis is None else cumulative_prod(x, axis=axis)
