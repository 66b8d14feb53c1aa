"""`scatter` and its like, under PyTorch's names: writing to places given by an index along one axis."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from .axes import normal_axis
from .creation import arange, full
from .elementwise import multiply
from .indexing import getitem, index_add, index_set, take
from .manipulation import broadcast_to, concat, reshape
from .searching import searchsorted, where
from .sorting import argsort


def _checked(operation: str, x: Array, axis: int, index: Array, src: Any) -> tuple[Tensor, int, Tensor, Any]:
    """The arguments as Tensors, and `src` cut to the shape of the index."""
    x, index = as_tensor(x), as_tensor(index)
    if not index.dtype.kind.endswith("integer"):
        raise ArgumentTypeError(f"{operation}: index: got dtype {index.dtype.name}; expected an integer one")
    if index.ndim != x.ndim or x.ndim == 0:
        raise ArgumentError(
            f"{operation}: index: got shape {index.shape} for x of shape {x.shape}; expected as many axes, and at least one"
        )
    axis = normal_axis(operation, axis, x.ndim)
    if any(n > m for each, (n, m) in enumerate(zip(index.shape, x.shape, strict=True)) if each != axis):
        raise ArgumentError(
            f"{operation}: index: got shape {index.shape}; expected none of its axes but {axis} to be longer than those of "
            f"x, {x.shape}"
        )
    if isinstance(src, (bool, int, float, complex)):
        return x, axis, index, full(x.backend, index.shape, src, dtype=x.dtype, device=x.device)
    src = as_tensor(src)
    if src.ndim != x.ndim or any(n > m for n, m in zip(index.shape, src.shape, strict=True)):
        raise ArgumentError(
            f"{operation}: src: got shape {src.shape}; expected a number, or an array that is nowhere shorter than the "
            f"index, {index.shape}"
        )
    return x, axis, index, src[tuple(slice(n) for n in index.shape)] if src.shape != index.shape else src


def _key(x: Tensor, axis: int, index: Tensor) -> tuple[Any, ...]:
    """The key that names, for each entry of the index, its place in x. Negative indices count from the end."""
    parts = []
    for each, length in enumerate(index.shape):
        if each == axis:
            part = index
        else:
            shape = tuple(length if other == each else 1 for other in range(index.ndim))
            part = reshape(arange(x.backend, length, dtype="int64", device=x.device), shape)
        parts.append(broadcast_to(part, index.shape))
    return tuple(parts)


def _multiplied(x: Tensor, key: tuple[Any, ...], src: Tensor) -> Tensor:
    """x times, at each place, the product of all that goes there.

    By products of neighbours in the order of their places, of twice as many in each step: exact where factors are zero.
    """
    if src.size == 0:
        return x
    everywhere = arange(x.backend, x.size, dtype="int64", device=x.device)
    places = reshape(getitem(reshape(everywhere, x.shape), key=key), (-1,))
    order = argsort(places)
    places, products = take(places, order, axis=0), take(reshape(src, (-1,)), order, axis=0)
    width = 1
    while width < places.shape[0]:
        longer = where(places[width:] == places[:-width], products[width:] * products[:-width], products[width:])
        products, width = concat([products[:width], longer]), 2 * width
    after = searchsorted(places, everywhere, side="right")
    found = after > searchsorted(places, everywhere)
    factors = where(found, take(products, where(found, after - 1, 0), axis=0), 1)
    return multiply(x, reshape(factors, x.shape))


@composite
def scatter(x: Array, axis: int, index: Array, src: Array, /, *, reduce: str | None = None) -> Tensor:
    """A copy of x with `src` written to the places that `index` names along `axis`, as PyTorch's `scatter`.

    x[index[i, j], j] = src[i, j] for axis 0. Of what goes to one place the last wins, and it alone gets a gradient; with
    `reduce` "add" or "multiply" all of it is combined with what is there. src: an array, or a number.
    """
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"scatter: reduce: got {reduce!r}; expected None, 'add' or 'multiply'")
    x, axis, index, src = _checked("scatter", x, axis, index, src)
    key = _key(x, axis, index)
    if reduce == "multiply":
        return _multiplied(x, key, src)
    return index_set(x, src, key=key) if reduce is None else index_add(x, src, key=key)


@composite
def scatter_add(x: Array, axis: int, index: Array, src: Array, /) -> Tensor:
    """A copy of x with `src` added at the places that `index` names along `axis`; what goes to one place adds up."""
    x, axis, index, src = _checked("scatter_add", x, axis, index, src)
    return index_add(x, src, key=_key(x, axis, index))
