"""Special cases of functions of complex numbers, as the standard has them: a table.

A row gives the result for arguments whose real and imaginary part satisfy two conditions; of several rows that fit the
first counts. By the symmetry of the function a row speaks of positive parts only. The sign that a part of the result
gets from that of a part of the argument, or from its cosine or sine, is put in afterwards: see `repairs`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

Array = Any
INF, NAN, PI = math.inf, math.nan, math.pi


class Symmetry(Enum):
    """Which part of the argument gives its sign to which part of the result."""

    NONE = "none"
    CONJUGATE = "f(conj(z)) = conj(f(z))"
    ODD = "as CONJUGATE, and f(-z) = -f(z)"
    EVEN = "as CONJUGATE, and f(-z) = f(z)"


class Row(NamedTuple):
    """What the function is where its argument's parts satisfy conditions. `cis` names the parts that get
    the sign of the cosine (the real part) or sine (the imaginary one) of the argument's imaginary part."""

    if_real: str
    if_imag: str
    real: float
    imag: float
    cis: str = "neither"


CONDITIONS: dict[str, Callable[[Any, Array], Array]] = {
    "any": lambda xp, part: xp.isnan(part) | ~xp.isnan(part),
    "finite": lambda xp, part: xp.isfinite(part),
    "not finite": lambda xp, part: ~xp.isfinite(part),
    "nan": lambda xp, part: xp.isnan(part),
    "inf": lambda xp, part: xp.isinf(part),
    "+inf": lambda xp, part: part == INF,
    "-inf": lambda xp, part: part == -INF,
    "0": lambda xp, part: part == 0,
    "-0": lambda xp, part: (part == 0) & xp.signbit(part),
    "1": lambda xp, part: part == 1,
    "-1": lambda xp, part: part == -1,
    "not 0": lambda xp, part: xp.isfinite(part) & (part != 0),
}
"""Conditions on a part of the argument."""

_LOGARITHM = (
    Row("finite", "inf", INF, PI / 2),
    Row("-inf", "finite", INF, PI),
    Row("+inf", "finite", INF, 0),
    Row("-inf", "inf", INF, 3 * PI / 4),
    Row("+inf", "inf", INF, PI / 4),
    Row("inf", "nan", INF, NAN),
    Row("nan", "inf", INF, NAN),
)

_NAN = (Row("nan", "any", NAN, NAN), Row("any", "nan", NAN, NAN))

CASES: dict[str, tuple[Symmetry, tuple[Row, ...]]] = {
    "exp": (
        Symmetry.CONJUGATE,
        (
            Row("0", "0", 1, 0),
            Row("-inf", "finite", 0, 0, cis="both"),
            Row("-inf", "not finite", 0, 0),
            Row("+inf", "0", INF, 0),
            Row("+inf", "finite", INF, INF, cis="both"),
            Row("+inf", "not finite", INF, NAN),
            Row("nan", "0", NAN, 0),
            Row("any", "not finite", NAN, NAN),
            *_NAN,
        ),
    ),
    "expm1": (
        Symmetry.CONJUGATE,
        (
            Row("0", "0", 0, 0),
            Row("-inf", "finite", -1, 0, cis="imaginary"),
            Row("-inf", "not finite", -1, 0),
            Row("+inf", "0", INF, 0),
            Row("+inf", "finite", INF, INF, cis="both"),
            Row("+inf", "not finite", INF, NAN),
            Row("nan", "0", NAN, 0),
            Row("any", "not finite", NAN, NAN),
            *_NAN,
        ),
    ),
    "log": (Symmetry.CONJUGATE, (Row("-0", "0", -INF, PI), Row("0", "0", -INF, 0), *_LOGARITHM, *_NAN)),
    "log1p": (Symmetry.CONJUGATE, (Row("-1", "0", -INF, 0), *_LOGARITHM, *_NAN)),
    "sqrt": (
        Symmetry.CONJUGATE,
        (
            Row("0", "0", 0, 0),
            Row("any", "inf", INF, INF),
            Row("-inf", "finite", 0, INF),
            Row("+inf", "finite", INF, 0),
            Row("-inf", "nan", NAN, INF),
            Row("+inf", "nan", INF, NAN),
            *_NAN,
        ),
    ),
    "sinh": (
        Symmetry.ODD,
        (
            Row("0", "0", 0, 0),
            Row("0", "not finite", 0, NAN),
            Row("inf", "0", INF, 0),
            Row("inf", "finite", INF, INF, cis="both"),
            Row("inf", "not finite", INF, NAN),
            Row("nan", "0", NAN, 0),
            Row("any", "not finite", NAN, NAN),
            *_NAN,
        ),
    ),
    "cosh": (
        Symmetry.EVEN,
        (
            Row("0", "0", 1, 0),
            Row("0", "not finite", NAN, 0),
            Row("inf", "0", INF, 0),
            Row("inf", "finite", INF, INF, cis="both"),
            Row("inf", "not finite", INF, NAN),
            Row("nan", "0", NAN, 0),
            Row("any", "not finite", NAN, NAN),
            *_NAN,
        ),
    ),
    "tanh": (
        Symmetry.ODD,
        (
            Row("0", "0", 0, 0),
            Row("0", "not finite", 0, NAN),
            Row("inf", "any", 1, 0),
            Row("nan", "0", NAN, 0),
            Row("any", "not finite", NAN, NAN),
            *_NAN,
        ),
    ),
    "asinh": (
        Symmetry.ODD,
        (
            Row("0", "0", 0, 0),
            Row("finite", "inf", INF, PI / 2),
            Row("inf", "finite", INF, 0),
            Row("inf", "inf", INF, PI / 4),
            Row("inf", "nan", INF, NAN),
            Row("nan", "0", NAN, 0),
            Row("nan", "inf", INF, NAN),
            *_NAN,
        ),
    ),
    "acosh": (Symmetry.CONJUGATE, (Row("0", "0", 0, PI / 2), Row("0", "nan", NAN, PI / 2), *_LOGARITHM, *_NAN)),
    "atanh": (
        Symmetry.ODD,
        (
            Row("0", "0", 0, 0),
            Row("1", "0", INF, 0),
            Row("any", "inf", 0, PI / 2),
            Row("inf", "finite", 0, PI / 2),
            Row("0", "nan", 0, NAN),
            Row("inf", "nan", 0, NAN),
            *_NAN,
        ),
    ),
    "acos": (
        Symmetry.CONJUGATE,
        (
            Row("0", "0", PI / 2, -0.0),
            Row("0", "nan", PI / 2, NAN),
            Row("finite", "inf", PI / 2, -INF),
            Row("-inf", "finite", PI, -INF),
            Row("+inf", "finite", 0, -INF),
            Row("-inf", "inf", 3 * PI / 4, -INF),
            Row("+inf", "inf", PI / 4, -INF),
            Row("inf", "nan", NAN, -INF),
            Row("nan", "inf", NAN, -INF),
            *_NAN,
        ),
    ),
    "sign": (Symmetry.NONE, (Row("0", "0", 0, 0), *_NAN)),
}  # fmt: skip
"""By function its symmetry and its rows."""
