"""Matrices made of vectors and of other matrices, and NumPy's products beside `matmul`."""

from __future__ import annotations

from ..errors import ArgumentError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from . import linalg
from .creation import eye, zeros
from .elementwise import multiply
from .linear_algebra import matmul, tensordot
from .manipulation import concat, reshape
from .searching import where


@composite
def diag(x: Array, /, k: int = 0) -> Tensor:
    """The matrix with the vector x on its k-th diagonal, or the k-th diagonal of the matrix x, as NumPy's `diag`."""
    x = as_tensor(x)
    if x.ndim == 2:
        return linalg.diagonal(x, offset=k)
    if x.ndim != 1:
        raise ArgumentError(f"diag: x: got shape {x.shape}; expected a vector or a matrix; see linalg.diagonal for stacks")
    length = x.shape[0] + (k if k > 0 else -k)
    above, below = (zeros(x.backend, (rows,), dtype=x.dtype, device=x.device) for rows in (max(-k, 0), max(k, 0)))
    by_row = reshape(concat([above, x, below]) if k else x, (length, 1))
    return where(eye(x.backend, length, k=k, dtype="bool", device=x.device), by_row, 0)


@composite
def block_diag(*arrays: Array) -> Tensor:
    """The matrix with the given matrices along its diagonal and zeros elsewhere; vectors count as rows, as in SciPy."""
    if not arrays:
        raise ArgumentError("block_diag: got no arrays; expected at least one")
    blocks = [as_tensor(array) for array in arrays]
    for position, block in enumerate(blocks):
        if block.ndim > 2:
            raise ArgumentError(f"block_diag: arrays[{position}]: got shape {block.shape}; expected at most 2 axes")
        if block.ndim < 2:
            blocks[position] = reshape(block, (1, -1))
    width = sum(block.shape[1] for block in blocks)
    rows, before = [], 0
    for block in blocks:
        height, length = block.shape
        sides = [
            zeros(block.backend, (height, columns), dtype=block.dtype, device=block.device)
            for columns in (before, width - before - length)
        ]
        rows.append(concat([sides[0], block, sides[1]], axis=1))
        before += length
    return concat(rows, axis=0)


@composite
def kron(x1: Array, x2: Array, /) -> Tensor:
    """Kronecker product: blocks of x2, times each entry of x1. The array of fewer axes gets axes in front."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    ndim = max(x1.ndim, x2.ndim)
    shape1, shape2 = ((1,) * (ndim - x.ndim) + x.shape for x in (x1, x2))
    product = multiply(
        reshape(x1, tuple(n for length in shape1 for n in (length, 1))),
        reshape(x2, tuple(n for length in shape2 for n in (1, length))),
    )
    return reshape(product, tuple(n * m for n, m in zip(shape1, shape2, strict=True)))


@composite
def dot(x1: Array, x2: Array, /) -> Tensor:
    """NumPy's `dot`: inner product of vectors, product of matrices, or the sum over the last axis of x1 and the last but
    one of x2; nothing is conjugated."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return multiply(x1, x2)
    if x2.ndim <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, axes=((x1.ndim - 1,), (x2.ndim - 2,)))


@composite
def outer(x1: Array, x2: Array, /) -> Tensor:
    """Products of every entry of x1 with every entry of x2, both flattened."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


