"""Special functions, entry by entry, under NumPy's, SciPy's and PyTorch's names.

The derivatives of erf and of the normal distribution are in M. Abramowitz and I. Stegun, Handbook of mathematical
functions, 1964, chapter 7; gelu is from D. Hendrycks and K. Gimpel, Gaussian error linear units, 2016.
"""

from __future__ import annotations

import math
from typing import Any

from ..backends import is_real
from ..backends.extra_special import as_arrays, cos_pi
from ..kinds import Array, Tensor, elementwise
from .elementwise import LN2


@elementwise(x=lambda xp, x: (2 / math.sqrt(math.pi)) * xp.exp(-x * x))
def erf(x: Array, /) -> Tensor:
    """The error function: 2/sqrt(π) times the integral of exp(-t²) from 0 to x."""


@elementwise(x=lambda xp, x: (-2 / math.sqrt(math.pi)) * xp.exp(-x * x))
def erfc(x: Array, /) -> Tensor:
    """1 - erf(x), accurate where that is tiny."""


def _gelu_slope(xp: Any, x: Any, approximate: str) -> Any:
    finite = xp.where(xp.isinf(x), 0, x)  # times a density that is 0 there
    if approximate == "tanh":
        scale = math.sqrt(8 / math.pi)
        u = scale * (x + 0.044715 * x * x * x)
        density = scale * (1 + 3 * 0.044715 * finite * finite) * (xp.sigmoid(u) * xp.sigmoid(-u))
        return xp.sigmoid(u) + finite * density
    density = xp.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return 0.5 * xp.erfc(x * -math.sqrt(0.5)) + finite * density


@elementwise(x=_gelu_slope)
def gelu(x: Array, /, *, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number is below x; "tanh" approximates it by a logistic function.

    Both keep their digits where x is very negative.
    """


_SINC_TERMS = 16
_SINC_SLOPE = tuple(
    (-1) ** k * math.pi ** (2 * k) * 2 * k / math.factorial(2 * k + 1) for k in range(1, _SINC_TERMS)
)
"""Taylor coefficients of the derivative of sinc: of x, x³, x⁵, ..."""


def _sinc_slope(xp: Any, x: Any) -> Any:
    """(cos(πx) - sinc(x)) / x; near 0, where that cancels, the Taylor series, to be differentiated further as well."""
    small = xp.abs(x) < 0.5
    near = xp.where(small, x, 0)
    square = near * near
    series = _SINC_SLOPE[-1] * square + _SINC_SLOPE[-2]
    for coefficient in reversed(_SINC_SLOPE[:-2]):
        series = series * square + coefficient
    regular = xp.isfinite(x) & ~small
    far = xp.where(regular, x, 1)
    quotient = (cos_pi(xp, far) - xp.sinc(far)) / far
    return xp.where(small, near * series, xp.where(regular, quotient, 0 / xp.where(small, 1, x)))


@elementwise(x=_sinc_slope)
def sinc(x: Array, /) -> Tensor:
    """sin(πx) / (πx), and 1 at 0."""


@elementwise(x=lambda g, out: g / (3 * out * out), domain="nonzero")
def cbrt(x: Array, /) -> Tensor:
    """Real cube root. The derivative at 0 is infinite."""


@elementwise(x=lambda out: LN2 * out)
def exp2(x: Array, /) -> Tensor:
    """2 to the power x."""


def _xlogy_x1(xp: Any, x1: Any, x2: Any) -> Any:
    x1, x2 = as_arrays(xp, x1, x2)
    absent = (x1 == 0) & ((x2 <= 0) if is_real(x2) else (x2 == 0))
    return xp.where(absent, 0, xp.log(xp.where(absent, 1, x2)))


def _xlogy_x2(xp: Any, x1: Any, x2: Any) -> Any:
    x1, x2 = as_arrays(xp, x1, x2)
    absent = (x1 == 0) & (x2 == 0)
    return xp.where(absent, 0, x1 / xp.where(absent, 1, x2))


@elementwise(x1=_xlogy_x1, x2=_xlogy_x2, domain={"x2": (0.1, 5.0)})
def xlogy(x1: Array, x2: Array, /) -> Tensor:
    """x1 * log(x2), and 0 where x1 is 0. Both derivatives at (0, 0) are 0."""


def _xlog1py_x1(xp: Any, x1: Any, x2: Any) -> Any:
    x1, x2 = as_arrays(xp, x1, x2)
    absent = (x1 == 0) & (x2 == -1)
    return xp.where(absent, 0, xp.log1p(xp.where(absent, 0, x2)))


@elementwise(x1=_xlog1py_x1, x2=lambda xp, x1, x2: _xlogy_x2(xp, x1, 1 + x2), domain={"x2": (-0.9, 5.0)})
def xlog1py(x1: Array, x2: Array, /) -> Tensor:
    """x1 * log(1 + x2), and 0 where x1 is 0."""


@elementwise(x=lambda xp, x: -1 - xp.log(x), domain=(0.1, 5.0))
def entr(x: Array, /) -> Tensor:
    """-x log(x), and 0 where x is 0."""


def _log_ratio(xp: Any, x1: Any, x2: Any) -> Any:
    x1, x2 = as_arrays(xp, x1, x2)
    return xp.log(x1) - xp.log(x2)


_POSITIVE = {"x1": (0.1, 5.0), "x2": (0.1, 5.0)}


@elementwise(x1=lambda xp, x1, x2: _log_ratio(xp, x1, x2) + 1, x2=lambda x1, x2: -x1 / x2, domain=_POSITIVE)
def rel_entr(x1: Array, x2: Array, /) -> Tensor:
    """x1 log(x1 / x2): the terms of the relative entropy."""


@elementwise(x1=_log_ratio, x2=lambda x1, x2: 1 - x1 / x2, domain=_POSITIVE)
def kl_div(x1: Array, x2: Array, /) -> Tensor:
    """x1 log(x1 / x2) - x1 + x2: the terms of the Kullback-Leibler divergence."""
