"""Where libraries deviate from the standard, and what mends it: one table for all of them.

A repair takes a backend and a function of its library and returns the mended function. `Backend.repairs` names those
that a backend needs; by default all of them, which is right for every library. Functions of real numbers are left as
they are but for `floor_divide` and `remainder`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .special_cases import CASES, CONDITIONS, Row, Symmetry

if TYPE_CHECKING:
    from .protocol import Backend

Array = Any
Function = Callable[..., Array]
Repair = Callable[["Backend", Function], Function]


def _is_array(x: Any) -> bool:
    return not isinstance(x, (bool, int, float, complex))


def _pair(xp: Any, x1: Any, x2: Any) -> tuple[Array, Array] | None:
    """Both arguments as arrays of one real floating data type, None if they are not of one."""
    dtype = xp.result_type(x1, x2)
    if not xp.isdtype(dtype, "real floating"):
        return None
    device = xp.device_of(x1 if _is_array(x1) else x2)
    first, second = (
        xp.astype(x, dtype, copy=False) if _is_array(x) else xp.asarray(x, dtype=dtype, device=device) for x in (x1, x2)
    )
    return first, second


def mend_floor_divide(backend: Backend, floor_divide: Function) -> Function:
    """Where an argument is zero or infinite, the quotient is exact and has nothing to be rounded."""

    def mended(x1: Any, x2: Any, /) -> Array:
        xp = backend.xp
        pair = _pair(xp, x1, x2)
        if pair is None:
            return floor_divide(x1, x2)
        x1, x2 = pair
        exact = xp.isinf(x1) | xp.isinf(x2) | (x1 == 0) | (x2 == 0)
        if backend.surely(~exact):
            return floor_divide(x1, x2)
        harmless = xp.ones((), dtype=x1.dtype, device=xp.device_of(x1))
        rounded = floor_divide(xp.where(exact, harmless, x1), xp.where(exact, harmless, x2))
        return xp.where(exact, xp.divide(x1, x2), rounded)

    return mended


def mend_remainder(backend: Backend, remainder: Function) -> Function:
    """A remainder of zero has the sign of the divisor."""

    def mended(x1: Any, x2: Any, /) -> Array:
        xp = backend.xp
        pair = _pair(xp, x1, x2)
        if pair is None:
            return remainder(x1, x2)
        out = remainder(*pair)
        return xp.where(out == 0, xp.copysign(out, pair[1]), out)

    return mended


def mend_linspace(backend: Backend, linspace: Function) -> Function:
    """The last number is the end itself."""

    def mended(
        start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
    ) -> Array:
        xp = backend.xp
        made = linspace(start, stop, num, dtype=dtype, device=device, endpoint=endpoint)
        if num < 2 or not endpoint:
            return made
        return xp.where(xp.arange(num, device=device) == num - 1, xp.asarray(stop, dtype=made.dtype, device=device), made)

    return mended


def mend_expand_dims(backend: Backend, expand_dims: Function) -> Function:
    """Axes that there are not are an IndexError, and axes that are given twice a ValueError."""

    def mended(x: Array, /, axis: int | tuple[int, ...] = 0) -> Array:
        axes = axis if isinstance(axis, tuple) else (axis,)
        ndim = x.ndim + len(axes)
        if not all(-ndim <= each < ndim for each in axes):
            raise IndexError(f"axis: got {axis}; expected axes of an array of {ndim}")
        if len({each % ndim for each in axes}) < len(axes):
            raise ValueError(f"axis: got {axis}; expected different axes")
        return expand_dims(x, axis)

    return mended


def mend_reshape(backend: Backend, reshape: Function) -> Function:
    """Where the shape needs a copy and none may be made, the error is a ValueError."""

    def mended(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
        try:
            return reshape(x, shape, copy=copy)
        except AttributeError as error:
            raise ValueError(str(error)) from error

    return mended


class _Complex(dict[Any, bool]):
    """Whether the backend's data types are complex, remembered: real functions must not become slower than this."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __missing__(self, dtype: Any) -> bool:
        self[dtype] = self._backend.neutral_dtype(dtype).is_complex
        return self[dtype]


def mend_complex(symmetry: Symmetry, rows: tuple[Row, ...], backend: Backend, function: Function) -> Function:
    """Special cases of complex arguments by a table."""

    is_complex = _Complex(backend)

    def mended(x: Array, /) -> Array:
        out = function(x)
        if not is_complex[x.dtype]:
            return out
        xp = backend.xp
        ordinary = xp.isfinite(x) & (x != 0) & (x != 1) & (x != -1)
        return out if backend.surely(ordinary) else _corrected(xp, symmetry, rows, x, out)

    return mended


def _corrected(xp: Any, symmetry: Symmetry, rows: tuple[Row, ...], x: Array, out: Array) -> Array:
    """`out` with the values of the rows where they fit. Rows are chosen by the moduli of parts whose sign is put in."""
    real, imag = xp.real(x), xp.imag(x)
    real_negative, imag_negative = xp.signbit(real), xp.signbit(imag)
    nowhere = xp.zeros_like(real_negative)
    if symmetry in (Symmetry.ODD, Symmetry.EVEN):
        real = xp.abs(real)
    angle = xp.where(xp.isfinite(imag), xp.abs(imag), xp.zeros_like(imag))
    negations = {
        Symmetry.NONE: (nowhere, nowhere),
        Symmetry.CONJUGATE: (nowhere, imag_negative),
        Symmetry.ODD: (real_negative, imag_negative),
        Symmetry.EVEN: (nowhere, real_negative ^ imag_negative),
    }[symmetry]
    for row in reversed(rows):
        fits = CONDITIONS[row.if_real](xp, real) & CONDITIONS[row.if_imag](xp, xp.abs(imag))
        negate_real, negate_imag = negations
        if row.cis == "both":
            negate_real = negate_real ^ (xp.cos(angle) < 0)
        if row.cis != "neither":
            negate_imag = negate_imag ^ (xp.sin(angle) < 0)
        out = xp.where(fits, _signed(xp, row, negate_real, negate_imag, out), out)
    return out


def _signed(xp: Any, row: Row, negate_real: Array, negate_imag: Array, like: Array) -> Array:
    """A row's value with its parts negated where told. Chosen, not computed: 1j * inf has NaN for a real part."""

    def value(real: float, imag: float) -> Array:
        return xp.asarray(complex(real, imag), dtype=like.dtype, device=xp.device_of(like))

    real, imag = float(row.real), float(row.imag)  # an integer 0 has no sign
    plus = xp.where(negate_imag, value(real, -imag), value(real, imag))
    minus = xp.where(negate_imag, value(-real, -imag), value(-real, imag))
    return xp.where(negate_real, minus, plus)


REPAIRS: dict[str, Repair] = {
    "expand_dims": mend_expand_dims,
    "floor_divide": mend_floor_divide,
    "linspace": mend_linspace,
    "remainder": mend_remainder,
    "reshape": mend_reshape,
    **{name: functools.partial(mend_complex, symmetry, rows) for name, (symmetry, rows) in CASES.items()},
}
"""The repair of each function that some library gets wrong."""
