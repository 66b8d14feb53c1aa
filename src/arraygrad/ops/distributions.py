"""Special functions of statistics and physics under SciPy's names, with their arguments in SciPy's order.

Their values come from SciPy, or from the backend where it has them. Derivatives: F. Olver et al. (eds.), NIST Handbook of
mathematical functions, 2010, chapters 5 to 8 and 10. Those by the parameters of a distribution have no closed form and are
missing: asking for one raises.
"""

from __future__ import annotations

import math
from typing import Any

from ..kinds import Array, Tensor, composite, elementwise, missing
from .activations import sigmoid, softplus

_SQRT_PI = math.sqrt(math.pi)
_SQRT_TAU = math.sqrt(2 * math.pi)
_UNIT = (0.05, 0.95)
_POSITIVE = (0.3, 4.0)


def _arrays(xp: Any, *values: Any) -> list[Any]:
    """Arguments of which some may be Python numbers, as arrays."""
    like = next(value for value in values if hasattr(value, "dtype"))
    return [value if hasattr(value, "dtype") else xp.full_like(like, value) for value in values]


# -- errors and the normal distribution -------------------------------------------------------------------


@elementwise(x=lambda xp, out: (_SQRT_PI / 2) * xp.exp(out * out), domain=(-0.9, 0.9))
def erfinv(x: Array, /) -> Tensor:
    """The inverse of erf."""


@elementwise(x=lambda x, out: 2 * x * out - 2 / _SQRT_PI)
def erfcx(x: Array, /) -> Tensor:
    """exp(x²) erfc(x)."""


@composite
def expit(x: Array, /) -> Tensor:
    """1 / (1 + exp(-x)): SciPy's name for `sigmoid`."""
    return sigmoid(x)


@composite
def log_expit(x: Array, /) -> Tensor:
    """log(expit(x)), accurate where expit is tiny."""
    return -softplus(-x)


@elementwise(x=lambda x: 1 / (x * (1 - x)), domain=_UNIT)
def logit(x: Array, /) -> Tensor:
    """log(x / (1 - x))."""


@elementwise(x=lambda xp, x: xp.exp(-0.5 * x * x) / _SQRT_TAU)
def ndtr(x: Array, /) -> Tensor:
    """The probability that a standard normal number is below x."""


@elementwise(x=lambda xp, out: _SQRT_TAU * xp.exp(0.5 * out * out), domain=_UNIT)
def ndtri(x: Array, /) -> Tensor:
    """The inverse of ndtr."""


@elementwise(x=lambda xp, x, out: xp.exp(-0.5 * x * x - out) / _SQRT_TAU)
def log_ndtr(x: Array, /) -> Tensor:
    """log(ndtr(x)), accurate where ndtr is tiny."""


# -- gamma, beta and the distributions that they make -----------------------------------------------------


@elementwise(x=lambda xp, x: xp.psi(x), domain=_POSITIVE)
def gammaln(x: Array, /) -> Tensor:
    """The logarithm of the modulus of the gamma function."""


@elementwise(x=lambda xp, x, out: out * xp.psi(x), domain=_POSITIVE)
def gamma(x: Array, /) -> Tensor:
    """The gamma function."""


@elementwise(x=lambda xp, x: xp.polygamma(1, x), domain=_POSITIVE)
def psi(x: Array, /) -> Tensor:
    """The derivative of gammaln, also called digamma."""


@elementwise(n=missing, x=lambda xp, n, x: xp.polygamma(n + 1, x), domain={"n": "counts", "x": _POSITIVE})
def polygamma(n: Array, x: Array, /) -> Tensor:
    """The n-th derivative of psi, for integers n of at least 0."""


def _betaln_partial(xp: Any, a: Any, b: Any) -> Any:
    a, b = _arrays(xp, a, b)
    return xp.psi(a) - xp.psi(a + b)


@elementwise(
    a=_betaln_partial, b=lambda xp, a, b: _betaln_partial(xp, b, a), domain={"a": _POSITIVE, "b": _POSITIVE}
)
def betaln(a: Array, b: Array, /) -> Tensor:
    """The logarithm of the modulus of the beta function."""


def _gamma_density(xp: Any, a: Any, x: Any) -> Any:
    a, x = _arrays(xp, a, x)
    return xp.exp(xp.xlogy(a - 1, x) - x - xp.gammaln(a))


@elementwise(a=missing, x=_gamma_density, domain={"a": _POSITIVE, "x": _POSITIVE})
def gammainc(a: Array, x: Array, /) -> Tensor:
    """The regularised lower incomplete gamma function."""


@elementwise(a=missing, x=lambda xp, a, x: -_gamma_density(xp, a, x), domain={"a": _POSITIVE, "x": _POSITIVE})
def gammaincc(a: Array, x: Array, /) -> Tensor:
    """The regularised upper incomplete gamma function."""


def _chi_square_density(xp: Any, v: Any, x: Any) -> Any:
    v, x = _arrays(xp, v, x)
    return 0.5 * _gamma_density(xp, 0.5 * v, 0.5 * x)


@elementwise(v=missing, x=_chi_square_density, domain={"v": _POSITIVE, "x": _POSITIVE})
def chdtr(v: Array, x: Array, /) -> Tensor:
    """The probability that a chi-square number with v degrees of freedom is below x."""


@elementwise(v=missing, x=lambda xp, v, x: -_chi_square_density(xp, v, x), domain={"v": _POSITIVE, "x": _POSITIVE})
def chdtrc(v: Array, x: Array, /) -> Tensor:
    """The probability that a chi-square number with v degrees of freedom is above x."""


def _beta_density(xp: Any, a: Any, b: Any, x: Any) -> Any:
    a, b, x = _arrays(xp, a, b, x)
    return xp.exp(xp.xlogy(a - 1, x) + xp.xlog1py(b - 1, -x) - xp.betaln(a, b))


_BETA_DOMAIN = {"a": _POSITIVE, "b": _POSITIVE, "x": _UNIT}


@elementwise(a=missing, b=missing, x=_beta_density, domain=_BETA_DOMAIN)
def betainc(a: Array, b: Array, x: Array, /) -> Tensor:
    """The regularised incomplete beta function."""


@elementwise(a=missing, b=missing, x=lambda xp, a, b, x: -_beta_density(xp, a, b, x), domain=_BETA_DOMAIN)
def betaincc(a: Array, b: Array, x: Array, /) -> Tensor:
    """1 - betainc(a, b, x), accurate where that is tiny."""


def _f_density(xp: Any, dfn: Any, dfd: Any, x: Any) -> Any:
    dfn, dfd, x = _arrays(xp, dfn, dfd, x)
    below = dfd + dfn * x
    return _beta_density(xp, 0.5 * dfn, 0.5 * dfd, dfn * x / below) * (dfn * dfd / (below * below))


_F_DOMAIN = {"dfn": _POSITIVE, "dfd": _POSITIVE, "x": _POSITIVE}


@elementwise(dfn=missing, dfd=missing, x=_f_density, domain=_F_DOMAIN)
def fdtr(dfn: Array, dfd: Array, x: Array, /) -> Tensor:
    """The probability that a number of the F distribution is below x."""


@elementwise(dfn=missing, dfd=missing, x=lambda xp, dfn, dfd, x: -_f_density(xp, dfn, dfd, x), domain=_F_DOMAIN)
def fdtrc(dfn: Array, dfd: Array, x: Array, /) -> Tensor:
    """The probability that a number of the F distribution is above x."""


def _student_density(xp: Any, df: Any, x: Any) -> Any:
    df, x = _arrays(xp, df, x)
    return xp.exp(-0.5 * xp.log(df) - xp.betaln(0.5 * df, xp.full_like(df, 0.5)) - 0.5 * (df + 1) * xp.log1p(x * x / df))


@elementwise(df=missing, x=_student_density, domain={"df": _POSITIVE})
def stdtr(df: Array, x: Array, /) -> Tensor:
    """The probability that a number of Student's distribution with df degrees of freedom is below x."""


@elementwise(df=missing, p=lambda xp, df, out: 1 / _student_density(xp, df, out), domain={"df": (1.0, 4.0), "p": _UNIT})
def stdtrit(df: Array, p: Array, /) -> Tensor:
    """The inverse of stdtr in its second argument."""
