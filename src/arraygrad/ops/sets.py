"""Set functions of the standard. The values that they return are entries of x, so a gradient flows to those."""

from __future__ import annotations

from typing import NamedTuple

from ..kinds import Array, Tensor, composite, constant
from ..tensor import as_tensor
from .indexing import take
from .manipulation import reshape


@constant
def isin(
    x1: Array | int | float | complex | bool, x2: Array | int | float | complex | bool, /, *, invert: bool = False
) -> Tensor:
    """Whether each entry of x1 is an entry of x2."""


class unique_all_result(NamedTuple):
    """The distinct values, where each comes first, where each entry went, and how often each occurs."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class unique_counts_result(NamedTuple):
    """The distinct values, and how often each occurs."""

    values: Tensor
    counts: Tensor


class unique_inverse_result(NamedTuple):
    """The distinct values, and for each entry which of them it is."""

    values: Tensor
    inverse_indices: Tensor


@constant(multiple=True)
def distinct(x: Array, /) -> tuple[Tensor, ...]:
    """The parts of `unique_all`, as they come from the library."""


@composite
def unique_all(x: Array, /) -> unique_all_result:
    """The distinct values of x, with all that the other functions say of them. The gradient goes to the first of equals."""
    x = as_tensor(x)
    values, indices, inverse, counts = distinct(x)
    if x.dtype.is_differentiable:
        values = take(reshape(x, (-1,)), indices)
    return unique_all_result(values, indices, inverse, counts)


@composite
def unique_counts(x: Array, /) -> unique_counts_result:
    """The distinct values of x, and how often each occurs."""
    found = unique_all(x)
    return unique_counts_result(found.values, found.counts)


@composite
def unique_inverse(x: Array, /) -> unique_inverse_result:
    """The distinct values of x, and for each entry which of them it is."""
    found = unique_all(x)
    return unique_inverse_result(found.values, found.inverse_indices)


@composite
def unique_values(x: Array, /) -> Tensor:
    """The distinct values of x, in the order of `unique_all` whether a gradient is wanted or not."""
    return unique_all(x).values
