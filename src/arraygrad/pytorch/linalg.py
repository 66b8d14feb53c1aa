"""`torch.linalg`: the standard's extension, and beyond it, with PyTorch's `dim` and `keepdim`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..ops import linalg, manipulation
from ..tensor import Tensor
from . import arithmetic, shapes
from .shapes import Dim, axes

matrix_exp = arithmetic.matrix_exp


def vector_norm(x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The norm of all entries as one vector, or of vectors along axes."""
    return linalg.vector_norm(x, axis=axes(dim), ord=ord, keepdims=keepdim)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False) -> Tensor:
    """The norm of the matrices in the plane of two axes."""
    found = linalg.matrix_norm(manipulation.moveaxis(A, tuple(dim), (-2, -1)), ord=ord, keepdims=keepdim)
    return manipulation.moveaxis(found, (-2, -1), tuple(dim)) if keepdim else found


def norm(A: Tensor, ord: Any = None, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The norm of a vector or, with an order and no axis or with two axes, of a matrix."""
    is_of_matrix = (ord is not None and dim is None and A.ndim == 2) or isinstance(dim, (tuple, list))
    if not is_of_matrix or ord is None:
        return vector_norm(A, 2 if ord is None else ord, dim, keepdim)
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim)  # type: ignore[arg-type]


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors along an axis of length 3."""
    return arithmetic.cross(input, other, dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of the planes of two axes, along a new last axis."""
    return shapes.diagonal(A, offset, dim1, dim2)


def __getattr__(name: str) -> Any:
    return getattr(sys.modules["arraygrad"].linalg, name)
