"""Indexing: `take` and `take_along_axis` of the standard, `x[key]`, and the two updates that rules need."""

from __future__ import annotations

import sys
from typing import Any

from ..backends import namespace_of
from ..backends.positions import has_integer_array
from ..call import bare
from ..kinds import Array, Tensor, linear
from ..selection import Selected, scatter
from ..tensor import Tensor as _Tensor


@linear(x=lambda xp, g, x, key: scatter(xp, g, x.shape, key), moves=True)
def getitem(x: Array, /, key: Any) -> Tensor:
    """x[key], for ints, slices, Ellipsis, None, boolean masks and integer arrays."""


def plain_key(key: Any, like: Any) -> Any:
    """A key without Tensors, lists and NumPy arrays: those become arrays of the library of `like`."""
    if isinstance(key, tuple):
        return tuple(plain_key(part, like) for part in key)
    if isinstance(key, slice):
        parts = (key.start, key.stop, key.step)
        return slice(*(int(part) if isinstance(part, _Tensor) else part for part in parts))
    key, like = bare(key), bare(like)
    if isinstance(key, list) or (is_numpy_array(key) and not is_numpy_array(like)):
        return namespace_of(like).asarray(key, device=like.device)
    return key


def is_numpy_array(value: Any) -> bool:
    """Whether `value` is an array of NumPy, which is imported if it is."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


@linear(x=lambda g: g, values=lambda xp, g, key: xp.getitem(g, key), moves=True)
def index_add(x: Array, values: Array, /, *, key: Any) -> Tensor:
    """A copy of x with `values` added at `key`; repeated indices add up."""


def _without(xp: Any, g: Any, key: Any) -> Any:
    zeros = xp.zeros((), dtype=g.dtype, device=g.device)
    return xp.index_set(g, zeros, key=key)


@linear(x=_without, values=lambda xp, g, key: _of_winners(xp, g, key), moves=True, drops=True)
def index_set(x: Array, values: Array, /, *, key: Any) -> Tensor:
    """A copy of x with `values` at `key`. Of repeated indices the last wins, and it alone gets the gradient."""


def _of_winners(xp: Any, g: Any, key: Any) -> Any:
    """g[key], with zeros for values that a later one of the same index overwrote."""
    taken = xp.getitem(g, key)
    if not has_integer_array(key):
        return taken
    size = 1
    for length in taken.shape:
        size *= length
    turns = xp.reshape(xp.arange(size, device=g.device), taken.shape)
    last = xp.getitem(xp.index_set(xp.zeros(g.shape, dtype=turns.dtype, device=g.device), turns, key=key), key)
    return xp.where(last == turns, taken, 0)


def _take_pull(xp: Any, g: Any, x: Any, indices: Any, axis: int | None) -> Selected:
    lead = 0 if axis is None else axis % x.ndim
    return scatter(xp, g, x.shape, (slice(None),) * lead + (indices,))


@linear(x=_take_pull, moves=True)
def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Tensor:
    """The entries of x at `indices` along `axis`."""


def _take_along_axis_pull(xp: Any, g: Any, x: Any, indices: Any, axis: int) -> Selected:
    axis %= x.ndim
    shape = xp.broadcast_to(indices, g.shape).shape
    key = tuple(
        xp.broadcast_to(indices, shape)
        if each == axis
        else xp.broadcast_to(
            xp.reshape(xp.arange(length, device=g.device), tuple(length if i == each else 1 for i in range(x.ndim))),
            shape,
        )
        for each, length in enumerate(shape)
    )
    full = tuple(length if each != axis else x.shape[axis] for each, length in enumerate(shape))
    return scatter(xp, g, full, key)


@linear(x=_take_along_axis_pull, moves=True)
def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Tensor:
    """The entries of x at `indices` along `axis`, matched along the other axes."""
