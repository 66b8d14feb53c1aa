"""PyTorch's functions that join, split and rearrange."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..errors import ArgumentError
from ..ops import creation, linalg, manipulation, matrices
from ..ops.axes import normal_axis
from ..tensor import Tensor, as_tensor

__all__ = [
    "adjoint", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "cat", "chunk", "column_stack",
    "concatenate", "diag", "diag_embed", "diagonal", "dstack", "flatten", "flip", "fliplr", "flipud", "hstack",
    "movedim", "narrow", "permute", "repeat_interleave", "roll", "rot90", "row_stack", "select", "split", "squeeze",
    "stack", "swapaxes", "swapdims", "t", "tensor_split", "tile", "trace", "transpose", "tril", "triu", "unbind",
    "unflatten", "unsqueeze", "vstack",
]  # fmt: skip

Dim = int | Sequence[int] | None


def axes(dim: Dim) -> Any:
    """PyTorch's `dim` as the standard's `axis`."""
    return tuple(dim) if isinstance(dim, list) else dim


def along_an_axis(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function along an axis, of which a scalar has one."""

    @functools.wraps(function)
    def along(input: Tensor, dim: int, *arguments: Any, **options: Any) -> Tensor:
        if input.ndim:
            return function(input, dim, *arguments, **options)
        return manipulation.reshape(function(manipulation.reshape(input, (1,)), dim, *arguments, **options), ())

    return along


def _along(input: Tensor, dim: int, part: Any) -> Tensor:
    """What `part` takes along an axis: a view."""
    return input[(*(slice(None),) * normal_axis("dim", dim, input.ndim), part)]


# -- joining ------------------------------------------------------------------------------------------------


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along an axis that they have."""
    return manipulation.concat(list(tensors), axis=dim)


concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors side by side along a new axis."""
    return manipulation.stack(list(tensors), axis=dim)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one after the other along the second axis; the first, if they have only one."""
    parts = list(map(atleast_1d, tensors))
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one below the other; those with one axis are rows."""
    return cat(list(map(atleast_2d, tensors)), 0)


row_stack = vstack


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors one after the other along the third axis."""
    return cat(list(map(atleast_3d, tensors)), 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side; those with one axis are columns."""
    return hstack([x[:, None] if x.ndim == 1 else atleast_2d(x).T if x.ndim == 0 else x for x in tensors])


# -- splitting ----------------------------------------------------------------------------------------------


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of parts along an axis, of one length, of which the last may be shorter, or of the lengths given."""
    length, size = tensor.shape[dim], split_size_or_sections
    if isinstance(size, int):
        if size <= 0:
            raise ArgumentError(f"split: split_size: got {size}; expected a positive length")
        bounds = [*range(0, length, size), length] if length else [0, 0]
    else:
        bounds = [0, *accumulate(size)]
        if bounds[-1] != length:
            raise ArgumentError(f"split: sections: got {list(size)}; expected lengths whose sum is {length}")
    return tuple(_along(tensor, dim, slice(start, stop)) for start, stop in pairwise(bounds))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of at most so many parts along an axis, all of one length but the last."""
    if chunks <= 0:
        raise ArgumentError(f"chunk: chunks: got {chunks}; expected a positive number")
    return split(input, max(-(-input.shape[dim] // chunks), 1), dim)


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of so many parts along an axis, of lengths that differ by at most 1, or between the indices given."""
    length, given = input.shape[dim], indices_or_sections
    if isinstance(given, int):
        longer = length % given
        given = [at * (length // given) + min(at, longer) for at in range(1, given)]
    return tuple(_along(input, dim, slice(start, stop)) for start, stop in pairwise([0, *given, length]))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of the parts at each place of an axis."""
    return manipulation.unstack(input, axis=dim)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A view of so many places of an axis."""
    start = start + input.shape[dim] if start < 0 else start
    if length < 0 or start < 0 or start + length > input.shape[dim]:
        raise ArgumentError(
            f"narrow: start ({start}) + length ({length}) exceeds dimension size ({input.shape[dim]}); expected a part of it"
        )
    return _along(input, dim, slice(start, start + length))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """A view of what is at one place of an axis."""
    return _along(input, dim, index)


# -- axes ---------------------------------------------------------------------------------------------------


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with an axis of length 1 inserted."""
    return manipulation.expand_dims(input, axis=dim)


def squeeze(input: Tensor, dim: Dim = None) -> Tensor:
    """A view without axes of length 1: all of them, or those among the ones named."""
    named = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    places = {normal_axis("squeeze", each, max(input.ndim, 1)) for each in named}
    return manipulation.squeeze(input, axis=tuple(each for each in places if input.ndim and input.shape[each] == 1))


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """A view with the axes in another order."""
    return manipulation.permute_dims(input, tuple(dims))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with two axes exchanged. A scalar has one."""
    order = list(range(input.ndim or 1))
    dim0, dim1 = normal_axis("transpose", dim0, len(order)), normal_axis("transpose", dim1, len(order))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return manipulation.permute_dims(input, tuple(order[: input.ndim]))


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; what has fewer axes as it is."""
    if input.ndim > 2:
        raise ArgumentError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use mT for stacks")
    return transpose(input, 0, 1) if input.ndim == 2 else input


def adjoint(input: Tensor) -> Tensor:
    """The conjugate transpose of matrices."""
    return transpose(input, -2, -1).conj()


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """A view with axes at other places."""
    return manipulation.moveaxis(input, source, destination)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """A view, where that is possible, with neighbouring axes made one."""
    if input.ndim == 0:
        return manipulation.reshape(input, (1,))
    start, end = normal_axis("flatten", start_dim, input.ndim), normal_axis("flatten", end_dim, input.ndim)
    if start > end:
        raise ArgumentError("flatten() has invalid args: start_dim cannot come after end_dim")
    length = 1
    for each in input.shape[start : end + 1]:
        length *= each
    return manipulation.reshape(input, (*input.shape[:start], length, *input.shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """A view with an axis made several, of which one length may be -1."""
    dim = normal_axis("unflatten", dim, input.ndim)
    known = 1
    for size in sizes:
        known *= size if size != -1 else 1
    lengths = (input.shape[dim] // max(known, 1) if size == -1 else size for size in sizes)
    return manipulation.reshape(input, (*input.shape[:dim], *lengths, *input.shape[dim + 1 :]))


def atleast_1d(input: Tensor) -> Tensor:
    """A view with one axis, if there is none."""
    return input if input.ndim else manipulation.reshape(input, (1,))


def atleast_2d(input: Tensor) -> Tensor:
    """A view with two axes, if there are fewer: a row."""
    return input if input.ndim > 1 else atleast_1d(input)[None, :]


def atleast_3d(input: Tensor) -> Tensor:
    """A view with three axes, if there are fewer."""
    return input if input.ndim > 2 else atleast_2d(input)[:, :, None]


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors expanded to the shape that they have together."""
    return manipulation.broadcast_arrays(*tensors)


# -- order and repetition -----------------------------------------------------------------------------------


def flip(input: Tensor, dims: Dim) -> Tensor:
    """The order of entries reversed along axes."""
    return manipulation.flip(input, axis=axes(dims))


def fliplr(input: Tensor) -> Tensor:
    """The order of columns reversed."""
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """The order of rows reversed."""
    return flip(input, 0)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A plane turned so many times by 90 degrees, from the first axis towards the second."""
    first, second = dims
    if k % 4 == 0:
        return input.clone()
    if k % 4 == 2:
        return flip(input, (first, second))
    return flip(transpose(input, first, second), first if k % 4 == 1 else second)


def roll(input: Tensor, shifts: Any, dims: Dim = None) -> Tensor:
    """Entries moved along axes; those that leave at the end come in at the start."""
    return manipulation.roll(input, shifts, axis=axes(dims))


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Copies side by side, so many along each axis."""
    return manipulation.tile(input, tuple(dims))


def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None) -> Tensor:
    """Each entry repeated, as often as `repeats` says, along an axis; of the flattened tensor, if none is given."""
    return manipulation.repeat(input, repeats, axis=dim)


# -- diagonals ----------------------------------------------------------------------------------------------


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the planes of two axes, along a new last axis."""
    return linalg.diagonal(manipulation.moveaxis(input, (dim1, dim2), (-2, -1)), offset=offset)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix that has a vector as its diagonal."""
    return matrices.diag(input, k=diagonal)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in the plane of two axes, with the entries along the last axis on a diagonal and zeros elsewhere."""
    size = input.shape[-1] + abs(offset)
    rows = creation.eye(as_tensor(input).backend, size, k=offset, dtype=input.dtype, device=input.device)
    rows = rows[: input.shape[-1], :] if offset >= 0 else rows[-offset:, :]
    padded = input[..., :, None] * rows
    if offset < 0:
        padded = cat([creation.zeros_like(padded[..., :-offset, :]), padded], -2)
    elif offset > 0:
        padded = cat([padded, creation.zeros_like(padded[..., :offset, :])], -2)
    return manipulation.moveaxis(padded, (-2, -1), (dim1, dim2))


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    return linalg.trace(input)


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above a diagonal."""
    return creation.tril(input, k=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below a diagonal."""
    return creation.triu(input, k=diagonal)
