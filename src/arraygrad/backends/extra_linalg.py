"""Linear algebra that the standard lacks, in its own functions: forward kernels for any backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError
from .extra_arrays import but_one

Array = Any

# -- triangular matrices ------------------------------------------------------------------------------------

_SMALL = 64
"""The side up to which a library's general solver is as fast as halves."""


def solve_triangular(xp: Any, x1: Array, x2: Array, /, *, upper: bool = False) -> Array:
    """By halves, so that most of the work is products of matrices."""
    side = x1.shape[-1]
    if side <= _SMALL:
        return xp.linalg.solve(xp.triu(x1) if upper else xp.tril(x1), x2)
    half = side // 2
    first, last = x1[..., :half, :half], x1[..., half:, half:]
    above, below = x2[..., :half, :], x2[..., half:, :]
    if upper:
        below = solve_triangular(xp, last, below, upper=True)
        above = solve_triangular(xp, first, above - x1[..., :half, half:] @ below, upper=True)
    else:
        above = solve_triangular(xp, first, above)
        below = solve_triangular(xp, last, below - x1[..., half:, :half] @ above)
    return xp.concat([above, below], axis=-2)


# -- LU -----------------------------------------------------------------------------------------------------


def _magnitude(xp: Any, x: Array) -> Array:
    """By which pivots are chosen: for complex numbers, as in LAPACK, the sum of the magnitudes of both parts."""
    is_complex = xp.isdtype(x.dtype, "complex floating")
    return xp.abs(xp.real(x)) + xp.abs(xp.imag(x)) if is_complex else xp.abs(x)


def _rows(xp: Any, x: Array, order: Array) -> Array:
    """The rows of matrices in another order."""
    return xp.take_along_axis(x, order[..., None], axis=-2)


def _blocks(xp: Any, a: Array, b: Array, c: Array, d: Array) -> Array:
    """The matrices [[a, b], [c, d]]."""
    return xp.concat([xp.concat([a, b], axis=-1), xp.concat([c, d], axis=-1)], axis=-2)


def _eliminated(xp: Any, x: Array) -> tuple[Array, Array, Array]:
    """`_factored` for one column: its largest entry changes places with the first."""
    place = xp.arange(x.shape[-2], device=xp.device_of(x))
    pivot = xp.argmax(_magnitude(xp, x[..., 0]), axis=-1, keepdims=True)
    order = xp.where(place == 0, pivot, xp.where(place == pivot, 0, place))
    x = _rows(xp, x, order)
    top = x[..., :1, :]
    return order, xp.where(place[:, None] == 0, 1, x / xp.where(top == 0, 1, top)), top


def _factored(xp: Any, x: Array) -> tuple[Array, Array, Array]:
    """The order of the rows, L and U of matrices that are not wide, by halves of their columns.

    S. Toledo, Locality of reference in LU decomposition with partial pivoting, 1997.
    """
    if x.shape[-1] == 1:
        return _eliminated(xp, x)
    half = x.shape[-1] // 2
    order, left, top = _factored(xp, x[..., :half])
    right = _rows(xp, x[..., half:], order)
    first, others = left[..., :half, :], left[..., half:, :]
    beside = xp.linalg.solve_triangular(first, right[..., :half, :], upper=False)
    below, corner, last = _factored(xp, right[..., half:, :] - others @ beside)
    order = xp.concat([order[..., :half], xp.take_along_axis(order[..., half:], below, axis=-1)], axis=-1)
    lower = _blocks(xp, first, xp.zeros_like(beside), _rows(xp, others, below), corner)
    return order, lower, _blocks(xp, top, beside, xp.zeros_like(xp.matrix_transpose(beside)), last)


def lu(xp: Any, x: Array, /) -> tuple[Array, Array, Array]:
    if x.ndim < 2:
        raise ArgumentError(f"linalg.lu: x: got shape {tuple(x.shape)}; expected matrices")
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        raise ArgumentTypeError(f"linalg.lu: x: got dtype {x.dtype}; expected a floating one")
    rows, columns = x.shape[-2:]
    rank = min(rows, columns)
    if 0 in x.shape:
        eye = xp.broadcast_to(xp.eye(rows, dtype=x.dtype, device=xp.device_of(x)), (*x.shape[:-1], rows))
        return eye, x[..., :rank], x[..., :rank, :]
    order, lower, upper = _factored(xp, x[..., :rank])
    if columns > rank:
        beyond = xp.linalg.solve_triangular(lower, _rows(xp, x[..., rank:], order), upper=False)
        upper = xp.concat([upper, beyond], axis=-1)
    place = xp.arange(rows, device=xp.device_of(x))
    return xp.astype(place[:, None] == order[..., None, :], x.dtype), lower, upper


# -- cofactors ----------------------------------------------------------------------------------------------


def finite_svd(xp: Any, x: Array) -> tuple[Array, Array, Array]:
    """The singular value decomposition, NaN for matrices that are not finite: libraries raise for those."""
    finite = xp.all(xp.isfinite(x), axis=(-2, -1), keepdims=True)
    u, s, vh = xp.linalg.svd(xp.where(finite, x, xp.zeros_like(x)), full_matrices=False)
    return u, xp.where(finite[..., 0], s, xp.nan), vh


def _conj(xp: Any, x: Array) -> Array:
    return xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def _eye(xp: Any, x: Array) -> Array:
    return xp.eye(x.shape[-1], dtype=xp.bool, device=xp.device_of(x))


def cofactor(xp: Any, x: Array, /) -> Array:
    """By the singular values, of which products without one need no division: exact for singular matrices too."""
    u, s, vh = finite_svd(xp, x)
    phase = xp.linalg.det(u) * xp.linalg.det(vh)
    return phase[..., None, None] * _conj(xp, xp.matmul(u * but_one(xp, s)[..., None, :], vh))


def cofactor_change(xp: Any, x: Array, y: Array, /) -> Array:
    """By products of all singular values but two."""
    u, s, vh = finite_svd(xp, x)
    phase = (xp.linalg.det(u) * xp.linalg.det(vh))[..., None, None]
    u, v, eye = _conj(xp, u), _conj(xp, xp.matrix_transpose(vh)), _eye(xp, x)
    inner = xp.matmul(xp.matrix_transpose(u), xp.matmul(y, v))
    but_two = but_one(xp, xp.where(eye, xp.ones_like(s[..., None]), s[..., None, :]))
    but_two = xp.where(eye, xp.zeros_like(but_two), but_two)
    on = xp.matmul(xp.astype(but_two, inner.dtype), xp.linalg.diagonal(inner)[..., None])
    change = xp.where(eye, on, -but_two * xp.matrix_transpose(inner))
    return phase * xp.matmul(u, xp.matmul(change, xp.matrix_transpose(v)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "linalg.cofactor": cofactor,
    "linalg.cofactor_change": cofactor_change,
    "linalg.lu": lu,
    "linalg.solve_triangular": solve_triangular,
}
