"""PyTorch's functions that choose entries, and write to those chosen."""

from __future__ import annotations

from typing import Any

from ..inplace import index_put, masked_fill
from ..ops import creation, elementwise, indexing, logic, manipulation, scattering, searching, utility
from ..ops.axes import normal_axis
from ..tensor import Tensor, as_tensor
from .shapes import along_an_axis, cat

__all__ = [
    "allclose", "argwhere", "bucketize", "cartesian_prod", "clamp", "clamp_max", "clamp_min", "diff", "equal",
    "gather", "index_add", "index_copy", "index_fill", "index_put", "index_select", "isclose", "masked_fill",
    "masked_select", "nonzero", "scatter", "scatter_add", "searchsorted", "select_scatter", "slice_scatter", "take",
    "take_along_dim", "unfold", "where",
]  # fmt: skip


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Entry by entry of `index` the entry of `input` at that place of an axis, and at the same place of the others."""
    dim = normal_axis("gather", dim, input.ndim)
    part = input[tuple(slice(None) if at == dim else slice(length) for at, length in enumerate(index.shape))]
    return indexing.take_along_axis(part, index, axis=dim)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The entries at these places of the flattened tensor."""
    taken = indexing.take(manipulation.reshape(input, (-1,)), manipulation.reshape(index, (-1,)), axis=0)
    return manipulation.reshape(taken, index.shape)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with `input` and `indices` broadcast; of the flattened tensors, if no axis is given."""
    if dim is None:
        return take(input, manipulation.reshape(indices, (-1,)))
    return indexing.take_along_axis(input, indices, axis=dim)


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The parts at these places of an axis."""
    return indexing.take(input, manipulation.reshape(as_tensor(index), (-1,)), axis=dim)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The entries where a mask holds, in one axis."""
    input, mask = manipulation.broadcast_arrays(input, mask)
    return input[mask]


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, `other` elsewhere; alone, the indices where it holds."""
    return searching.nonzero(condition) if input is None else searching.where(condition, input, other)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the entries that are not zero: one row for each, or one tensor for each axis."""
    found = searching.nonzero(input)
    return found if as_tuple else manipulation.stack(list(found), axis=-1)


def argwhere(input: Tensor) -> Tensor:
    """The indices of the entries that are not zero, one row for each."""
    return nonzero(input)


def _places(input: Tensor, dim: int, index: Any) -> tuple[Any, ...]:
    return (*(slice(None),) * normal_axis("dim", dim, input.ndim), index)


@along_an_axis
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy with the parts of `source` added at these places of an axis; what goes to one place adds up."""
    source = source if alpha == 1 else source * alpha
    return indexing.index_add(input, source, key=_places(input, dim, index))


@along_an_axis
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with the parts of `source` at these places of an axis."""
    return indexing.index_set(input, source, key=_places(input, dim, index))


@along_an_axis
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with one number at these places of an axis."""
    key = _places(input, dim, index)
    return indexing.index_set(input, creation.full_like(input[key], value), key=key)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with `src` at one place of an axis."""
    return indexing.index_set(input, src, key=_places(input, dim, index))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:  # fmt: skip
    """A copy with `src` at a range of places of an axis."""
    return indexing.index_set(input, src, key=_places(input, dim, slice(start, end, step)))


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:  # fmt: skip
    """A copy with `src`, or one number, at the places that `index` names along an axis."""
    return scattering.scatter(input, dim, index, value if src is None else _part(src, index), reduce=reduce)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with `src` added at the places that `index` names along an axis."""
    return scattering.scatter_add(input, dim, index, _part(src, index))


def _part(src: Any, index: Tensor) -> Any:
    """Of `src` as much as there is of `index`."""
    return src[tuple(map(slice, index.shape))] if isinstance(src, Tensor) and src.ndim else src


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Entries, or the bound that they are beyond."""
    return elementwise.clip(input, min, max)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Entries, or the bound that they are below."""
    return elementwise.clip(input, min=min)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Entries, or the bound that they are above."""
    return elementwise.clip(input, max=max)


def searchsorted(sorted_sequence: Tensor, input: Any, *, right: bool = False, side: str | None = None) -> Tensor:
    """Where entries would go in a sorted vector: before those that are equal, or after them."""
    return searching.searchsorted(sorted_sequence, as_tensor(input), side=side or ("right" if right else "left"))


def bucketize(input: Any, boundaries: Tensor, *, right: bool = False) -> Tensor:
    """Between which of the boundaries entries are."""
    return searchsorted(boundaries, input, right=right)


# -- differences --------------------------------------------------------------------------------------------


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:  # fmt: skip
    """Differences of neighbours along an axis, n times."""
    return utility.diff(input, axis=dim, n=n, prepend=prepend, append=append)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of entries of vectors, one row for each."""
    if len(tensors) == 1:
        return tensors[0]
    return manipulation.stack([manipulation.reshape(x, (-1,)) for x in creation.meshgrid(*tensors, indexing="ij")], axis=-1)


# -- comparisons --------------------------------------------------------------------------------------------


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where two tensors differ by no more than atol + rtol * |other|."""
    near = logic.less_equal(elementwise.abs(input - other), atol + rtol * elementwise.abs(other))
    finite = logic.logical_and(logic.isfinite(other), logic.isfinite(input))
    close = logic.logical_or(logic.equal(input, other), logic.logical_and(near, finite))
    return logic.logical_or(close, logic.logical_and(logic.isnan(input), logic.isnan(other))) if equal_nan else close


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether two tensors differ by no more than atol + rtol * |other| anywhere."""
    return bool(utility.all(isclose(input, other, rtol, atol, equal_nan)))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same entries."""
    return input.shape == other.shape and bool(utility.all(logic.equal(input, other)))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of an axis, so many places apart; their entries are along a new last axis."""
    at = normal_axis("unfold", dimension, input.ndim)
    starts = range(0, input.shape[at] - size + 1, step)
    windows = [input[(*(slice(None),) * at, slice(start, start + size))] for start in starts]
    return manipulation.moveaxis(cat([window[None] for window in windows]), (0, at + 1), (at, -1))
