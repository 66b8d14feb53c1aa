"""Bessel functions and exponential integrals of real numbers under SciPy's names.

Their values come from SciPy, or from the backend where it has them. Derivatives: F. Olver et al. (eds.), NIST Handbook of
mathematical functions, 2010, chapters 6 and 10.
"""

from __future__ import annotations

import math
from typing import Any

from ..kinds import Array, Tensor, elementwise

_POSITIVE = (0.3, 4.0)


_SERIES = tuple(1 / (2 * 4**k * math.factorial(k) * math.factorial(k + 1)) for k in range(10))
"""Taylor coefficients of i1(x) / x in x²; those of j1(x) / x have alternating signs."""


def _over(name: str, xp: Any, x: Any) -> Any:
    """A function of order 1 over x; near 0, where the derivatives of that cancel, by the Taylor series."""
    small = xp.abs(x) < 1
    near, far = xp.where(small, x, 0), xp.where(small, 1, x)
    square = -near * near if name == "j1" else near * near
    series = _SERIES[-1] * square + _SERIES[-2]
    for coefficient in reversed(_SERIES[:-2]):
        series = series * square + coefficient
    scale = xp.exp(-xp.abs(near)) if name == "i1e" else 1
    return xp.where(small, scale * series, getattr(xp, name)(far) / far)


@elementwise(x=lambda xp, x: -xp.j1(x))
def j0(x: Array, /) -> Tensor:
    """The Bessel function of the first kind of order 0."""


@elementwise(x=lambda xp, x: xp.j0(x) - _over("j1", xp, x))
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


@elementwise(x=lambda xp, x: xp.i0(x) - _over("i1", xp, x))
def i1(x: Array, /) -> Tensor:
    """The modified Bessel function of the first kind of order 1."""


@elementwise(x=lambda xp, x, out: xp.i1e(x) - xp.sign(x) * out, domain="nonzero")
def i0e(x: Array, /) -> Tensor:
    """exp(-|x|) i0(x)."""


@elementwise(x=lambda xp, x: xp.i0e(x) - xp.sign(x) * xp.i1e(x) - _over("i1e", xp, x), domain="nonzero")
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
