"""Elementwise functions of the standard. What holds at kinks, ties and poles is policy: `docs/numerics.md`."""

from __future__ import annotations

import math
from typing import Any

from ..backends import is_real
from ..kinds import Array, Tensor, declared, elementwise, general, linear
from ..modes import Subgradient
from ..selection import Selected

LN2 = math.log(2.0)
LN10 = math.log(10.0)
POSITIVE = (0, math.inf)


def slope_of_abs(xp: Any, x: Any, subgradient: Subgradient) -> Any:
    """The sign; at 0 what the convention says."""
    if subgradient.kinks == "zero" or not is_real(x):
        return xp.sign(x)
    return xp.where(x == 0, 1 if subgradient.kinks == "right" else -1, xp.sign(x))


def _abs_jvp(xp: Any, t: Any, x: Any, subgradient: Subgradient) -> Any:
    slope = slope_of_abs(xp, x, subgradient)
    return t * slope if is_real(x) else xp.real(xp.conj(slope) * t)


@general(x=lambda xp, g, x, subgradient: g * slope_of_abs(xp, x, subgradient), jvp=_abs_jvp, pointwise=True)
def abs(x: Array, /) -> Tensor:
    """Absolute value; of a complex number its modulus. The derivative at 0 is 0."""


@elementwise(x=lambda g, xp, x: -g / (xp.sqrt(1 - x) * xp.sqrt(1 + x)), domain=(-1, 1))
def acos(x: Array, /) -> Tensor:
    """Inverse cosine."""


@elementwise(x=lambda g, xp, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1)), domain=(1, math.inf))
def acosh(x: Array, /) -> Tensor:
    """Inverse hyperbolic cosine."""


@elementwise(x1=lambda: 1, x2=lambda: 1)
def add(x1: Array, x2: Array, /) -> Tensor:
    """Sum, entry by entry."""


@elementwise(x=lambda g, xp, x: g / (xp.sqrt(1 - x) * xp.sqrt(1 + x)), domain=(-1, 1))
def asin(x: Array, /) -> Tensor:
    """Inverse sine."""


@elementwise(x=lambda g, xp, x: g / (xp.hypot(x, xp.ones_like(x)) if is_real(x) else xp.sqrt(1 + x * x)))
def asinh(x: Array, /) -> Tensor:
    """Inverse hyperbolic sine."""


@elementwise(x=lambda g, x: g / (1 + x * x))
def atan(x: Array, /) -> Tensor:
    """Inverse tangent."""


def _over_square(xp: Any, numerator: Any, x1: Any, x2: Any) -> Any:
    """numerator / (x1² + x2²) without overflow, 0 at the origin."""
    radius = xp.hypot(x1, x2)
    radius = xp.where(radius == 0, 1, radius)
    return numerator / radius / radius


@elementwise(x1=lambda xp, x1, x2: _over_square(xp, x2, x1, x2), x2=lambda xp, x1, x2: -_over_square(xp, x1, x1, x2))
def atan2(x1: Array, x2: Array, /) -> Tensor:
    """Angle of the point (x2, x1), in (-π, π]. The derivative at the origin is 0."""


@elementwise(x=lambda g, x: g / ((1 - x) * (1 + x)), domain=(-1, 1))
def atanh(x: Array, /) -> Tensor:
    """Inverse hyperbolic tangent."""


@elementwise(x=lambda: 0)
def ceil(x: Array, /) -> Tensor:
    """Smallest integer not below x. The derivative is 0."""


def _within(g: Any, x: Any, min: Any, max: Any) -> Any:
    if min is None or max is None:
        return g if min is max else Selected(g, x <= max if min is None else x >= min)
    return Selected(g, (x >= min) & (x <= max))


def _above(g: Any, x: Any, min: Any, max: Any) -> Selected:
    """Where `clip` gives its upper bound."""
    return Selected(g, x > max if min is None else (x > max) | (min > max))


def _below(g: Any, x: Any, min: Any, max: Any) -> Selected:
    """Where `clip` gives its lower bound."""
    return Selected(g, x < min if max is None else (x < min) & (min <= max))


@elementwise(x=_within, min=_below, max=_above, ordered=True)
def clip(x: Array, /, min: Array | None = None, max: Array | None = None) -> Tensor:
    """x limited to [min, max]. The gradient passes at the bounds themselves."""


@linear(x=lambda xp, g: xp.conj(g), pointwise=True)
def conj(x: Array, /) -> Tensor:
    """Complex conjugate."""


@elementwise(
    x1=lambda xp, x1, x2: xp.sign(x1) * xp.copysign(xp.ones_like(x1), x2),
    x2=lambda: 0,
)
def copysign(x1: Array, x2: Array, /) -> Tensor:
    """Magnitude of x1 with the sign of x2. The derivative by x1 at 0 is 0."""


@elementwise(x=lambda xp, x: -xp.sin(x))
def cos(x: Array, /) -> Tensor:
    """Cosine."""


@elementwise(x=lambda xp, x: xp.sinh(x))
def cosh(x: Array, /) -> Tensor:
    """Hyperbolic cosine."""


@elementwise(x1=lambda g, x2: g / x2, x2=lambda g, x2, out: -g * (out / x2))
def divide(x1: Array, x2: Array, /) -> Tensor:
    """Quotient, entry by entry."""


@elementwise(x=lambda out: out)
def exp(x: Array, /) -> Tensor:
    """Exponential."""


@elementwise(x=lambda xp, x: xp.exp(x))
def expm1(x: Array, /) -> Tensor:
    """exp(x) - 1, accurate near 0."""


@elementwise(x=lambda: 0)
def floor(x: Array, /) -> Tensor:
    """Largest integer not above x. The derivative is 0."""


@elementwise(x1=lambda: 0, x2=lambda: 0)
def floor_divide(x1: Array, x2: Array, /) -> Tensor:
    """Quotient rounded down. The derivative is 0."""


def _over_radius(xp: Any, numerator: Any, out: Any) -> Any:
    return numerator / xp.where(out == 0, 1, out)


@elementwise(x1=lambda xp, x1, out: _over_radius(xp, x1, out), x2=lambda xp, x2, out: _over_radius(xp, x2, out))
def hypot(x1: Array, x2: Array, /) -> Tensor:
    """Square root of x1² + x2². The derivative at the origin is 0."""


@linear(x=lambda g: g * 1j, pointwise=True, view=True)
def imag(x: Array, /) -> Tensor:
    """Imaginary part."""


@elementwise(x=lambda g, x: g / x, domain=POSITIVE)
def log(x: Array, /) -> Tensor:
    """Natural logarithm."""


@elementwise(x=lambda g, x: g / (1 + x), domain=(-1, math.inf))
def log1p(x: Array, /) -> Tensor:
    """log(1 + x), accurate near 0."""


@elementwise(x=lambda g, x: g / (x * LN2), domain=POSITIVE)
def log2(x: Array, /) -> Tensor:
    """Logarithm to base 2."""


@elementwise(x=lambda g, x: g / (x * LN10), domain=POSITIVE)
def log10(x: Array, /) -> Tensor:
    """Logarithm to base 10."""


def _share(xp: Any, x: Any, other: Any, out: Any) -> Any:
    """exp(x - out): the share of one argument in `logaddexp`; a half each where both are the same infinity."""
    difference = xp.where(x == out, 0, x - out)
    return xp.exp(xp.where(xp.isinf(out) & (x == other), -LN2, difference))


@elementwise(x1=lambda xp, x1, x2, out: _share(xp, x1, x2, out), x2=lambda xp, x1, x2, out: _share(xp, x2, x1, out))
def logaddexp(x1: Array, x2: Array, /) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""


def _share_of_winner(g: Any, xp: Any, tie: Any, loses: Any, subgradient: Subgradient, is_first: bool) -> Selected:
    """g where an argument wins, its share where both tie, structurally zero where it loses: against NaN neither does."""
    if subgradient.ties == "first":
        return Selected(g, ~loses if is_first else ~(loses | tie))
    return Selected(xp.where(tie, 0.5 * g, g), ~loses)


@elementwise(
    x1=lambda g, xp, x1, x2, subgradient: _share_of_winner(g, xp, x1 == x2, x1 < x2, subgradient, True),
    x2=lambda g, xp, x1, x2, subgradient: _share_of_winner(g, xp, x1 == x2, x2 < x1, subgradient, False),
    ordered=True,
)
def maximum(x1: Array, x2: Array, /) -> Tensor:
    """The larger of x1 and x2. At a tie each gets half of the gradient."""


@elementwise(
    x1=lambda g, xp, x1, x2, subgradient: _share_of_winner(g, xp, x1 == x2, x1 > x2, subgradient, True),
    x2=lambda g, xp, x1, x2, subgradient: _share_of_winner(g, xp, x1 == x2, x2 > x1, subgradient, False),
    ordered=True,
)
def minimum(x1: Array, x2: Array, /) -> Tensor:
    """The smaller of x1 and x2. At a tie each gets half of the gradient."""


@elementwise(x1=lambda x2: x2, x2=lambda x1: x1)
def multiply(x1: Array, x2: Array, /) -> Tensor:
    """Product, entry by entry."""


@elementwise(x=lambda: -1)
def negative(x: Array, /) -> Tensor:
    """-x."""


@elementwise(x1=lambda: 1, x2=lambda: 0)
def nextafter(x1: Array, x2: Array, /) -> Tensor:
    """The next floating-point number after x1 towards x2."""


@elementwise(x=lambda: 1)
def positive(x: Array, /) -> Tensor:
    """+x."""


def _pow_by_base(xp: Any, x1: Any, x2: Any) -> Any:
    if isinstance(x2, (bool, int, float, complex)):
        if x2 in (0, 1):
            return int(x2)
        return x2 * (x1 if x2 == 2 else x1 ** (x2 - 1))
    flat = (x1 == 0) & (x2 == 0)
    return xp.where(flat, 0, x2 * x1 ** xp.where(flat, 1, x2 - 1))


def _pow_by_exponent(xp: Any, x1: Any, x2: Any, out: Any) -> Any:
    if isinstance(x1, (bool, int, float, complex)):
        x1 = xp.full_like(out, x1)
    real = is_real(out)
    zero = (x1 == 0) & ((x2 if real else xp.real(x2)) >= 0)
    return xp.where(zero, 0, out * xp.log(xp.where(zero, 1, x1)))


@elementwise(x1=_pow_by_base, x2=_pow_by_exponent, domain={"x1": POSITIVE})
def pow(x1: Array, x2: Array, /) -> Tensor:
    """x1 to the power x2. At 0**0 both derivatives are 0."""


@linear(x=lambda g: g, pointwise=True, view=True)
def real(x: Array, /) -> Tensor:
    """Real part."""


@elementwise(x=lambda out: -out * out)
def reciprocal(x: Array, /) -> Tensor:
    """1 / x."""


@elementwise(x1=lambda: 1, x2=lambda xp, x1, x2: -xp.floor_divide(x1, x2))
def remainder(x1: Array, x2: Array, /) -> Tensor:
    """x1 modulo x2, with the sign of x2."""


@elementwise(x=lambda: 0)
def round(x: Array, /) -> Tensor:
    """The nearest integer, ties to even. The derivative is 0."""


def _sign_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    """Turning z by t changes z/|z| by the part of t across z, over |z|."""
    if is_real(x):
        return xp.zeros_like(t)
    modulus = xp.abs(x)
    return (t - out * xp.real(xp.conj(out) * t)) / xp.where(modulus == 0, 1, modulus)


@general(x=lambda xp, g, x, out: _sign_jvp(xp, g, x, out), jvp=_sign_jvp, pointwise=True)
def sign(x: Array, /) -> Tensor:
    """-1, 0 or 1; of a complex number z/|z|. The derivative of the real sign is 0."""


@elementwise(x=lambda xp, x: xp.cos(x))
def sin(x: Array, /) -> Tensor:
    """Sine."""


@elementwise(x=lambda xp, x: xp.cosh(x))
def sinh(x: Array, /) -> Tensor:
    """Hyperbolic sine."""


@elementwise(x=lambda x: 2 * x)
def square(x: Array, /) -> Tensor:
    """x * x."""


@elementwise(x=lambda g, out: g / (2 * out), domain=POSITIVE)
def sqrt(x: Array, /) -> Tensor:
    """Square root. The derivative at 0 is infinite."""


@elementwise(x1=lambda: 1, x2=lambda: -1)
def subtract(x1: Array, x2: Array, /) -> Tensor:
    """Difference, entry by entry."""


@elementwise(x=lambda out: 1 + out * out, domain=(-math.pi / 2, math.pi / 2))
def tan(x: Array, /) -> Tensor:
    """Tangent."""


def _sech_squared(g: Any, xp: Any, x: Any) -> Any:
    """g / cosh², which keeps its digits where 1 - tanh² rounds to 0."""
    result = xp.cosh(x)  # an array of its own, worked on in place: the rule needs no second one
    result *= result
    result **= -1
    result *= g
    return result


@elementwise(x=_sech_squared)
def tanh(x: Array, /) -> Tensor:
    """Hyperbolic tangent."""


@elementwise(x=lambda: 0)
def trunc(x: Array, /) -> Tensor:
    """x rounded towards 0. The derivative is 0."""


declared["real"].merge = lambda x, written: add(written, multiply(imag(x), 1j)) if x.dtype.is_complex else written
declared["imag"].merge = lambda x, written: add(real(x), multiply(written, 1j))
