"""Indexing beyond the standard, in its own functions: which entries of an array a key selects.

The standard has integer arrays in a key for every axis or together with integers, and a boolean array alone. What NumPy
allows beside that (an integer array with slices, for fewer axes, ...) is `take` from the flattened array.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Array = Any


def is_integer_array(part: Any) -> bool:
    """Whether a part of a key is an array of integers."""
    return hasattr(part, "dtype") and "bool" not in str(part.dtype)


def is_mask(part: Any) -> bool:
    """Whether a part of a key is a boolean array."""
    return hasattr(part, "dtype") and "bool" in str(part.dtype)


def parts_of(key: Any) -> tuple[Any, ...]:
    """A key as a tuple."""
    return key if isinstance(key, tuple) else (key,)


def is_beyond_the_standard(key: Any, ndim: int) -> bool:
    """Whether a key needs `positions`."""
    parts = parts_of(key)
    if any(is_mask(part) for part in parts):
        return len(parts) > 1
    if not any(is_integer_array(part) for part in parts):
        return False
    return len(parts) != ndim or any(part is None or part is Ellipsis or isinstance(part, slice) for part in parts)


def has_integer_array(key: Any) -> bool:
    """Whether a key has an array of integers, and so may select an entry more than once."""
    for part in parts_of(key):  # noqa: SIM110 - a generator would cost as much as the call
        if type(part) not in _PLAIN and is_integer_array(part):
            return True
    return False


_PLAIN = frozenset({int, slice, type(None), type(Ellipsis)})


def has_array(key: Any) -> bool:
    """Whether a key has an array of integers or a mask."""
    return any(hasattr(part, "dtype") for part in parts_of(key))


def covered(shape: tuple[int, ...], mask: Any) -> tuple[int, ...]:
    """The axes of an array of `shape` that a mask alone in a key is for: its own may be 0 instead, and select nothing."""
    lengths = tuple(shape[: mask.ndim])
    if len(lengths) < mask.ndim or any(n not in (m, 0) for n, m in zip(mask.shape, lengths, strict=True)):
        raise IndexError(f"got a mask of shape {tuple(mask.shape)} for an array of shape {tuple(shape)}")
    return lengths


def shape_at(shape: tuple[int, ...], key: Any) -> tuple[float, ...]:
    """The shape of `x[key]` for an x of `shape` and a key without masks, of which no values are looked at. Lengths that are
    NaN, not known yet, stay so."""
    import numpy

    def supposing(unknown: int) -> tuple[int, ...]:
        places = [
            numpy.broadcast_to(0, [unknown if math.isnan(n) else n for n in part.shape]) if is_integer_array(part) else part
            for part in parts_of(key)
        ]
        return numpy.broadcast_to(False, shape)[tuple(places)].shape

    return tuple(n if n == other else math.nan for n, other in zip(supposing(2), supposing(3), strict=True))


def one_an_axis(xp: Any, key: Any, ndim: int) -> list[Any]:
    """The parts of a key without masks and Ellipsis: an integer, slice or integer array for each axis, and None."""
    parts: list[Any] = []
    for part in parts_of(key):
        parts.extend(xp.nonzero(part) if is_mask(part) else (part,))
    missing = ndim - sum(part is not None and part is not Ellipsis for part in parts)
    fill = [slice(None)] * missing
    for place, part in enumerate(parts):
        if part is Ellipsis:
            return parts[:place] + fill + parts[place + 1 :]
    return parts + fill


def upwards(shape: tuple[int, ...], key: Any) -> tuple[Any, tuple[int, ...]]:
    """A key without negative steps, for an array of `shape` flipped over the axes that are returned with it."""
    parts, flipped = list(parts_of(key)), []
    if not any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return key, ()
    taken = [0 if part is None or part is Ellipsis else part.ndim if is_mask(part) else 1 for part in parts]
    axis = 0
    for place, part in enumerate(parts):
        if isinstance(part, slice) and (part.step or 1) < 0:
            start, stop, step = part.indices(shape[axis])
            parts[place] = slice(shape[axis] - 1 - start, shape[axis] - 1 - stop, -step)
            flipped.append(axis)
        axis += taken[place] if part is not Ellipsis else len(shape) - sum(taken)
    return tuple(parts), tuple(flipped)


def positions(xp: Any, shape: tuple[int, ...], key: Any, device: Any, known_to: Any = None) -> Array:
    """For each entry of `x[key]`, in its shape, its position in the flattened x of `shape`. Raises IndexError for an index
    beyond its axis, if it is known to a backend."""
    parts = one_an_axis(xp, key, len(shape))
    is_basic = [part is None or isinstance(part, slice) for part in parts]
    arrays = [part for part, basic in zip(parts, is_basic, strict=True) if not basic]
    places = [place for place, basic in enumerate(is_basic) if not basic]
    depth = max((getattr(part, "ndim", 0) for part in arrays), default=0)
    adjacent = len(places) > 0 and places[-1] - places[0] < len(places)
    lead = places[0] if adjacent else 0  # the axes that arrays make come where they stand, or first if they are apart
    ndim = sum(is_basic) + depth
    flat = xp.reshape(xp.arange(1, device=device), (1,) * ndim)
    axis = basic_place = 0
    for part, basic in zip(parts, is_basic, strict=True):
        place = basic_place + (depth if basic_place >= lead else 0)
        basic_place += basic
        if part is None:
            continue
        length, stride = shape[axis], math.prod(shape[axis + 1 :])
        axis += 1
        if basic:
            index = xp.arange(*part.indices(length), device=device)
            index = xp.reshape(index, (1,) * place + (-1,) + (1,) * (ndim - place - 1))
        else:
            index = xp.astype(xp.asarray(part, device=device), flat.dtype, copy=False)
            if known_to is not None and known_to.has_values(index) and xp.any((index < -length) | (index >= length)):
                raise IndexError(f"index is out of bounds for axis {axis - 1} with size {length}")
            index = xp.where(index < 0, index + length, index)
            index = xp.reshape(index, (1,) * (lead + depth - index.ndim) + tuple(index.shape) + (1,) * (ndim - lead - depth))
        flat = flat + index * stride
    return flat


def along_one_axis(
    xp: Any, x: Array, values: Array, key: Any, known_to: Any = None
) -> tuple[Array, int, Array, Array]:
    """To add values at a key with integer arrays: x, flattened if need be, an axis, indices of it, and the values there.
    Where x is flattened, indices are checked as `positions` checks them."""
    parts = parts_of(key)
    axis = next(place for place, part in enumerate(parts) if is_integer_array(part))
    others = (*parts[:axis], *parts[axis + 1 :])
    if axis < x.ndim and all(isinstance(part, slice) and part == slice(None) for part in others):
        index, length = parts[axis], x.shape[axis]
        before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
        values = xp.broadcast_to(values, (*before, *index.shape, *after))
        at = xp.reshape(xp.where(index < 0, index + length, index), (-1,))
        return x, axis, at, xp.reshape(values, (*before, math.prod(index.shape), *after))
    at = positions(xp, x.shape, key, xp.device_of(x), known_to)
    given = xp.reshape(xp.broadcast_to(values, at.shape), (-1,))
    return xp.reshape(x, (-1,)), 0, xp.reshape(at, (-1,)), given


def put(xp: Any, x: Array, at: Array, values: Array) -> Array:
    """A copy of x with `values` at positions; of repeated ones the last wins. Nothing is written."""
    at, given, every = _flattened(xp, x, at, values)
    if 0 in (*at.shape, *x.shape):
        return x
    order = xp.argsort(at, stable=True)
    at, given = xp.take(at, order), xp.take(given, order)
    after = xp.searchsorted(at, every, side="right")
    found = after > xp.searchsorted(at, every)
    last = xp.where(found, after - 1, xp.zeros_like(after))
    return xp.reshape(xp.where(found, xp.take(given, last), xp.reshape(x, (-1,))), x.shape)


def winners(xp: Any, shape: tuple[int, ...], key: Any, device: Any) -> Array:
    """For each entry of `x[key]`, whether it is the last of those with its position."""
    at = positions(xp, shape, key, device)
    flat = xp.reshape(at, (-1,))
    if flat.shape[0] == 0:
        return xp.ones(at.shape, dtype=xp.bool, device=device)
    order = xp.argsort(flat, stable=True)
    ordered = xp.take(flat, order)
    is_last = xp.concat([ordered[1:] != ordered[:-1], xp.ones((1,), dtype=xp.bool, device=device)])
    return xp.reshape(xp.take(is_last, xp.argsort(order)), at.shape)


def add(xp: Any, x: Array, at: Array, values: Array) -> Array:
    """A copy of x with `values` added at positions, member by member of those that are repeated."""
    at, given, every = _flattened(xp, x, at, values)
    if 0 in (*at.shape, *x.shape):
        return x
    order = xp.argsort(at)
    at, given = xp.take(at, order), xp.take(given, order)
    first = xp.searchsorted(at, every)
    count = xp.searchsorted(at, every, side="right") - first
    out = xp.reshape(x, (-1,))
    for rank in range(int(xp.max(count))):
        member = xp.where(count > rank, first + rank, xp.zeros_like(first))
        out = xp.where(count > rank, out + xp.take(given, member), out)
    return xp.reshape(out, x.shape)


def _flattened(xp: Any, x: Array, at: Array, values: Array) -> tuple[Array, Array, Array]:
    """The positions and the values as vectors, and every position of x."""
    given = xp.reshape(xp.broadcast_to(values, at.shape), (-1,))
    return xp.reshape(at, (-1,)), given, xp.arange(math.prod(x.shape), dtype=at.dtype, device=xp.device_of(x))


_KINDS = ("bool", "unsigned integer", "signed integer", "real floating", "complex floating")
"""Each holds the numbers of those before it."""


def fitting(backend: Any, write: Callable[..., Array]) -> Callable[..., Array]:
    """`index_add` or `index_set` of a backend, given values in the dtype of x: libraries would promote x to theirs, cut them
    to integers or real numbers, or raise."""

    def call(x: Array, values: Array, /, *, key: Any) -> Array:
        if getattr(values, "dtype", x.dtype) != x.dtype:
            given, held = backend.neutral_dtype(values.dtype), backend.neutral_dtype(x.dtype)
            if _KINDS.index(given.kind) > _KINDS.index(held.kind):
                raise TypeError(f"values: got dtype {given.name}; expected {held.name}, or one that promotes to it")
            values = backend.xp.astype(values, x.dtype)
        return write(x, values, key=key)

    return call
