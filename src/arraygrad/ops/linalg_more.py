"""Linear algebra beyond the standard's, under the names of `numpy.linalg` and `scipy.linalg`."""

from __future__ import annotations

import functools
import itertools
import math
from collections import namedtuple
from typing import Any

from ..backends import backend_of
from ..call import bare
from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite, general
from ..tensor import as_tensor
from . import statistical, utility
from .axes import normal_axes
from .data_type import finfo
from .determinants import slogdet
from .elementwise import abs
from .linalg import matrix_norm, pinv, solve_triangular, svdvals, vector_norm
from .linear_algebra import adjoint, matmul
from .manipulation import moveaxis, reshape
from .searching import count_nonzero, where

# -- the exponential ----------------------------------------------------------------------------------------


def _expm_change(xp: Any, x: Any, direction: Any) -> Any:
    """How exp(x) changes to first order: a block of the exponential of [[x, direction], [0, x]].

    R. Mathias, A chain rule for matrix functions and applications, 1996. The direction is scaled by a power of two, so
    that a large one costs no digits.
    """
    n = x.shape[-1]
    if 0 in x.shape:
        return direction
    size = xp.max(xp.abs(direction), axis=(-2, -1), keepdims=True)
    size = xp.where(xp.isfinite(size) & (size > 0), size, 1)
    scale = xp.astype(2.0 ** xp.ceil(xp.log2(size)), x.dtype)
    top = xp.concat([x, direction / scale], axis=-1)
    bottom = xp.concat([xp.zeros_like(x), x], axis=-1)
    return xp.linalg.expm(xp.concat([top, bottom], axis=-2))[..., :n, n:] * scale


@general(
    x=lambda xp, g, x: _expm_change(xp, adjoint(xp, x), g),
    jvp=lambda xp, t, x: _expm_change(xp, x, t),
    core="(n,n)->(n,n)",
)
def expm(x: Array, /) -> Tensor:
    """Exponentials of square matrices, by scaling and squaring."""


# -- solving ------------------------------------------------------------------------------------------------


@composite
def cho_solve(c_and_lower: tuple[Array, bool], b: Array, /) -> Tensor:
    """x with A @ x == b, from the Cholesky factor of A: `(c, lower)`, as `scipy.linalg.cho_solve` takes it.

    c: triangular matrices, lower ones (A == c @ c.H) if `lower` and else upper ones (A == c.H @ c); the other triangle
    is not read. b: a vector, or matrices.
    """
    if not (isinstance(c_and_lower, (tuple, list)) and len(c_and_lower) == 2):
        raise ArgumentTypeError(
            f"linalg.cho_solve: c_and_lower: got {type(c_and_lower).__name__}; expected a pair (factor, is it lower)"
        )
    c, lower, b = as_tensor(c_and_lower[0]), bool(c_and_lower[1]), as_tensor(b)
    if c.ndim < 2 or c.shape[-1] != c.shape[-2] or b.shape[-min(b.ndim, 2) :][:1] != c.shape[-1:]:
        raise ArgumentError(
            f"linalg.cho_solve: got a factor of shape {c.shape} and b of shape {b.shape}; expected square matrices, and as "
            "many rows of b"
        )
    columns = reshape(b, (-1, 1)) if b.ndim == 1 else b
    up = adjoint(c.__array_namespace__(), c)
    first, second = (c, up) if lower else (up, c)
    solved = solve_triangular(second, solve_triangular(first, columns, upper=False), upper=True)
    return solved[..., 0] if b.ndim == 1 else solved


LeastSquares = namedtuple("LeastSquares", ["x", "residuals", "rank", "s"])


@composite
def lstsq(a: Array, b: Array, /, rcond: float | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The x of least norm that makes a @ x nearest to b, the squared residuals, and rank and singular values of a.

    As `numpy.linalg.lstsq`, also for stacks of matrices: singular values up to `rcond` times the largest count as 0, by
    default the machine epsilon times the larger side of a. b: a vector, or matrices; residuals are empty where the rank
    is known not to be full, or a has no more rows than columns. Derivative: G. Golub and V. Pereyra, 1973, where the rank
    is constant.
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim < 2 or b.ndim < 1 or b.shape[-min(b.ndim, 2)] != a.shape[-2]:
        raise ArgumentError(
            f"linalg.lstsq: got a of shape {a.shape} and b of shape {b.shape}; expected matrices, and as many rows of b"
        )
    rows, columns = a.shape[-2:]
    rtol = float(finfo(a.dtype).eps) * max(rows, columns) if rcond is None else float(rcond)
    s = svdvals(a)
    values = s.detach()
    rank = count_nonzero(values > rtol * values[..., : min(values.shape[-1], 1)], axis=-1)
    right = reshape(b, (rows, 1)) if b.ndim == 1 else b
    x = matmul(pinv(a, rtol=rtol), right)
    squares = statistical.sum(abs(right - matmul(a, x)) ** 2, axis=-2)
    is_deficient = bare(utility.any(rank < columns))
    is_empty = rows <= columns or backend_of(is_deficient).surely(is_deficient)
    residuals = squares[..., :0] if is_empty else squares
    return LeastSquares(x[..., 0] if b.ndim == 1 else x, residuals, rank, s)


# -- products and determinants ------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def _splits(sides: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split each product of a chain of matrices with the given sides, so that all take the fewest operations.

    T. Cormen et al., Introduction to algorithms, section 15.2.
    """
    count = len(sides) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], splits[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)
            )
    return splits


@composite
def multi_dot(arrays: Array, /) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest operations. The first and the last may be
    vectors."""
    chain = [as_tensor(array) for array in arrays]
    if len(chain) < 2:
        raise ArgumentError(f"linalg.multi_dot: arrays: got {len(chain)}; expected at least two")
    is_row, is_column = chain[0].ndim == 1, chain[-1].ndim == 1
    chain[0] = reshape(chain[0], (1, -1)) if is_row else chain[0]
    chain[-1] = reshape(chain[-1], (-1, 1)) if is_column else chain[-1]
    for position, (left, right) in enumerate(itertools.pairwise(chain)):
        if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
            raise ArgumentError(
                f"linalg.multi_dot: arrays[{position}], arrays[{position + 1}]: got shapes {left.shape} and {right.shape}; "
                "expected matrices whose inner sides agree"
            )
    sides = (*(each.shape[0] for each in chain), chain[-1].shape[1])
    splits = _splits(sides)

    def product(i: int, j: int) -> Tensor:
        return chain[i] if i == j else matmul(product(i, splits[i, j]), product(splits[i, j] + 1, j))

    result = product(0, len(chain) - 1)
    return reshape(result, (() if is_row else sides[:1]) + (() if is_column else sides[-1:]))


@composite
def logdet(x: Array, /) -> Tensor:
    """Logarithms of the determinants of square matrices, as PyTorch's `logdet`: NaN where one is negative."""
    sign, size = slogdet(x)
    if sign.dtype.is_complex:
        raise ArgumentTypeError(
            f"linalg.logdet: x: got dtype {sign.dtype.name}; expected a real one; linalg.slogdet gives the phase and the "
            "logarithm of the modulus"
        )
    return where(sign < 0, math.nan, size)


# -- norms --------------------------------------------------------------------------------------------------


@composite
def norm(x: Array, /, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """A vector or a matrix norm, as `numpy.linalg.norm` chooses it.

    Without `ord` and `axis` the 2-norm of all entries; one axis means vectors and two mean matrices. For orders see
    `vector_norm` and `matrix_norm`.
    """
    x = as_tensor(x)
    if axis is None and ord is None:
        return vector_norm(x, keepdims=keepdims)
    axes = normal_axes("linalg.norm", axis, x.ndim)
    if len(axes) not in (1, 2):
        raise ArgumentError(
            f"linalg.norm: axis: got {axis} for shape {x.shape}; expected one axis, for vectors, or two, for matrices"
        )
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ArgumentError(f"linalg.norm: ord: got {ord!r} for vectors; expected a number")
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    value = matrix_norm(moveaxis(x, axes, (-2, -1)), ord="fro" if ord is None else ord, keepdims=keepdims)
    return moveaxis(value, (-2, -1), axes) if keepdims else value
