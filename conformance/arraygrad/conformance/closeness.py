"""When arrays are equal enough, and what a derivative is by differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEP = 2e-4
"""Of the fourth-order central difference: its error is about STEP**4, and rounding adds eps / STEP."""

Arrays = Sequence[Any]


def same(got: Arrays, expected: Arrays, what: str, tolerance: float = 1e-9, least: float = 1e-3) -> None:
    """Raise AssertionError unless arrays are equal to within `tolerance` of their largest entry, or of `least`."""
    assert len(got) == len(expected), f"{what}: {len(got)} arrays, expected {len(expected)}"
    for position, (mine, other) in enumerate(zip(got, expected, strict=True)):
        assert mine.shape == other.shape, f"{what} [{position}]: shape {mine.shape}, expected {other.shape}"
        finite = np.abs(other[np.isfinite(other)])
        scale = finite.max() if finite.size else 0.0
        close = np.isclose(mine, other, rtol=tolerance, atol=tolerance * max(scale, least), equal_nan=True)
        assert close.all(), f"{what} [{position}]:\n{mine}\nexpected\n{other}"


def inner(left: Arrays, right: Arrays) -> float:
    """The real inner product of lists of arrays."""
    return math.fsum(float(np.sum(np.real(np.conj(a) * b))) for a, b in zip(left, right, strict=True))


def same_number(got: float, expected: float, what: str, left: Arrays, right: Arrays, tolerance: float = 1e-9) -> None:
    """Raise AssertionError unless two inner products agree, as sums of |left| * |right| are rounded."""
    scale = math.fsum(float(np.sum(np.abs(a * b))) for a, b in zip(left, right, strict=True))
    assert math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance * max(scale, 1e-3)), (
        f"{what}: {got}, expected {expected}"
    )


def moved(arrays: Arrays, step: float, directions: Arrays) -> list[Any]:
    """Arrays, a step along directions."""
    return [np.asarray(x + step * t, dtype=x.dtype) for x, t in zip(arrays, directions, strict=True)]


def slope(function: Callable[[Arrays], Arrays], arrays: Arrays, directions: Arrays) -> list[Any] | None:
    """The derivative of a function along directions by differences: None where it has a kink or a pole nearby."""
    here = function(arrays)
    near = [function(moved(arrays, sign * STEP, directions)) for sign in (1, -1)]
    far = [function(moved(arrays, sign * 2 * STEP, directions)) for sign in (1, -1)]
    found = []
    for a, b, c, d, middle in zip(*near, *far, here, strict=True):
        with np.errstate(all="ignore"):
            coarse = (a - b) / (2 * STEP)
            fine = (8 * (a - b) - (c - d)) / (12 * STEP)
            if not (np.isfinite(fine).all() and np.isfinite(coarse).all()):
                return None
            bend = (a - 2 * middle + b) / STEP
            if np.any(np.abs(fine - coarse) > 1e-3 * (1 + np.abs(fine))) or np.any(np.abs(bend) > 0.1 + np.abs(fine)):
                return None
        found.append(fine)
    return found
