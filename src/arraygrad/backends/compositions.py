"""Special functions made of other ones, for arrays that SciPy does not reach: see `scipy_functions`.

The first argument is the backend's namespace. The distributions are in F. Olver et al. (eds.), NIST Handbook of mathematical
functions, 2010, chapter 8; those of a tail are not subtracted from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .extra_special import as_arrays

Array = Any


def rel_entr(xp: Any, x1: Any, x2: Any, /) -> Array:
    x1, x2 = as_arrays(xp, x1, x2)
    inside = (x1 > 0) & (x2 > 0)
    terms = x1 * xp.log(xp.where(inside, x1, 1) / xp.where(inside, x2, 1))
    beside = xp.where((x1 == 0) & (x2 >= 0), 0, float("inf") + 0 * terms)
    return xp.where(inside, terms, xp.where(xp.isnan(x1) | xp.isnan(x2), float("nan"), beside))


def fdtr(xp: Any, dfn: Any, dfd: Any, x: Any, /) -> Array:
    return xp.betainc(0.5 * dfn, 0.5 * dfd, dfn * x / (dfd + dfn * x))


def fdtrc(xp: Any, dfn: Any, dfd: Any, x: Any, /) -> Array:
    return xp.betainc(0.5 * dfd, 0.5 * dfn, dfd / (dfd + dfn * x))


def stdtr(xp: Any, df: Any, x: Any, /) -> Array:
    tail = 0.5 * xp.betainc(0.5 * df, 0.5, df / (df + x * x))
    return xp.where(x < 0, tail, 1 - tail)


COMPOSITIONS: dict[str, Callable[..., Array]] = {
    "betaincc": lambda xp, a, b, x, /: xp.betainc(b, a, 1 - x),
    "betaln": lambda xp, a, b, /: xp.gammaln(a) + xp.gammaln(b) - xp.gammaln(a + b),
    "chdtr": lambda xp, v, x, /: xp.gammainc(0.5 * v, 0.5 * x),
    "chdtrc": lambda xp, v, x, /: xp.gammaincc(0.5 * v, 0.5 * x),
    "fdtr": fdtr,
    "fdtrc": fdtrc,
    "kl_div": lambda xp, x1, x2, /: xp.rel_entr(x1, x2) - x1 + x2,
    "rel_entr": rel_entr,
    "stdtr": stdtr,
}
