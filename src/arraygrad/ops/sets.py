"""Set functions of the standard. The values they return are elements of x, so a gradient flows to those."""

from __future__ import annotations

from ..kinds import Array, Tensor, constant


@constant
def isin(x1: Array | int | float | complex | bool, x2: Array | int | float | complex | bool, /, *, invert: bool = False) -> Tensor:
    """Whether each entry of x1 is an entry of x2."""
