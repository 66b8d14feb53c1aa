"""What other libraries' functions make of Tensors: the values that they make of NumPy arrays, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import arraygrad as ag

STEP = 1e-5


def weighted(results: Any) -> Any:
    """One number of all results of a function, each entry with a weight of its own."""
    total = 0.0
    for place, result in enumerate(results if isinstance(results, (tuple, list)) else [results]):
        x = ag.asarray(np.asarray(result) if isinstance(result, float) else result)
        weights = np.cos(np.arange(x.size) + 1.0 + place).reshape(x.shape)
        if x.dtype.is_complex:
            total = total + ag.sum(ag.imag(x) * (0.7 * weights))
            x = ag.real(x)
        total = total + ag.sum(x * weights)
    return total


def agrees(function: Callable[..., Any], *arrays: Any, rtol: float = 1e-5) -> None:
    """Assert that a function has the same value for Tensors as for arrays, and the derivative, in both modes, that finite
    differences give."""
    rng = np.random.default_rng(7)
    directions = [rng.normal(size=each.shape) + (1j * rng.normal(size=each.shape) if each.dtype == complex else 0)
                  for each in arrays]  # fmt: skip

    def at(step: float) -> float:
        return weighted(function(*(x + step * d for x, d in zip(arrays, directions, strict=True)))).item()

    leaves = [ag.tensor(each, requires_grad=True) for each in arrays]
    value = weighted(function(*leaves))
    np.testing.assert_allclose(value.item(), at(0), rtol=1e-9, atol=1e-12)
    value.backward()
    reverse = sum(np.sum(np.real(np.conj(x.grad.numpy()) * d)) for x, d in zip(leaves, directions, strict=True))
    expected = (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP)
    np.testing.assert_allclose(reverse, expected, rtol=rtol, atol=1e-7)
    primals, tangents = tuple(map(ag.asarray, arrays)), tuple(map(ag.asarray, directions))
    _, forward = ag.func.jvp(lambda *x: weighted(function(*x)), primals, tangents)
    np.testing.assert_allclose(forward.item(), reverse, rtol=1e-8, atol=1e-10)
