"""Manipulation functions of the standard: they move, copy and arrange entries, so all of them are linear."""

from __future__ import annotations

from typing import Any

from ..backends import device_of
from ..errors import ArgumentError
from ..kinds import Array, Tensor, composite, linear
from ..rules import along
from ..tensor import as_tensor

Shape = tuple[int, ...]


@composite
def broadcast_arrays(*arrays: Array) -> tuple[Tensor, ...]:
    """The arrays, broadcast against one another."""
    tensors = [as_tensor(array) for array in arrays]
    shape = broadcast_shapes(*(tensor.shape for tensor in tensors))
    return tuple(broadcast_to(tensor, shape) for tensor in tensors)


@composite
def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape to which shapes broadcast. Raises ArgumentError if they do not."""
    ndim = max((len(shape) for shape in shapes), default=0)
    result = [1] * ndim
    for shape in shapes:
        for axis, length in enumerate(shape, ndim - len(shape)):
            if length != 1 and result[axis] not in (1, length):
                raise ArgumentError(
                    f"broadcast_shapes({', '.join(map(str, shapes))}): lengths {result[axis]} and {length} of axis "
                    f"{axis - ndim} differ; expected equal lengths, or 1"
                )
            result[axis] = length if result[axis] == 1 else result[axis]
    return tuple(result)


@linear(x=lambda g: g, moves=True, view=True, overlaps=True)
def broadcast_to(x: Array, /, shape: Shape) -> Tensor:
    """x broadcast to `shape`."""


def _concat_pull(xp: Any, g: Any, arrays: Any, axis: int | None, index: int) -> Any:
    mine = arrays[index]
    if axis is None:
        start = sum(array.size for array in arrays[:index] if array is not None)
        return xp.reshape(g[start : start + mine.size], mine.shape)
    joined = axis % mine.ndim
    start = sum(array.shape[joined] for array in arrays[:index] if array is not None)
    return g[along(joined, slice(start, start + mine.shape[joined]))]


@linear(arrays=_concat_pull, moves=True)
def concat(arrays: Array, /, *, axis: int | None = 0) -> Tensor:
    """The arrays joined along `axis`, or flattened and joined if it is None."""


@linear(x=lambda xp, g, x: xp.reshape(g, x.shape), moves=True, view=True)
def expand_dims(x: Array, /, axis: int | tuple[int, ...]) -> Tensor:
    """x with an axis of length 1 inserted at `axis`."""


@linear(x=lambda xp, g, axis: xp.flip(g, axis=axis), moves=True, view=True)
def flip(x: Array, /, *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """x with the order of entries along `axis` reversed."""


@linear(x=lambda xp, g, source, destination: xp.moveaxis(g, destination, source), moves=True, view=True)
def moveaxis(x: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Tensor:
    """x with axes moved to other positions."""


def _permute_back(xp: Any, g: Any, axes: tuple[int, ...]) -> Any:
    axes = tuple(axis % len(axes) for axis in axes)
    return xp.permute_dims(g, tuple(axes.index(axis) for axis in range(len(axes))))


@linear(x=_permute_back, moves=True, view=True)
def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Tensor:
    """x with its axes in another order."""


def _repeat_pull(xp: Any, g: Any, x: Any, repeats: Any, axis: int | None) -> Any:
    along = 0 if axis is None else axis % x.ndim
    length = x.size if axis is None else x.shape[along]
    lead = g.shape[:along]
    if isinstance(repeats, int):
        split = xp.reshape(g, (*lead, length, repeats, *g.shape[along + 1 :]))
        return xp.reshape(xp.sum(split, axis=along + 1, dtype=g.dtype), x.shape)
    source = xp.repeat(xp.arange(length, device=device_of(g)), repeats)
    zeros = xp.zeros((*lead, length, *g.shape[along + 1 :]), dtype=g.dtype, device=device_of(g))
    return xp.reshape(xp.index_add(zeros, g, key=(slice(None),) * along + (source,)), x.shape)


@linear(x=_repeat_pull, moves=True)
def repeat(x: Array, repeats: Array, /, *, axis: int | None = None) -> Tensor:
    """x with each entry along `axis` repeated; `repeats` is a number, or one for each entry."""


@linear(x=lambda xp, g, x: xp.reshape(g, x.shape), moves=True, view=lambda options: options["copy"] is not True)
def reshape(x: Array, /, shape: Shape, *, copy: bool | None = None) -> Tensor:
    """x in another shape, in row-major order."""


def _roll_back(xp: Any, g: Any, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None) -> Any:
    return xp.roll(g, tuple(-each for each in shift) if isinstance(shift, tuple) else -shift, axis=axis)


@linear(x=_roll_back, moves=True)
def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """x rolled by `shift` places along `axis`."""


@linear(x=lambda xp, g, x: xp.reshape(g, x.shape), moves=True, view=True)
def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Tensor:
    """x without the axes of length 1 at `axis`."""


def _stack_pull(g: Any, axis: int, index: int) -> Any:
    return g[along(axis % g.ndim, index)]


@linear(arrays=_stack_pull, moves=True)
def stack(arrays: Array, /, *, axis: int = 0) -> Tensor:
    """The arrays joined along a new axis."""


def _tile_pull(xp: Any, g: Any, x: Any, repetitions: tuple[int, ...]) -> Any:
    shape = (1,) * (len(repetitions) - x.ndim) + tuple(x.shape)
    counts = (1,) * (x.ndim - len(repetitions)) + tuple(repetitions)
    split = xp.reshape(g, tuple(n for pair in zip(counts, shape, strict=True) for n in pair))
    return xp.reshape(xp.sum(split, axis=tuple(range(0, 2 * len(shape), 2)), dtype=g.dtype), x.shape)


@linear(x=_tile_pull, moves=True)
def tile(x: Array, repetitions: tuple[int, ...], /) -> Tensor:
    """x repeated like tiles, `repetitions` times along each axis."""


def _unstack_pull(xp: Any, g: Any, x: Any, axis: int) -> Any:
    some = next(each for each in g if each is not None)
    return xp.stack([xp.zeros_like(some) if each is None else each for each in g], axis=axis)


@linear(x=_unstack_pull, moves=True, multiple=True, view=True)
def unstack(x: Array, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices of x along `axis`."""
