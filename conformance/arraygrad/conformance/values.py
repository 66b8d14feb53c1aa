"""Values of arrays for tests, by the domain of an operation.

A domain says where an operation is smooth: None (all numbers; zeros are rare), "nonzero", an open interval
`(low, high)`, a sort of matrix by name (`MATRICES`), or a dictionary of these by argument. Complex numbers have their
real part in the interval and a small imaginary part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Interval = tuple[float, float]
POINTS = 400
NONZERO = "nonzero"


class Source:
    """Random entries, all different: `max` and `sort` meet no ties, and no step of a finite difference makes one."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._order = self.rng.permutation(POINTS)
        self._taken = 0

    def units(self, size: int) -> Any:
        """Different numbers in (0, 1), POINTS of them."""
        taken = (self._taken + np.arange(size)) % POINTS
        self._taken += size
        return (self._order[taken] + 0.4) / POINTS

    def reals(self, shape: tuple[int, ...], interval: Interval | None) -> Any:
        """Numbers in an interval, or of either sign and not near zero."""
        unit = np.reshape(self.units(math.prod(shape)), shape)
        if interval is None:
            centred = 2 * unit - 1
            return np.sign(centred) * (0.3 + 2.2 * np.abs(centred))
        low, high = interval
        if math.isinf(low) or math.isinf(high):
            return low + 0.2 + 2.5 * unit if math.isinf(high) else high - 0.2 - 2.5 * unit
        return low + (high - low) * (0.1 + 0.8 * unit)

    def numbers(self, shape: tuple[int, ...], dtype: str, interval: Interval | None = None) -> Any:
        """Real or complex numbers with their real part in an interval."""
        real = self.reals(shape, interval)
        if dtype.startswith("complex"):
            real = real + 1j * self.rng.uniform(0.1, 0.7, shape) * self.rng.choice([-1, 1], shape)
        return np.asarray(real, dtype=dtype)

    def directions(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Tangents and cotangents: every part of every entry counts."""
        def part() -> Any:
            return self.rng.uniform(0.3, 1, shape) * self.rng.choice([-1, 1], shape)

        return np.asarray(part() + 1j * part() if "complex" in dtype else part(), dtype=dtype)

    # -- matrices -----------------------------------------------------------------------------------

    def normal(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Normally distributed numbers."""
        drawn = self.rng.standard_normal(shape)
        return drawn + 1j * self.rng.standard_normal(shape) if "complex" in dtype else drawn

    def unitary(self, shape: tuple[int, ...], side: int, dtype: str) -> Any:
        """Unitary (orthogonal) matrices."""
        return np.linalg.qr(self.normal((*shape[:-2], side, side), dtype))[0]

    def spectrum(self, shape: tuple[int, ...], count: int) -> Any:
        """Distinct positive numbers, well apart."""
        apart = 1 + 0.7 * np.arange(count) + self.rng.uniform(0, 0.3, (*shape[:-2], count))
        return self.rng.permuted(apart, axis=-1)


def _adjoint(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def invertible(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Matrices, square or not, of full rank with distinct singular values."""
    rows, columns = shape[-2:]
    count = min(rows, columns)
    left = source.unitary(shape, rows, dtype)[..., :count]
    right = source.unitary(shape, columns, dtype)[..., :count]
    return np.asarray((left * source.spectrum(shape, count)[..., None, :]) @ _adjoint(right), dtype=dtype)


def positive_definite(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Hermitian matrices with distinct positive eigenvalues."""
    basis = source.unitary(shape, shape[-1], dtype)
    return np.asarray((basis * source.spectrum(shape, shape[-1])[..., None, :]) @ _adjoint(basis), dtype=dtype)


def hermitian(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Hermitian matrices with distinct eigenvalues of both signs."""
    basis = source.unitary(shape, shape[-1], dtype)
    values = source.spectrum(shape, shape[-1]) * source.rng.choice([-1, 1], (*shape[:-2], shape[-1]))
    return np.asarray((basis * values[..., None, :]) @ _adjoint(basis), dtype=dtype)


def diagonally_dominant(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Matrices without symmetry, with large diagonals: well conditioned, as their triangles are; distinct eigenvalues."""
    apart = np.eye(shape[-1]) * source.spectrum(shape, shape[-1])[..., None, :]
    return np.asarray(3 * apart + 0.25 * source.normal(shape, dtype), dtype=dtype)


def distinct_eigenvalues(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Matrices without symmetry whose eigenvalues are well apart and whose eigenvectors are far from parallel."""
    basis = np.eye(shape[-1]) + 0.15 * source.normal(shape, dtype)
    apart = 2 * source.spectrum(shape, shape[-1])[..., None, :]
    return np.asarray((basis * apart) @ np.linalg.inv(basis), dtype=dtype)


Matrices = Callable[[Source, tuple[int, ...], str], Any]
MATRICES: dict[str, Matrices] = {
    "invertible": invertible,
    "full_rank": invertible,
    "distinct_singular_values": invertible,
    "diagonally_dominant": diagonally_dominant,
    "distinct_eigenvalues": distinct_eigenvalues,
    "positive_definite": positive_definite,
    "hermitian": hermitian,
    "symmetric": hermitian,
}


def domain_of(domain: Any, parameter: str) -> Any:
    """The domain of one argument: an interval, NONZERO, a sort of matrix, or None for all numbers."""
    if isinstance(domain, dict):
        domain = domain.get(parameter)
    if domain is None or domain == NONZERO or isinstance(domain, tuple):
        return domain
    name = domain if isinstance(domain, str) else domain.__name__
    return MATRICES[name]
