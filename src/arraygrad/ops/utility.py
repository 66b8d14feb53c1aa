"""Utility functions of the standard."""

from __future__ import annotations

from ..errors import ArgumentError
from ..kinds import Array, Tensor, composite, constant
from ..rules import along
from ..tensor import as_tensor
from .manipulation import concat

Axis = int | tuple[int, ...] | None


@constant
def all(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether every entry is true."""


@constant
def any(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether some entry is true."""


@composite
def diff(
    x: Array, /, *, axis: int = -1, n: int = 1, prepend: Array | None = None, append: Array | None = None
) -> Tensor:
    """Differences of neighbours along `axis`, taken n times, after joining `prepend` and `append`; x itself for n=0."""
    joined = [as_tensor(part) for part in ((prepend, x, append) if n else (x,)) if part is not None]
    result = concat(joined, axis=axis) if len(joined) > 1 else joined[0]
    if not -result.ndim <= axis < result.ndim or n < 0:
        raise ArgumentError(
            f"diff: got axis={axis} and n={n} for shape {result.shape}; expected an axis of x and n of at least 0"
        )
    axis %= result.ndim
    for _ in range(n):
        length = result.shape[axis]
        later = result[along(axis, slice(min(1, length), None))]
        earlier = result[along(axis, slice(None, max(length - 1, 0)))]
        result = later != earlier if result.dtype == "bool" else later - earlier
    return result
