"""Linear algebra functions of the standard outside its extension."""

from __future__ import annotations

from typing import Any

from ..backends import is_real
from ..kinds import Array, Tensor, linear, multilinear


def conj(xp: Any, x: Any) -> Any:
    """The complex conjugate: x itself if it is real."""
    return x if is_real(x) else xp.conj(x)


def adjoint(xp: Any, x: Any) -> Any:
    """The conjugate transpose of matrices."""
    transposed = xp.matrix_transpose(x)
    return transposed if is_real(x) else xp.conj(transposed)


def _matmul_x1(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    if x2.ndim == 1:
        return (g[..., None] if x1.ndim > 1 else g) * conj(xp, x2)
    if x1.ndim == 1:
        return xp.matmul(conj(xp, x2), g[..., None])[..., 0]
    return xp.matmul(g, adjoint(xp, x2))


def _matmul_x2(xp: Any, g: Any, x1: Any, x2: Any) -> Any:
    if x1.ndim == 1:
        return conj(xp, x1) * g if x2.ndim == 1 else conj(xp, x1)[:, None] * g[..., None, :]
    if x2.ndim == 1:
        return xp.matmul(adjoint(xp, x1), g[..., None])[..., 0]
    return xp.matmul(adjoint(xp, x1), g)


@multilinear(x1=_matmul_x1, x2=_matmul_x2, core="(m,k),(k,n)->(m,n)")
def matmul(x1: Array, x2: Array, /) -> Tensor:
    """Product of matrices, or of a matrix and a vector."""


@linear(x=lambda xp, g: xp.matrix_transpose(g), moves=True, view=True, core="(m,n)->(n,m)")
def matrix_transpose(x: Array, /) -> Tensor:
    """Matrices with their two last axes exchanged."""


def _contracted(axes: Any, ndim1: int, ndim2: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(axes, int):
        return tuple(range(ndim1 - axes, ndim1)), tuple(range(axes))
    first, second = axes
    return tuple(each % ndim1 for each in first), tuple(each % ndim2 for each in second)


def _tensordot_pull(xp: Any, g: Any, x: Any, other: Any, mine: tuple[int, ...], its: tuple[int, ...], left: bool) -> Any:
    """The transpose in one argument: contract g with the other along what the other did not share."""
    free = [each for each in range(x.ndim) if each not in mine]
    its_free = [each for each in range(other.ndim) if each not in its]
    g_axes = range(len(free), g.ndim) if left else range(len(its_free))
    product = xp.tensordot(g, conj(xp, other), axes=(tuple(g_axes), tuple(its_free)))
    # Axes of the product: the free ones of x, then those of `other` that were contracted, in ascending order.
    order = free + [mine[its.index(each)] for each in sorted(its)]
    return xp.permute_dims(product, tuple(order.index(each) for each in range(x.ndim)))


def _tensordot_x1(xp: Any, g: Any, x1: Any, x2: Any, axes: Any) -> Any:
    first, second = _contracted(axes, x1.ndim, x2.ndim)
    return _tensordot_pull(xp, g, x1, x2, first, second, left=True)


def _tensordot_x2(xp: Any, g: Any, x1: Any, x2: Any, axes: Any) -> Any:
    first, second = _contracted(axes, x1.ndim, x2.ndim)
    return _tensordot_pull(xp, g, x2, x1, second, first, left=False)


@multilinear(x1=_tensordot_x1, x2=_tensordot_x2)
def tensordot(x1: Array, x2: Array, /, *, axes: Any = 2) -> Tensor:
    """Sum of products over `axes` of both arguments."""


def _vecdot_pull(xp: Any, g: Any, x: Any, other: Any, axis: int) -> Any:
    """g times `other` along the axis, which counts from the end of the broadcast shapes."""
    ndim = max(x.ndim, other.ndim)
    axis = axis % min(x.ndim, other.ndim) - min(x.ndim, other.ndim) if axis >= 0 else axis
    return xp.expand_dims(g, axis=axis % ndim) * other


@multilinear(
    x1=lambda xp, g, x1, x2, axis: _vecdot_pull(xp, conj(xp, g), x1, x2, axis),
    x2=lambda xp, g, x1, x2, axis: _vecdot_pull(xp, g, x2, x1, axis),
    core="(n),(n)->()",
)
def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Tensor:
    """Sum over `axis` of the conjugate of x1 times x2."""
