"""Statistical functions of the standard: reductions over axes, and running sums and products."""

from __future__ import annotations

import math
from typing import Any

from ..backends import device_of
from ..backends.extra_arrays import but_one
from ..kinds import Array, Tensor, general, linear, reduction
from ..modes import Subgradient
from ..rules import along, expand
from ..selection import Selected

Axis = int | tuple[int, ...] | None


def reduced_axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    """The axes that a reduction over `axis` takes away."""
    if axis is None or ndim == 0:
        return tuple(range(ndim))
    return tuple(each % ndim for each in (axis if isinstance(axis, tuple) else (axis,)))


def reduced_count(x: Any, axis: Axis) -> int:
    """How many elements go into each element of a reduction over `axis`."""
    return math.prod(x.shape[each] for each in reduced_axes(x.ndim, axis))


def _spread(xp: Any, g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    return xp.broadcast_to(expand(g, x.ndim, axis, keepdims), x.shape)


@linear(x=_spread, moves=True)
def sum(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over `axis`."""


@linear(x=lambda xp, g, x, axis, keepdims: _spread(xp, g / max_count(x, axis), x, axis, keepdims), moves=True)
def mean(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Arithmetic mean over `axis`."""


def max_count(x: Any, axis: Axis) -> int:
    """`reduced_count`, at least 1: the gradient of the mean of nothing is empty, not an error."""
    return reduced_count(x, axis) or 1


def others(xp: Any, x: Any, axis: Axis) -> Any:
    """For each element the product of the other ones that are reduced with it: exact also where some are zero."""
    axes = reduced_axes(x.ndim, axis)
    if not axes:
        return xp.ones_like(x)
    rest = tuple(each for each in range(x.ndim) if each not in axes)
    order = rest + axes
    moved = xp.permute_dims(x, order)
    flat = xp.reshape(moved, (*(x.shape[each] for each in rest), reduced_count(x, axis)))
    inverse = tuple(order.index(each) for each in range(x.ndim))
    return xp.permute_dims(xp.reshape(but_one(xp, flat), moved.shape), inverse)


@reduction(x=lambda xp, x, axis: others(xp, x, axis))
def prod(x: Array, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Product over `axis`."""


def first(xp: Any, wins: Any, axis: Axis) -> Any:
    """The first of the winners over `axis`, in row-major order."""
    axes = reduced_axes(wins.ndim, axis)
    order = (*(each for each in range(wins.ndim) if each not in axes), *axes)
    moved = xp.permute_dims(wins, order)
    flat = xp.reshape(moved, (*(wins.shape[each] for each in order[: wins.ndim - len(axes)]), reduced_count(wins, axis)))
    ahead = flat & (xp.cumulative_sum(xp.astype(flat, xp.int64), axis=-1) == 1)
    inverse = tuple(order.index(each) for each in range(wins.ndim))
    return xp.permute_dims(xp.reshape(ahead, moved.shape), inverse)


def _extreme(xp: Any, x: Any, out: Any, axis: Axis, subgradient: Subgradient) -> Selected:
    """Its share for each element that is extreme, structurally zero for the others."""
    wins = x == out
    if subgradient.ties == "first":
        return Selected(xp.ones_like(x), first(xp, wins, axis))
    count = xp.sum(xp.astype(wins, x.dtype), axis=axis, keepdims=True)
    return Selected(1 / count, wins)


@reduction(x=_extreme, ordered=True)
def max(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Largest element over `axis`. Elements that tie share the gradient equally."""


@reduction(x=_extreme, ordered=True)
def min(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Smallest element over `axis`. Elements that tie share the gradient equally."""


def _deviation(xp: Any, x: Any, axis: Axis) -> Any:
    return x - xp.mean(x, axis=axis, keepdims=True)


def _freedom(xp: Any, x: Any, axis: Axis, correction: float) -> Any:
    """The divisor of the variance, as an array: none left gives NaN, not an error."""
    return xp.full((), float(reduced_count(x, axis) - correction), dtype=x.dtype, device=device_of(x))


@reduction(
    x=lambda xp, x, axis, correction: 2 * _deviation(xp, x, axis) / _freedom(xp, x, axis, correction),
)
def var(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """Variance over `axis`, divided by the number of elements less `correction`."""


def _std_partial(xp: Any, x: Any, out: Any, axis: Axis, correction: float) -> Any:
    return _deviation(xp, x, axis) / (_freedom(xp, x, axis, correction) * xp.where(out == 0, 1, out))


@reduction(x=_std_partial)
def std(x: Array, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """Standard deviation over `axis`. The derivative where all are equal is 0."""


def without_initial(value: Any, axis: int, include_initial: bool) -> Any:
    """A running sum or product without the initial element that it may include."""
    return value[along(axis, slice(1, None))] if include_initial else value


def running_axis(ndim: int, axis: int | None) -> int:
    """The axis of a running sum or product: it may be None for one axis."""
    return (axis or 0) % (ndim or 1)


def _cumulative_sum_pull(xp: Any, g: Any, x: Any, axis: int | None, include_initial: bool) -> Any:
    if x.ndim == 0:
        return xp.reshape(g[-1:] if include_initial else g, ())
    axis = running_axis(x.ndim, axis)
    backwards = xp.flip(without_initial(g, axis, include_initial), axis=axis)
    return xp.flip(xp.cumulative_sum(backwards, axis=axis), axis=axis)


@linear(x=_cumulative_sum_pull, moves=True)
def cumulative_sum(
    x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Running sum along `axis`, with a 0 in front if `include_initial`."""


def affine_scan(xp: Any, factor: Any, term: Any, axis: int) -> Any:
    """h[i] = factor[i] * h[i-1] + term[i] along an axis, by doubling: log2(n) steps of products and sums.

    Blelloch, Prefix sums and their applications, 1990. Nothing is divided, so zero factors are exact.
    """
    length, shift = term.shape[axis], 1

    def part(value: Any, start: int | None, stop: int | None) -> Any:
        return value[along(axis, slice(start, stop))]

    while shift < length:
        moved = part(factor, shift, None) * part(term, None, length - shift) + part(term, shift, None)
        doubled = part(factor, shift, None) * part(factor, None, length - shift)
        term = xp.concat([part(term, None, shift), moved], axis=axis)
        factor = xp.concat([part(factor, None, shift), doubled], axis=axis)
        shift *= 2
    return term


def _products_before(xp: Any, x: Any, axis: int) -> Any:
    return xp.cumulative_prod(x, axis=axis, include_initial=True)[along(axis, slice(None, -1))]


def _cumulative_prod_pull(xp: Any, g: Any, x: Any, axis: int | None, include_initial: bool) -> Any:
    axis = running_axis(x.ndim, axis)
    if x.ndim == 0 or x.shape[axis] == 0:
        return xp.reshape(without_initial(g, axis, include_initial), x.shape)
    g = without_initial(g, axis, include_initial)
    following = xp.concat([x[along(axis, slice(1, None))], xp.ones_like(x[along(axis, slice(None, 1))])], axis=axis)
    scanned = affine_scan(xp, xp.flip(xp.conj(following) if _is_complex(xp, x) else following, axis=axis),
                          xp.flip(g, axis=axis), axis)  # fmt: skip
    before = _products_before(xp, x, axis)
    return xp.flip(scanned, axis=axis) * (xp.conj(before) if _is_complex(xp, x) else before)


def _cumulative_prod_jvp(xp: Any, t: Any, x: Any, axis: int | None, include_initial: bool) -> Any:
    axis = running_axis(x.ndim, axis)
    if x.ndim == 0 or x.shape[axis] == 0:
        pushed = t if x.ndim else xp.reshape(t, (1,))
    else:
        pushed = affine_scan(xp, x, t * _products_before(xp, x, axis), axis)
    if include_initial:
        shape = (*pushed.shape[:axis], 1, *pushed.shape[axis + 1 :])
        pushed = xp.concat([xp.zeros(shape, dtype=pushed.dtype, device=device_of(pushed)), pushed], axis=axis)
    return pushed


def _is_complex(xp: Any, x: Any) -> bool:
    return xp.isdtype(x.dtype, "complex floating")


@general(x=_cumulative_prod_pull, jvp=_cumulative_prod_jvp)
def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Running product along `axis`, with a 1 in front if `include_initial`. Exact where factors are zero."""
