"""The extension `linalg` of the standard: products, norms, and what is made of one decomposition.

Sources: M. Giles, An extended collection of matrix derivative results, 2008; I. Murray, Differentiation of the Cholesky
decomposition, 2016; G. Golub and V. Pereyra, The differentiation of pseudo-inverses, 1973. Inputs that are said to be
symmetric or Hermitian get gradients that are.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from ..backends import device_of
from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Constant, Tensor, composite, constant, general, linear, multilinear
from ..modes import Subgradient
from ..rules import expand
from ..tensor import as_tensor
from . import statistical
from .decompositions import eigh_parts, svd_parts
from .elementwise import abs, slope_of_abs
from .linear_algebra import adjoint, conj, matmul, matrix_transpose, tensordot, vecdot

Axis = int | tuple[int, ...] | None


def hermitian(xp: Any, x: Any) -> Any:
    """The Hermitian part of matrices."""
    return (x + adjoint(xp, x)) / 2


# -- products -----------------------------------------------------------------------------------------------


@multilinear(
    x1=lambda xp, g, x2, axis: xp.linalg.cross(conj(xp, x2), g, axis=axis),
    x2=lambda xp, g, x1, axis: xp.linalg.cross(g, conj(xp, x1), axis=axis),
    core="(3),(3)->(3)",
)
def cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Tensor:
    """Cross product of vectors of three elements along `axis`."""


@multilinear(
    x1=lambda xp, g, x2: xp.matmul(g, conj(xp, x2)),
    x2=lambda xp, g, x1: xp.matmul(conj(xp, x1), g),
    core="(m),(n)->(m,n)",
)
def outer(x1: Array, x2: Array, /) -> Tensor:
    """Outer product of two vectors."""


def _diagonal_mask(xp: Any, x: Any, offset: int, device: Any) -> Any:
    return xp.eye(x.shape[-2], x.shape[-1], k=offset, dtype=xp.bool, device=device)


def _diagonal_pull(xp: Any, g: Any, x: Any, offset: int) -> Any:
    above = max(-offset, 0)
    below = x.shape[-2] - above - g.shape[-1]
    before, after = (xp.zeros((*g.shape[:-1], rows), dtype=g.dtype, device=device_of(g)) for rows in (above, below))
    by_row = xp.concat([before, g, after], axis=-1)[..., None]
    return xp.where(_diagonal_mask(xp, x, offset, device_of(g)), by_row, 0)


@linear(x=_diagonal_pull, moves=True, drops=True, core="(m,n)->(k)")
def diagonal(x: Array, /, *, offset: int = 0) -> Tensor:
    """Diagonals of matrices."""


@linear(
    x=lambda xp, g, x, offset: xp.where(_diagonal_mask(xp, x, offset, device_of(g)), g[..., None, None], 0),
    moves=True,
    drops=True,
    core="(m,n)->()",
)
def trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Sums of the diagonals of matrices."""


@composite
def matrix_power(x: Array, n: int, /) -> Tensor:
    """Square matrices to an integer power, by repeated squaring; a negative power is one of the inverse."""
    x = as_tensor(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ArgumentError(f"linalg.matrix_power: x: got shape {x.shape}; expected square matrices")
    try:
        n = operator.index(n)
    except TypeError:
        raise ArgumentTypeError(f"linalg.matrix_power: n: got {n!r}; expected an integer") from None
    power, base = None, inv(x) if n < 0 else x
    n = -n if n < 0 else n
    if n == 0:
        xp = x.__array_namespace__()
        identity = xp.eye(x.shape[-1], dtype=x.dtype, device=x.device)
        return xp.where(xp.ones((), dtype=xp.bool, device=x.device), identity, x)  # of x, but of none of its entries
    while n:
        if n % 2:
            power = base if power is None else matmul(power, base)
        n //= 2
        base = matmul(base, base) if n else base
    assert power is not None
    return power


# -- solving ------------------------------------------------------------------------------------------------


@general(
    x=lambda xp, g, out: -adjoint(xp, out) @ g @ adjoint(xp, out),
    jvp=lambda xp, t, out: -out @ t @ out,
    core="(n,n)->(n,n)",
    domain="invertible",
)
def inv(x: Array, /) -> Tensor:
    """Inverses of square matrices."""


def _solve_columns(xp: Any, a: Any, b: Any) -> Any:
    """`solve` for right-hand sides of one axis less than the matrices: one vector for each."""
    return xp.linalg.solve(a, b) if b.ndim >= a.ndim else xp.linalg.solve(a, b[..., None])[..., 0]


def _times(xp: Any, a: Any, b: Any) -> Any:
    """Matrices times matrices, or times one vector for each."""
    return xp.matmul(a, b) if b.ndim >= a.ndim else xp.matmul(a, b[..., None])[..., 0]


def _solve_x1(xp: Any, shared: Any, x1: Any, out: Any) -> Any:
    back, out = (shared[..., None], out[..., None]) if out.ndim < x1.ndim else (shared, out)
    return -(back @ adjoint(xp, out))


def _solve_jvp(xp: Any, t1: Any, t2: Any, x1: Any, out: Any) -> Any:
    return _solve_columns(xp, x1, t2 - _times(xp, t1, out))


@general(
    shared=lambda xp, g, x1: _solve_columns(xp, adjoint(xp, x1), g),
    x1=_solve_x1,
    x2=lambda shared: shared,
    jvp=_solve_jvp,
    core="(n,n),(n,k)->(n,k)",
    domain="invertible",
)
def solve(x1: Array, x2: Array, /) -> Tensor:
    """x with x1 @ x == x2; x2 is one vector, or matrices."""


def _triangle(xp: Any, x: Any, upper: bool) -> Any:
    return xp.triu(x) if upper else xp.tril(x)


def _triangular_columns(xp: Any, a: Any, b: Any, upper: bool) -> Any:
    """`solve_triangular`, also for one vector for each of the matrices."""
    if b.ndim >= a.ndim:
        return xp.linalg.solve_triangular(a, b, upper=upper)
    return xp.linalg.solve_triangular(a, b[..., None], upper=upper)[..., 0]


def _solve_triangular(xp: Any, x1: Any, x2: Any, *, upper: bool) -> Any:
    if x1.ndim < 2 or x1.shape[-1] != x1.shape[-2] or x2.shape[-min(x2.ndim, 2) :][:1] != x1.shape[-1:]:
        raise ValueError("expected square matrices x1, and as many rows of x2")
    return _triangular_columns(xp, x1, x2, upper) if x2.ndim == 1 else xp.linalg.solve_triangular(x1, x2, upper=upper)


@general(
    shared=lambda xp, g, x1, upper: _triangular_columns(xp, adjoint(xp, x1), g, not upper),
    x1=lambda xp, shared, x1, out, upper: _triangle(xp, _solve_x1(xp, shared, x1, out), upper),
    x2=lambda shared: shared,
    jvp=lambda xp, t1, t2, x1, out, upper: _triangular_columns(
        xp, x1, t2 - _times(xp, _triangle(xp, t1, upper), out), upper
    ),
    core="(n,n),(n,k)->(n,k)",
    domain={"x1": "diagonally_dominant"},
    forward=_solve_triangular,
)
def solve_triangular(x1: Array, x2: Array, /, *, upper: bool = False) -> Tensor:
    """x with x1 @ x == x2 for triangular matrices x1, of which the other triangle is not read; x2 is one vector, or
    matrices."""


def _pinv_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    p, q, h = out, adjoint(xp, out), adjoint(xp, g)
    left = h @ p @ q
    right = q @ p @ h
    return -(q @ g @ q) + (left - x @ (p @ left)) + (right - (right @ p) @ x)


def _pinv_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    p, q, s = out, adjoint(xp, out), adjoint(xp, t)
    left = p @ q @ s
    right = s @ q @ p
    return -(p @ t @ p) + (left - (left @ x) @ p) + (right - p @ (x @ right))


@general(x=_pinv_pull, jvp=_pinv_jvp, core="(m,n)->(n,m)", domain="full_rank")
def pinv(x: Array, /, *, rtol: Constant = None) -> Tensor:
    """Moore-Penrose pseudo-inverses. The derivative holds where the rank does not change."""


# -- decompositions with one output -------------------------------------------------------------------------


def _half_triangle(xp: Any, x: Any) -> Any:
    """The lower triangles with the diagonals halved."""
    eye = xp.eye(x.shape[-1], dtype=xp.bool, device=device_of(x))
    return xp.where(eye, x / 2, xp.tril(x))


def _cholesky_pull(xp: Any, g: Any, out: Any, upper: bool) -> Any:
    lower, g = (adjoint(xp, out), adjoint(xp, g)) if upper else (out, g)
    up = adjoint(xp, lower)
    inner = _half_triangle(xp, up @ xp.tril(g))
    left = xp.linalg.solve_triangular(up, inner, upper=True)
    return hermitian(xp, adjoint(xp, xp.linalg.solve_triangular(up, adjoint(xp, left), upper=True)))


def _cholesky_jvp(xp: Any, t: Any, out: Any, upper: bool) -> Any:
    lower = adjoint(xp, out) if upper else out
    left = xp.linalg.solve_triangular(lower, hermitian(xp, t), upper=False)
    inner = adjoint(xp, xp.linalg.solve_triangular(lower, adjoint(xp, left), upper=False))
    pushed = lower @ _half_triangle(xp, inner)
    return adjoint(xp, pushed) if upper else pushed


@general(x=_cholesky_pull, jvp=_cholesky_jvp, core="(n,n)->(n,n)", domain="positive_definite")
def cholesky(x: Array, /, *, upper: bool = False) -> Tensor:
    """Cholesky factors of positive definite matrices: lower triangular L with L @ L.H == x, or `upper` L.H."""


def _eigvalsh_jvp(xp: Any, t: Any, x: Any) -> Any:
    _, v = eigh_parts(xp, x)
    return xp.real(xp.linalg.diagonal(adjoint(xp, v) @ hermitian(xp, t) @ v))


def _eigvalsh_pull(xp: Any, g: Any, x: Any) -> Any:
    _, v = eigh_parts(xp, x)
    return (v * g[..., None, :]) @ adjoint(xp, v)


@general(x=_eigvalsh_pull, jvp=_eigvalsh_jvp, core="(n,n)->(n)", domain="hermitian")
def eigvalsh(x: Array, /) -> Tensor:
    """Eigenvalues of symmetric or Hermitian matrices, in ascending order."""


def _eigvals_pull(xp: Any, g: Any, x: Any) -> Any:
    _, v = xp.linalg.eig(x)
    return xp.linalg.solve(adjoint(xp, v), g[..., None] * adjoint(xp, v))


def _eigvals_jvp(xp: Any, t: Any, x: Any) -> Any:
    _, v = xp.linalg.eig(x)
    return xp.linalg.diagonal(xp.linalg.solve(v, xp.astype(t, v.dtype) @ v))


@general(x=_eigvals_pull, jvp=_eigvals_jvp, core="(n,n)->(n)", domain="distinct_eigenvalues")
def eigvals(x: Array, /) -> Tensor:
    """Eigenvalues of square matrices, complex."""


def _svdvals_pull(xp: Any, g: Any, x: Any) -> Any:
    u, _, vh = svd_parts(xp, x)
    return (u * g[..., None, :]) @ vh


def _svdvals_jvp(xp: Any, t: Any, x: Any) -> Any:
    u, _, vh = svd_parts(xp, x)
    return xp.real(xp.linalg.diagonal(adjoint(xp, u) @ t @ adjoint(xp, vh)))


@general(x=_svdvals_pull, jvp=_svdvals_jvp, core="(m,n)->(k)")
def svdvals(x: Array, /) -> Tensor:
    """Singular values of matrices, in descending order."""


@constant
def matrix_rank(x: Array, /, *, rtol: Constant = None) -> Tensor:
    """Rank of matrices: how many singular values are not small."""


# -- norms --------------------------------------------------------------------------------------------------


def _norm_direction(
    xp: Any, x: Any, out: Any, axis: Axis, keepdims: bool, ord: float, subgradient: Subgradient
) -> Any:
    """The derivative of a vector norm by each entry, as the direction of steepest ascent; 0 at the zero vector."""
    out = expand(out, x.ndim, axis, keepdims)
    if ord == 0:
        return xp.zeros_like(x)
    if ord == 1:
        return slope_of_abs(xp, x, subgradient)
    sign = xp.sign(x)
    if math.isinf(ord):
        wins = xp.abs(x) == out
        if subgradient.ties == "first":
            return xp.where(statistical.first(xp, wins, axis), sign, 0)
        return xp.where(wins, sign / xp.sum(xp.astype(wins, out.dtype), axis=axis, keepdims=True), 0)
    if ord == 2:
        return x / xp.where(out == 0, 1, out)
    flat = out == 0
    ratio = xp.abs(x) / xp.where(flat, 1, out)
    if ord < 1:
        return xp.where(x == 0, xp.ones_like(x), sign) * ratio ** (ord - 1)
    return xp.where(flat, 0, sign * ratio ** (ord - 1))


def _norm_pull(
    xp: Any, g: Any, x: Any, out: Any, axis: Axis, keepdims: bool, ord: float, subgradient: Subgradient
) -> Any:
    return expand(g, x.ndim, axis, keepdims) * _norm_direction(xp, x, out, axis, keepdims, ord, subgradient)


def _norm_jvp(
    xp: Any, t: Any, x: Any, out: Any, axis: Axis, keepdims: bool, ord: float, subgradient: Subgradient
) -> Any:
    product = conj(xp, _norm_direction(xp, x, out, axis, keepdims, ord, subgradient)) * t
    return xp.sum(xp.real(product), axis=axis, keepdims=keepdims)


@general(x=_norm_pull, jvp=_norm_jvp, domain="nonzero")
def vector_norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """Norm of vectors of order `ord` over `axis`. The derivative at the zero vector is 0; ties of the infinity norms
    share equally."""


@composite
def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """Norm of matrices: 'fro', 'nuc', or of order 1, -1, 2, -2, inf, -inf."""
    x = as_tensor(x)
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        reduce = statistical.sum if ord == "nuc" else statistical.max if ord == 2 else statistical.min
        norm = reduce(values, axis=-1)
        return norm[..., None, None] if keepdims else norm
    if ord in (1, -1, math.inf, -math.inf):
        summed, over = (-2, -1) if ord in (1, -1) else (-1, -2)
        sums = statistical.sum(abs(x), axis=summed, keepdims=True)
        extreme = statistical.max if ord > 0 else statistical.min
        norm = extreme(sums, axis=over, keepdims=True)
        return norm if keepdims else norm[..., 0, 0]
    raise ArgumentError(f"linalg.matrix_norm: ord: got {ord!r}; expected 'fro', 'nuc', 1, -1, 2, -2, inf or -inf")


IN_BOTH = (matmul, matrix_transpose, tensordot, vecdot)
"""Functions that the standard has in its main namespace and in this one."""
