"""Indexing: `take` and `take_along_axis` of the standard, `x[key]`, and the two updates that rules need."""

from __future__ import annotations

from typing import Any

from ..backends import device_of
from ..kinds import Array, Key, Tensor, declared, linear
from ..overwriting import joint, owned, without, written
from ..rules import along
from ..selection import Selected, scatter

_BASIC = {int, slice, type(None), type(Ellipsis)}


def is_basic(options: dict[str, Any]) -> bool:
    """Whether a key has no arrays, so that what it takes is a view."""
    key = options["key"]
    if type(key) is not tuple:
        return type(key) in _BASIC
    for part in key:  # noqa: SIM110 - a generator would cost as much as the call
        if type(part) not in _BASIC:
            return False
    return True


@linear(x=lambda xp, g, x, key: scatter(xp, g, x.shape, key), moves=True, view=is_basic)
def getitem(x: Array, /, key: Key) -> Tensor:
    """x[key], for ints, slices, Ellipsis, None, boolean masks and integer arrays."""


@linear(x=lambda g: g, values=lambda xp, g, key: xp.getitem(g, key), moves=True)
def index_add(x: Array, values: Array, /, *, key: Key) -> Tensor:
    """A copy of x with `values` added at `key`; repeated indices add up."""


@linear(x=lambda g, key: without(owned(g), key), values=lambda g, key: written(owned(g), key), moves=True)
def index_set(x: Array, values: Array, /, *, key: Key) -> Tensor:
    """A copy of x with `values` at `key`. Of repeated indices the last wins, and it alone gets the gradient."""


declared["index_set"].node_name = "CopySlices"
declared["index_set"].joint = joint
declared["getitem"].written_by = declared["index_set"]
declared["unstack"].part_as_view = lambda options, index, ndim: (
    declared["getitem"], {"key": along(options["axis"] % ndim, index)}
)  # fmt: skip


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
            xp.reshape(xp.arange(length, device=device_of(g)), tuple(length if i == each else 1 for i in range(x.ndim))),
            shape,
        )
        for each, length in enumerate(shape)
    )
    full = tuple(length if each != axis else x.shape[axis] for each, length in enumerate(shape))
    return scatter(xp, g, full, key)


@linear(x=_take_along_axis_pull, moves=True)
def take_along_axis(x: Array, indices: Array, /, *, axis: int = -1) -> Tensor:
    """The entries of x at `indices` along `axis`, matched along the other axes."""
