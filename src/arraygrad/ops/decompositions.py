"""The decompositions of `linalg` that have several outputs: eigh, eig, svd, qr, lu.

Vectors are determined up to a gauge: a phase, or a rotation among those of equal values. A loss that does not depend on
it has a finite gradient, also where values are equal; one that does gets NaN there. Sources: M. Giles, An extended
collection of matrix derivative results, 2008; Z. Wan and S. Zhang, Automatic differentiation for complex valued SVD,
2019; S. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010, for QR; F. de Hoog et al.,
The derivative of a matrix with respect to its LU factors, 2011.
"""

from __future__ import annotations

from typing import Any

from ..backends import device_of
from ..kinds import Array, Tensor, general
from .linear_algebra import adjoint


def eigh_parts(xp: Any, x: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors, for rules of operations that do not return them."""
    w, v = xp.linalg.eigh(x)
    return w, v


def svd_parts(xp: Any, x: Any) -> tuple[Any, Any, Any]:
    """The thin singular value decomposition, for rules of operations that do not return it."""
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return u, s, vh


def _is_complex(xp: Any, x: Any) -> bool:
    return xp.isdtype(x.dtype, "complex floating")


def _over_gaps(xp: Any, x: Any, values: Any) -> Any:
    """x[i, j] / (values[j] - values[i]): 0 where both vanish (no dependence on the gauge), NaN where only the gap does."""
    gaps = values[..., None, :] - values[..., :, None]
    size = xp.abs(values)
    scale = xp.max(size, axis=-1, keepdims=True)[..., None] if values.shape[-1] else xp.sum(size)
    epsilon = float(xp.finfo(size.dtype).eps) * max(values.shape[-1], 1)
    closed = xp.abs(gaps) <= epsilon * scale
    magnitude = xp.abs(x)
    largest = xp.max(magnitude, axis=(-2, -1), keepdims=True) if x.shape[-1] else xp.sum(magnitude)
    silent = magnitude <= 64 * epsilon * xp.where(largest > 1, largest, xp.ones_like(largest))
    diagonal = xp.eye(x.shape[-1], dtype=xp.bool, device=device_of(x))
    quotient = x / xp.where(closed, xp.ones_like(gaps), gaps)
    return xp.where(closed, xp.where(silent | diagonal, xp.zeros_like(quotient), xp.nan), quotient)


# -- symmetric ----------------------------------------------------------------------------------------------


def _eigh_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    (w, v), (g_w, g_v) = out, g
    inner = xp.zeros_like(x)
    eye = xp.eye(x.shape[-1], dtype=xp.bool, device=device_of(x))
    if g_v is not None:
        k = adjoint(xp, v) @ g_v
        inner = _over_gaps(xp, (k - adjoint(xp, k)) / 2, w)
    if g_w is not None:
        inner = xp.where(eye, xp.astype(g_w, x.dtype)[..., None], inner)
    return v @ inner @ adjoint(xp, v)


def _eigh_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    w, v = out
    inner = adjoint(xp, v) @ ((t + adjoint(xp, t)) / 2) @ v
    return xp.real(xp.linalg.diagonal(inner)), v @ _over_gaps(xp, inner, w)


@general(
    x=_eigh_pull, jvp=_eigh_jvp, core="(n,n)->(n),(n,n)", domain="hermitian", multiple=("eigenvalues", "eigenvectors")
)
def eigh(x: Array, /) -> tuple[Tensor, Tensor]:
    """Eigenvalues, ascending, and eigenvectors of symmetric or Hermitian matrices."""


# -- general ------------------------------------------------------------------------------------------------


def _eig_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    (w, v), (g_w, g_v) = out, g
    vh = adjoint(xp, v)
    eye = xp.eye(x.shape[-1], dtype=xp.bool, device=device_of(x))
    inner = xp.zeros_like(v)
    if g_v is not None:
        k = vh @ g_v
        k = k - (vh @ v) * xp.real(xp.linalg.diagonal(k))[..., None, :]
        inner = _over_gaps(xp, k, xp.conj(w))
    if g_w is not None:
        inner = xp.where(eye, g_w[..., None], inner)
    return xp.linalg.solve(vh, inner @ vh)


def _eig_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    w, v = out
    inner = xp.linalg.solve(v, xp.astype(t, v.dtype) @ v)
    turned = v @ _over_gaps(xp, inner, w)
    along = xp.real(xp.sum(xp.conj(v) * turned, axis=-2, keepdims=True))
    return xp.linalg.diagonal(inner), turned - v * along


@general(
    x=_eig_pull,
    jvp=_eig_jvp,
    core="(n,n)->(n),(n,n)",
    domain="distinct_eigenvalues",
    multiple=("eigenvalues", "eigenvectors"),
)
def eig(x: Array, /) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of unit length of square matrices, complex."""


# -- singular values ----------------------------------------------------------------------------------------


def _inverse(xp: Any, s: Any) -> Any:
    """1 / s, and 0 for singular values that are 0, whose vectors are not determined."""
    return xp.where(s == 0, 0, 1 / xp.where(s == 0, xp.ones_like(s), s))


def _thin_gradient(xp: Any, g: Any, vectors: Any, rank: int) -> tuple[Any, Any]:
    """The gradient by the first `rank` vectors, to which that by the others is carried over: if the first turn, the
    others turn with them, to stay orthogonal."""
    first, others = vectors[..., :rank], vectors[..., rank:]
    g_first = g[..., :rank]
    if others.shape[-1]:
        g_first = g_first - others @ (adjoint(xp, g[..., rank:]) @ first)
    return first, g_first


def _outside(xp: Any, vectors: Any, x: Any) -> Any:
    """The part of x that is orthogonal to the vectors."""
    return x - vectors @ (adjoint(xp, vectors) @ x)


def _svd_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    (u, s, vh), (g_u, g_s, g_vh) = out, g
    rank = s.shape[-1]
    eye = xp.eye(rank, dtype=xp.bool, device=device_of(x))
    row, inverse = s[..., None, :], _inverse(xp, s)
    g_u = xp.zeros_like(u) if g_u is None else g_u
    g_v = xp.zeros_like(adjoint(xp, vh)) if g_vh is None else adjoint(xp, g_vh)
    (u, g_u), (v, g_v) = _thin_gradient(xp, g_u, u, rank), _thin_gradient(xp, g_v, adjoint(xp, vh), rank)
    k_u, k_v = adjoint(xp, u) @ g_u, adjoint(xp, v) @ g_v
    inner = _over_gaps(xp, k_u - adjoint(xp, k_u), s * s) * row
    inner = inner + s[..., None] * _over_gaps(xp, k_v - adjoint(xp, k_v), s * s)
    on_diagonal = xp.zeros_like(inner) if g_s is None else xp.astype(g_s, inner.dtype)[..., None]
    if _is_complex(xp, x):
        on_diagonal = on_diagonal + 1j * (xp.imag(xp.linalg.diagonal(k_u)) * inverse)[..., None]
    inner = xp.where(eye, on_diagonal, inner)
    result = u @ inner @ adjoint(xp, v)
    if u.shape[-2] > rank:
        result = result + (_outside(xp, u, g_u) * inverse[..., None, :]) @ adjoint(xp, v)
    if v.shape[-2] > rank:
        result = result + u @ adjoint(xp, _outside(xp, v, g_v) * inverse[..., None, :])
    return result


def _turned(xp: Any, vectors: Any, change: Any, rank: int) -> Any:
    """The change of all vectors from that of the first `rank`."""
    first, others = vectors[..., :rank], vectors[..., rank:]
    if not others.shape[-1]:
        return change
    return xp.concat([change, -first @ (adjoint(xp, change) @ others)], axis=-1)


def _svd_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    u_all, s, v_all = out[0], out[1], adjoint(xp, out[2])
    rank = s.shape[-1]
    u, v = u_all[..., :rank], v_all[..., :rank]
    eye = xp.eye(rank, dtype=xp.bool, device=device_of(x))
    row, column, inverse = s[..., None, :], s[..., None], _inverse(xp, s)
    inner = adjoint(xp, u) @ t @ v
    t_s = xp.real(xp.linalg.diagonal(inner))
    back = adjoint(xp, inner)
    turn_u = xp.where(eye, 0, _over_gaps(xp, inner * row + column * back, s * s))
    turn_v = xp.where(eye, 0, _over_gaps(xp, column * inner + back * row, s * s))
    if _is_complex(xp, x):
        phase = 1j * (xp.imag(xp.linalg.diagonal(inner)) * inverse)
        turn_u = xp.where(eye, phase[..., None], turn_u)
    t_u, t_v = u @ turn_u, v @ turn_v
    if u.shape[-2] > rank:
        t_u = t_u + _outside(xp, u, t @ v) * inverse[..., None, :]
    if v.shape[-2] > rank:
        t_v = t_v + _outside(xp, v, adjoint(xp, t) @ u) * inverse[..., None, :]
    return _turned(xp, u_all, t_u, rank), t_s, adjoint(xp, _turned(xp, v_all, t_v, rank))


@general(
    x=_svd_pull,
    jvp=_svd_jvp,
    core="(m,n)->(m,m),(k),(n,n)",
    domain="distinct_singular_values",
    multiple=("U", "S", "Vh"),
)
def svd(x: Array, /, *, full_matrices: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """U, singular values in descending order, and V.H of matrices; thin ones unless `full_matrices`."""


# -- QR -----------------------------------------------------------------------------------------------------


def _right_solve(xp: Any, x: Any, r: Any) -> Any:
    """x times the inverse of the upper triangular r."""
    return adjoint(xp, xp.linalg.solve_triangular(adjoint(xp, r), adjoint(xp, x), upper=False))


def _right_solve_adjoint(xp: Any, x: Any, r: Any) -> Any:
    """x times the inverse of the adjoint of the upper triangular r."""
    return adjoint(xp, xp.linalg.solve_triangular(r, adjoint(xp, x), upper=True))


def _qr_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    (q, r), (g_q, g_r) = out, g
    rows, columns = x.shape[-2], x.shape[-1]
    rank = min(rows, columns)
    q, g_q = _thin_gradient(xp, xp.zeros_like(q) if g_q is None else g_q, q, rank)
    r = r[..., :rank, :]
    g_r = xp.zeros_like(r) if g_r is None else xp.triu(g_r[..., :rank, :])
    first = r[..., :rank]
    if columns > rank:
        g_q = g_q + x[..., rank:] @ adjoint(xp, g_r[..., rank:])
    m = first @ adjoint(xp, g_r[..., :rank]) - adjoint(xp, g_q) @ q
    symmetric = xp.tril(m) + adjoint(xp, xp.tril(m, k=-1))
    eye = xp.eye(rank, dtype=xp.bool, device=device_of(x))
    if _is_complex(xp, x):
        symmetric = xp.where(eye, xp.astype(xp.real(symmetric), symmetric.dtype), symmetric)
    g_first = _right_solve_adjoint(xp, g_q + q @ symmetric, first)
    return g_first if columns == rank else xp.concat([g_first, q @ g_r[..., rank:]], axis=-1)


def _qr_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    q_all, r_all = out
    rank = min(x.shape[-2], x.shape[-1])
    q, r = q_all[..., :rank], r_all[..., :rank, :]
    first = r[..., :rank]
    changed = _right_solve(xp, t[..., :rank], first)
    inner = adjoint(xp, q) @ changed
    below = xp.tril(inner, k=-1)
    turn = below - adjoint(xp, below)
    if _is_complex(xp, x):
        eye = xp.eye(rank, dtype=xp.bool, device=device_of(x))
        turn = xp.where(eye, 1j * xp.imag(inner), turn)
    t_q = q @ turn + changed - q @ inner
    t_r = (inner - turn) @ first
    if x.shape[-1] > rank:
        t_r = xp.concat([t_r, adjoint(xp, q) @ (t[..., rank:] - t_q @ r[..., rank:])], axis=-1)
    missing = r_all.shape[-2] - rank
    if missing:
        zeros = xp.zeros((*t_r.shape[:-2], missing, t_r.shape[-1]), dtype=t_r.dtype, device=device_of(x))
        t_r = xp.concat([t_r, zeros], axis=-2)
    return _turned(xp, q_all, t_q, rank), t_r


@general(x=_qr_pull, jvp=_qr_jvp, core="(m,n)->(m,k),(k,n)", domain="full_rank", multiple=("Q", "R"))
def qr(x: Array, /, *, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Orthonormal Q and upper triangular R of matrices; square Q with mode="complete"."""


# -- LU -----------------------------------------------------------------------------------------------------


def _lu_pull(xp: Any, g: Any, out: Any) -> Any:
    (p, lower, upper), (_, g_lower, g_upper) = out, g
    rank = lower.shape[-1]
    g_lower = xp.zeros_like(lower) if g_lower is None else g_lower
    g_upper = xp.zeros_like(upper) if g_upper is None else g_upper
    (left, below), (g_left, g_below) = ((each[..., :rank, :], each[..., rank:, :]) for each in (lower, g_lower))
    (top, right), (g_top, g_right) = ((each[..., :rank], each[..., rank:]) for each in (upper, g_upper))
    up = adjoint(xp, left)
    inner = xp.tril(up @ g_left - g_right @ adjoint(xp, right), k=-1)
    inner = inner + xp.triu(g_top @ adjoint(xp, top) - adjoint(xp, below) @ g_below)
    result = xp.linalg.solve_triangular(up, _right_solve_adjoint(xp, inner, top), upper=True)
    if below.shape[-2]:
        result = xp.concat([result, _right_solve_adjoint(xp, g_below, top)], axis=-2)
    if right.shape[-1]:
        result = xp.concat([result, xp.linalg.solve_triangular(up, g_right, upper=True)], axis=-1)
    return p @ result


def _lu_jvp(xp: Any, t: Any, out: Any) -> Any:
    p, lower, upper = out
    rank = lower.shape[-1]
    left, below = lower[..., :rank, :], lower[..., rank:, :]
    top, right = upper[..., :rank], upper[..., rank:]
    t = xp.matrix_transpose(p) @ t
    inner = xp.linalg.solve_triangular(left, _right_solve(xp, t[..., :rank, :rank], top), upper=False)
    strict, rest = xp.tril(inner, k=-1), xp.triu(inner)
    t_lower, t_upper = left @ strict, rest @ top
    if below.shape[-2]:
        t_lower = xp.concat([t_lower, _right_solve(xp, t[..., rank:, :], top) - below @ rest], axis=-2)
    if right.shape[-1]:
        changed = xp.linalg.solve_triangular(left, t[..., rank:], upper=False)
        t_upper = xp.concat([t_upper, changed - strict @ right], axis=-1)
    return None, t_lower, t_upper


@general(x=_lu_pull, jvp=_lu_jvp, core="(m,n)->(m,m),(m,k),(k,n)", domain="full_rank", multiple=("P", "L", "U"))
def lu(x: Array, /) -> tuple[Tensor, Tensor, Tensor]:
    """A permutation P, L with unit lower triangles, and upper triangular U of matrices x == P @ L @ U.

    As `scipy.linalg.lu`, by partial pivoting. The derivative of P is 0; that of L and U holds while P does not change.
    """
