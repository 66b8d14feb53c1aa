"""Functions of the standard that some library lacks, in other functions of the standard.

A plug-in names those that its library needs in `Backend.substitutes`. The first argument is the backend's namespace.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Array = Any


def unique_all(xp: Any, x: Array, /) -> tuple[Array, Array, Array, Array]:
    """By a stable sort, after which equal ones are neighbours. NaN equals nothing."""
    flat = xp.reshape(x, (-1,))
    if 0 in x.shape:
        none = xp.arange(0, device=xp.device_of(x))
        return flat, none, xp.reshape(none, x.shape), none
    order = sorting_order(xp, flat)
    ordered = xp.take(flat, order)
    one = xp.ones((1,), dtype=xp.bool, device=xp.device_of(x))
    is_first = xp.concat([one, ordered[1:] != ordered[:-1]])
    (starts,) = xp.nonzero(is_first)
    number = xp.cumulative_sum(xp.astype(is_first, order.dtype)) - 1
    ends = xp.concat([starts[1:], xp.full((1,), math.prod(x.shape), dtype=starts.dtype, device=xp.device_of(x))])
    inverse = xp.reshape(xp.take(number, xp.argsort(order)), x.shape)
    return xp.take(ordered, starts), xp.take(order, starts), inverse, ends - starts


def sorting_order(xp: Any, x: Array) -> Array:
    """Indices that sort a vector; complex numbers by their real part, then by their imaginary part."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return xp.argsort(x, stable=True)
    by_imag = xp.argsort(xp.imag(x), stable=True)
    return xp.take(by_imag, xp.argsort(xp.take(xp.real(x), by_imag), stable=True))


FUNCTIONS: dict[str, Callable[..., Any]] = {"unique_all": unique_all}
