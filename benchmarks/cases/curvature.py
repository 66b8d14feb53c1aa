"""Derivatives beyond the gradient: a Hessian and a Jacobian."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from measurement import Settings, timed
from problem import Arrays, Problem
from row import Row

DIMENSIONS = 50
WIDTH = 100


def rosenbrock(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """Rosenbrock's function (H. H. Rosenbrock, 1960) of n numbers."""
    (x,) = parameters
    head, tail = x[:-1], x[1:]
    return ops.sum(100.0 * (tail - head**2) ** 2 + (1.0 - head) ** 2)


def rosenbrock_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> Any:
    """Its Hessian, a band of three."""
    (x,) = parameters
    head, tail = x[:-1], x[1:]
    hessian = xp.zeros((len(x), len(x)))
    index = xp.arange(len(x) - 1)
    hessian[index, index] = 1200.0 * head**2 - 400.0 * tail + 2.0
    hessian[index + 1, index + 1] += 200.0
    hessian[index, index + 1] = hessian[index + 1, index] = -400.0 * head
    return hessian


def layer(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """tanh(w x + b)."""
    (x,), (w, b) = parameters, constants
    return ops.tanh(w @ x + b)


def layer_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> Any:
    """Its Jacobian by x."""
    (x,), (w, b) = parameters, constants
    out = xp.tanh(w @ x + b)
    return (1 - out * out)[:, None] * w


def rows(settings: Settings) -> Iterator[Row]:
    """Second derivatives, and a vector's derivative in reverse mode."""
    random = np.random.default_rng(0)
    valley = Problem(rosenbrock, [random.uniform(-1.0, 1.0, DIMENSIONS)], [], {"hessian": rosenbrock_by_hand})
    yield timed(f"Hessian of Rosenbrock, {DIMENSIONS} dimensions", valley, "hessian", settings)
    weights = [random.standard_normal((WIDTH, WIDTH)) / WIDTH**0.5, random.standard_normal(WIDTH)]
    dense = Problem(layer, [random.standard_normal(WIDTH)], weights, {"jacobian": layer_by_hand})
    yield timed(f"Jacobian of a {WIDTH} → {WIDTH} tanh layer", dense, "jacobian", settings)
