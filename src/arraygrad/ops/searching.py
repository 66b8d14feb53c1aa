"""Searching functions of the standard."""

from __future__ import annotations

from ..kinds import Array, Tensor, constant, elementwise
from ..selection import Selected


@constant(ordered=True)
def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the first largest entry along `axis`."""


@constant(ordered=True)
def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the first smallest entry along `axis`."""


@constant
def count_nonzero(x: Array, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """How many entries are not zero."""


@constant(multiple=True)
def nonzero(x: Array, /) -> tuple[Tensor, ...]:
    """Indices of the entries that are not zero, one array an axis."""


@constant(ordered=True)
def searchsorted(x1: Array, x2: Array, /, *, side: str = "left", sorter: Array | None = None) -> Tensor:
    """Where in the sorted x1 the entries of x2 belong."""


@elementwise(x1=lambda g, condition: Selected(g, condition), x2=lambda g, condition: Selected(g, ~condition))
def where(condition: Array, x1: Array, x2: Array, /) -> Tensor:
    """x1 where `condition` holds, else x2. Nothing flows to what is not selected, whatever is there."""


@elementwise(x=lambda g, mask: Selected(g, mask))
def masked(x: Array, mask: Array, /) -> Tensor:
    """x where `mask` holds, else 0. Nothing flows to what is not selected."""
