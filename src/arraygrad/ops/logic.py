"""Elementwise functions of the standard whose results are truth values or bits, and so have no derivative."""

from __future__ import annotations

from ..kinds import Array, Tensor, constant


@constant
def bitwise_and(x1: Array, x2: Array, /) -> Tensor:
    """Bitwise and."""


@constant
def bitwise_left_shift(x1: Array, x2: Array, /) -> Tensor:
    """x1 shifted left by x2 bits."""


@constant
def bitwise_invert(x: Array, /) -> Tensor:
    """Every bit inverted."""


@constant
def bitwise_or(x1: Array, x2: Array, /) -> Tensor:
    """Bitwise or."""


@constant
def bitwise_right_shift(x1: Array, x2: Array, /) -> Tensor:
    """x1 shifted right by x2 bits."""


@constant
def bitwise_xor(x1: Array, x2: Array, /) -> Tensor:
    """Bitwise exclusive or."""


@constant
def equal(x1: Array, x2: Array, /) -> Tensor:
    """x1 == x2, entry by entry."""


@constant
def greater(x1: Array, x2: Array, /) -> Tensor:
    """x1 > x2, entry by entry."""


@constant
def greater_equal(x1: Array, x2: Array, /) -> Tensor:
    """x1 >= x2, entry by entry."""


@constant
def isfinite(x: Array, /) -> Tensor:
    """Whether each entry is neither infinite nor NaN."""


@constant
def isinf(x: Array, /) -> Tensor:
    """Whether each entry is infinite."""


@constant
def isnan(x: Array, /) -> Tensor:
    """Whether each entry is NaN."""


@constant
def less(x1: Array, x2: Array, /) -> Tensor:
    """x1 < x2, entry by entry."""


@constant
def less_equal(x1: Array, x2: Array, /) -> Tensor:
    """x1 <= x2, entry by entry."""


@constant
def logical_and(x1: Array, x2: Array, /) -> Tensor:
    """Logical and."""


@constant
def logical_not(x: Array, /) -> Tensor:
    """Logical not."""


@constant
def logical_or(x1: Array, x2: Array, /) -> Tensor:
    """Logical or."""


@constant
def logical_xor(x1: Array, x2: Array, /) -> Tensor:
    """Logical exclusive or."""


@constant
def not_equal(x1: Array, x2: Array, /) -> Tensor:
    """x1 != x2, entry by entry."""


@constant
def signbit(x: Array, /) -> Tensor:
    """Whether the sign bit is set."""
