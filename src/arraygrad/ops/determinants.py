"""Determinants, of the extension `linalg`, and the cofactors that are their derivatives: exact for singular matrices.

The derivatives of the determinant are polynomials of the entries, and so have exact derivatives of every order. The first
two come from products of singular values; of the others see `_moved`.
"""

from __future__ import annotations

import cmath
from typing import Any

from ..backends import backend_of, device_of, is_real, namespace_of
from ..backends.extra_linalg import finite_svd
from ..call import bare
from ..kinds import Array, Tensor, general
from .linear_algebra import adjoint, conj


@general(
    x=lambda xp, g, x: g[..., None, None] * conj(xp, xp.linalg.cofactor(x)),
    jvp=lambda xp, t, x: xp.sum(t * xp.linalg.cofactor(x), axis=(-2, -1)),
    core="(n,n)->()",
)
def det(x: Array, /) -> Tensor:
    """Determinants of square matrices. The derivative, by cofactors, is exact for singular ones as well."""


@general(
    x=lambda xp, g, x: conj(xp, xp.linalg.cofactor_change(x, conj(xp, g))),
    jvp=lambda xp, t, x: xp.linalg.cofactor_change(x, t),
    core="(n,n)->(n,n)",
)
def cofactor(x: Array, /) -> Tensor:
    """Cofactors of square matrices: the derivative of the determinant by each entry."""


def _moved(xp: Any, x: Any) -> Any:
    """Matrices that are far from singular, along a new first axis, over which the mean of each polynomial of degree up to
    n - 3 of their entries is the same as that of x.

    Their small singular values are moved to points on a circle around 0, by matrices that do not depend on x.
    """
    raw = bare(x)
    own = namespace_of(raw)
    u, s, vh = finite_svd(own, raw)
    largest = s[..., :1]
    is_small = s <= largest / 4
    if backend_of(raw).surely(~is_small):
        return x[None, ...]
    radius = own.where(is_small, own.where(largest > 0, largest, 1), 0)
    step = own.matmul(u * radius[..., None, :], vh)
    count = x.shape[-1] - 2
    if count > 2 and own.isdtype(raw.dtype, "real floating"):
        dtype = own.result_type(raw.dtype, own.complex64)
        x, step = xp.astype(x, dtype), own.astype(step, dtype)
    points = [cmath.rect(1, 2 * cmath.pi * k / count) for k in range(count)] if count > 2 else [1, -1][:count]
    return xp.stack([x + step * point for point in points])


def _second_change(xp: Any, x: Any, y: Any, z: Any) -> Any:
    """The derivative of the cofactors of x along y and z, by the inverses of matrices far from singular."""
    if x.shape[-1] < 3 or 0 in x.shape:
        return xp.zeros_like(x)
    moved = _moved(xp, x)
    inverse = xp.linalg.inv(moved)
    a, b = inverse @ y, inverse @ z
    eye = xp.eye(x.shape[-1], dtype=inverse.dtype, device=device_of(x))
    of_a, of_b = (xp.linalg.trace(each)[..., None, None] for each in (a, b))
    of_both = xp.linalg.trace(a @ b)[..., None, None]
    product = ((of_a * of_b - of_both) * eye - of_a * b - of_b * a + a @ b + b @ a) @ inverse
    change = xp.mean(xp.linalg.det(moved)[..., None, None] * xp.matrix_transpose(product), axis=0)
    return xp.real(change) if is_real(x) and is_real(y) and not is_real(change) else change


@general(
    x=lambda xp, g, x, y: conj(xp, _second_change(xp, x, y, conj(xp, g))),
    y=lambda xp, g, x: conj(xp, xp.linalg.cofactor_change(x, conj(xp, g))),
    jvp=lambda xp, t1, t2, x, y: xp.linalg.cofactor_change(x, t2) + _second_change(xp, x, y, t1),
    core="(n,n),(n,n)->(n,n)",
)
def cofactor_change(x: Array, y: Array, /) -> Tensor:
    """How the cofactors of square matrices x change to first order when y is added to x."""


def _inverse(xp: Any, x: Any, out: Any) -> Any:
    """The inverses, NaN for singular matrices: to invert one would raise for the whole stack."""
    regular = xp.isfinite(out[1])[..., None, None]
    eye = xp.eye(x.shape[-1], dtype=x.dtype, device=device_of(x))
    return xp.where(regular, xp.linalg.inv(xp.where(regular, x, eye)), xp.nan)


def _slogdet_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    sign, g_sign, g_log = out[0], g[0], g[1]
    weight = xp.zeros_like(out[1]) if g_log is None else g_log
    if g_sign is not None and xp.isdtype(x.dtype, "complex floating"):
        weight = weight - 1j * xp.imag(xp.conj(g_sign) * sign)
    return weight[..., None, None] * adjoint(xp, _inverse(xp, x, out))


def _slogdet_jvp(xp: Any, t: Any, x: Any, out: Any) -> Any:
    change = xp.sum(_inverse(xp, x, out) * xp.matrix_transpose(t), axis=(-2, -1))
    if xp.isdtype(x.dtype, "complex floating"):
        return 1j * xp.imag(change) * out[0], xp.real(change)
    return xp.zeros_like(out[0]), change


@general(x=_slogdet_pull, jvp=_slogdet_jvp, core="(n,n)->(),()", domain="invertible", multiple=("sign", "logabsdet"))
def slogdet(x: Array, /) -> tuple[Tensor, Tensor]:
    """Sign of the determinants and logarithm of their absolute values."""
