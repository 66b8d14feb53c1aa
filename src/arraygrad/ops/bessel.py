"""Bessel functions and exponential integrals of real numbers under SciPy's names.

Their values come from SciPy, or from the backend where it has them. Derivatives: F. Olver et al. (eds.), NIST Handbook of
mathematical functions, 2010, chapters 6 and 10.
"""

from __future__ import annotations

from typing import Any

from ..kinds import Array, Tensor, elementwise

_POSITIVE = (0.3, 4.0)


def _over(xp: Any, out: Any, x: Any) -> Any:
    """A function of order 1 over x, with its limit at 0."""
    zero = x == 0
    return xp.where(zero, 0.5, out / xp.where(zero, 1, x))


@elementwise(x=lambda xp, x: -xp.j1(x))
def j0(x: Array, /) -> Tensor:
    """The Bessel function of the first kind of order 0."""


@elementwise(x=lambda xp, x: xp.j0(x) - _over(xp, xp.j1(x), x))
def j1(x: Array, /) -> Tensor:
    """The Bessel function of the first kind of order 1."""


@elementwise(x=lambda xp, x: -xp.y1(x), domain=_POSITIVE)
def y0(x: Array, /) -> Tensor:
    """The Bessel function of the second kind of order 0."""


@elementwise(x=lambda xp, x, out: xp.y0(x) - out / x, domain=_POSITIVE)
def y1(x: Array, /) -> Tensor:
    """The Bessel function of the second kind of order 1."""


@elementwise(x=lambda xp, x: xp.i1(x))
def i0(x: Array, /) -> Tensor:
    """The modified Bessel function of the first kind of order 0."""


@elementwise(x=lambda xp, x: xp.i0(x) - _over(xp, xp.i1(x), x))
def i1(x: Array, /) -> Tensor:
    """The modified Bessel function of the first kind of order 1."""


@elementwise(x=lambda xp, x, out: xp.i1e(x) - xp.sign(x) * out, domain="nonzero")
def i0e(x: Array, /) -> Tensor:
    """exp(-|x|) i0(x)."""


@elementwise(x=lambda xp, x: xp.i0e(x) - xp.sign(x) * xp.i1e(x) - _over(xp, xp.i1e(x), x), domain="nonzero")
def i1e(x: Array, /) -> Tensor:
    """exp(-|x|) i1(x)."""


@elementwise(x=lambda xp, x: -xp.k1(x), domain=_POSITIVE)
def k0(x: Array, /) -> Tensor:
    """The modified Bessel function of the second kind of order 0."""


@elementwise(x=lambda xp, x, out: -xp.k0(x) - out / x, domain=_POSITIVE)
def k1(x: Array, /) -> Tensor:
    """The modified Bessel function of the second kind of order 1."""


@elementwise(x=lambda xp, x, out: out - xp.k1e(x), domain=_POSITIVE)
def k0e(x: Array, /) -> Tensor:
    """exp(x) k0(x)."""


@elementwise(x=lambda xp, x, out: out - xp.k0e(x) - out / x, domain=_POSITIVE)
def k1e(x: Array, /) -> Tensor:
    """exp(x) k1(x)."""


@elementwise(x=lambda xp, x: xp.exp(x) / x, domain=_POSITIVE)
def expi(x: Array, /) -> Tensor:
    """The exponential integral Ei."""


@elementwise(x=lambda xp, x: -xp.exp(-x) / x, domain=_POSITIVE)
def exp1(x: Array, /) -> Tensor:
    """The exponential integral E₁."""
