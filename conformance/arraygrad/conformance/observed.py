"""What tests look at of operations whose outputs are defined only up to a sign, a phase or an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace


def _weighted(left: Any, right: Any) -> Any:
    """left @ diag(1, 2, ...) @ right: what of vectors does not depend on their phases."""
    xp = array_namespace(left)
    weights = xp.asarray([1.0 + index for index in range(left.shape[-1])], dtype=xp.real(left).dtype,
                         device=left.device)  # fmt: skip
    return (left * weights) @ right


def _adjoint(x: Any) -> Any:
    xp = array_namespace(x)
    return xp.conj(xp.matrix_transpose(x)) if xp.isdtype(x.dtype, "complex floating") else xp.matrix_transpose(x)


def _eigh(values: Any, vectors: Any) -> tuple[Any, ...]:
    return values, _weighted(vectors, _adjoint(vectors))


def _eig(values: Any, vectors: Any) -> tuple[Any, ...]:
    xp = array_namespace(vectors)
    lengths = xp.sum(xp.real(xp.conj(vectors) * vectors), axis=-2)
    return values, _weighted(vectors, xp.linalg.inv(vectors)), lengths


def _projector(vectors: Any, count: int) -> Any:
    """What is spanned by the vectors after the first `count`, of which only the span is determined."""
    others = vectors[..., count:]
    return others @ _adjoint(others)


def _svd(left: Any, values: Any, right: Any) -> tuple[Any, ...]:
    count = values.shape[-1]
    product = _weighted(left[..., :count], right[..., :count, :])
    return values, product, _projector(left, count), _projector(_adjoint(right), count)


def _qr(q: Any, r: Any) -> tuple[Any, ...]:
    count = min(q.shape[-2], r.shape[-1])
    return q[..., :count], r, _projector(q, count)


OBSERVED: dict[str, Callable[..., tuple[Any, ...]]] = {
    "linalg.eigh": _eigh, "linalg.eig": _eig, "linalg.svd": _svd, "linalg.qr": _qr,
}  # fmt: skip
"""Functions of the outputs, by operation."""
