"""Functions of whole arrays that the standard lacks, in its own functions: forward kernels for any backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError, IndexingError

Array = Any
Axis = Any


# -- running along an axis ----------------------------------------------------------------------------------


def _scan(xp: Any, combine: Callable[[Any, Any], Any], parts: tuple[Array, ...], axis: int) -> tuple[Array, ...]:
    """A running combination of entries by doubling, in log2(n) steps; `combine(later, earlier)` is associative."""
    axis %= parts[0].ndim
    length, shift = parts[0].shape[axis], 1

    def cut(values: tuple[Array, ...], start: int | None, stop: int | None) -> tuple[Array, ...]:
        key = (slice(None),) * axis + (slice(start, stop), ...)
        return tuple(value[key] for value in values)

    while shift < length:
        combined = combine(cut(parts, shift, None), cut(parts, None, length - shift))
        parts = tuple(xp.concat(pair, axis=axis) for pair in zip(cut(parts, None, shift), combined, strict=True))
        shift *= 2
    return parts


def logcumsumexp(xp: Any, x: Array, /, *, axis: int = -1) -> Array:
    if not xp.isdtype(x.dtype, "real floating"):
        raise ArgumentTypeError(f"logcumsumexp: x: got dtype {x.dtype}; expected a real floating one")
    if x.ndim and not -x.ndim <= axis < x.ndim:
        raise IndexingError(f"logcumsumexp: axis: got {axis} for an array of {x.ndim} axes")
    if x.ndim == 0:
        return x
    return _scan(xp, lambda later, earlier: (xp.logaddexp(later[0], earlier[0]),), (x,), axis)[0]


def _running_index(xp: Any, x: Array, axis: int, largest: bool) -> Array:
    """Where along `axis` the extreme so far is: the last one of equals, and NaN before anything else."""
    axis %= x.ndim
    length = x.shape[axis]
    places = xp.reshape(xp.arange(length, device=xp.device_of(x)), (length,) + (1,) * (x.ndim - axis - 1))
    has_nan = xp.isdtype(x.dtype, "real floating")

    def combine(later: tuple[Array, ...], earlier: tuple[Array, ...]) -> tuple[Array, ...]:
        wins = later[0] >= earlier[0] if largest else later[0] <= earlier[0]
        wins = wins | xp.isnan(later[0]) if has_nan else wins
        return tuple(xp.where(wins, new, old) for new, old in zip(later, earlier, strict=True))

    return _scan(xp, combine, (x, xp.broadcast_to(places, x.shape)), axis)[1]


def cummax_indices(xp: Any, x: Array, /, *, axis: int = -1) -> Array:
    return _running_index(xp, x, axis, True)


def cummin_indices(xp: Any, x: Array, /, *, axis: int = -1) -> Array:
    return _running_index(xp, x, axis, False)


# -- reductions ---------------------------------------------------------------------------------------------


def nanmax(xp: Any, x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    if not xp.isdtype(x.dtype, "real floating"):
        return xp.max(x, axis=axis, keepdims=keepdims)
    missing = xp.isnan(x)
    largest = xp.max(xp.where(missing, -math.inf, x), axis=axis, keepdims=keepdims)
    return xp.where(xp.all(missing, axis=axis, keepdims=keepdims), math.nan, largest)


def nanmin(xp: Any, x: Array, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
    if not xp.isdtype(x.dtype, "real floating"):
        return xp.min(x, axis=axis, keepdims=keepdims)
    missing = xp.isnan(x)
    smallest = xp.min(xp.where(missing, math.inf, x), axis=axis, keepdims=keepdims)
    return xp.where(xp.all(missing, axis=axis, keepdims=keepdims), math.nan, smallest)


# -- products -----------------------------------------------------------------------------------------------

_BLOCK = 64


def but_one(xp: Any, x: Array) -> Array:
    """For each element the product of the others along the last axis: nothing is divided out, so zeros are exact."""
    before = xp.cumulative_prod(x, axis=-1, include_initial=True)[..., :-1]
    after = xp.flip(xp.cumulative_prod(xp.flip(x, axis=-1), axis=-1, include_initial=True)[..., :-1], axis=-1)
    return before * after


def full_slice(n1: int, n2: int, mode: str) -> tuple[int, int]:
    """First index and length, in the full convolution of vectors of n1 and n2 elements, of what a mode gives."""
    shorter, longer = min(n1, n2), max(n1, n2)
    lengths = {"full": n1 + n2 - 1, "same": longer, "valid": longer - shorter + 1}
    if mode not in lengths:
        raise ArgumentError(f"convolve: mode: got {mode!r}; expected 'full', 'same' or 'valid'")
    return {"full": 0, "same": (shorter - 1) // 2, "valid": shorter - 1}[mode], lengths[mode]


def convolve(xp: Any, x1: Array, x2: Array, /, mode: str = "full") -> Array:
    """Blocks of shifted copies of the longer vectors times the shorter ones."""
    if 0 in (x1.ndim, x2.ndim) or 0 in (x1.shape[-1], x2.shape[-1]):
        raise ArgumentError(
            f"convolve: got shapes {tuple(x1.shape)} and {tuple(x2.shape)}; expected vectors of at least one element"
        )
    start, length = full_slice(x1.shape[-1], x2.shape[-1], mode)
    longer, shorter = (x1, x2) if x1.shape[-1] >= x2.shape[-1] else (x2, x1)
    count = shorter.shape[-1]
    margin = xp.zeros((*longer.shape[:-1], count - 1), dtype=longer.dtype, device=xp.device_of(longer))
    padded = xp.concat([margin, longer, margin], axis=-1)
    total = xp.zeros((), dtype=longer.dtype, device=xp.device_of(longer))
    for first in range(0, count, _BLOCK):
        starts = [start + count - 1 - each for each in range(first, min(first + _BLOCK, count))]
        shifted = xp.stack([padded[..., each : each + length] for each in starts], axis=-2)
        total = total + xp.matmul(shorter[..., None, first : first + len(starts)], shifted)[..., 0, :]
    return total


_PADE = tuple(math.comb(13, k) * math.factorial(26 - k) / math.factorial(26) for k in range(14))
"""Coefficients of the numerator of the Padé approximant of degree (13, 13) to exp."""

_RADIUS = 5.371920351148152
"""The norm up to which the approximant is as good as float64."""


def _halvings(xp: Any, x: Array) -> Array:
    """How often each matrix is to be halved."""
    norm = xp.max(xp.sum(xp.abs(x), axis=-2, keepdims=True), axis=-1, keepdims=True)
    usable = xp.isfinite(norm) & (norm > _RADIUS)
    return xp.where(usable, xp.ceil(xp.log2(xp.where(usable, norm, _RADIUS) / _RADIUS)), 0)


def expm(xp: Any, x: Array, /) -> Array:
    """By scaling and squaring: N. Higham, The scaling and squaring method for the matrix exponential revisited, 2005."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ArgumentError(f"linalg.expm: x: got shape {tuple(x.shape)}; expected square matrices")
    if 0 in x.shape:
        return x
    halvings = _halvings(xp, x)
    scaled = x / xp.astype(2.0**halvings, x.dtype)
    eye = xp.eye(x.shape[-1], dtype=x.dtype, device=xp.device_of(x))
    x2 = scaled @ scaled
    x4 = x2 @ x2
    x6 = x4 @ x2
    b = _PADE
    odd = x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye
    odd = scaled @ odd
    even = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    power = xp.linalg.solve(even - odd, even + odd)
    for done in range(int(xp.max(halvings))):
        power = xp.where(halvings > done, power @ power, power)
    return power


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "logcumsumexp": logcumsumexp,
    "cummax_indices": cummax_indices,
    "cummin_indices": cummin_indices,
    "nanmax": nanmax,
    "nanmin": nanmin,
    "convolve": convolve,
    "linalg.expm": expm,
}
