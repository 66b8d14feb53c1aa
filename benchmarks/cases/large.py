"""Arrays so large that only the numbers count: their time, and how much memory they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from isolation import isolated
from libraries import BY_HAND, NAMES, PYTORCH, is_installed, load
from measurement import ABSENT, Settings, timed
from memory import growth
from problem import Arrays, Problem
from row import BYTES, Row, Target

SIZE = 10_000_000
SIDE = 1024
NO_MORE = (Target(1.01, BY_HAND), Target(1.01, PYTORCH))
"""Memory: no array more, with room for the small objects around the arrays."""
AS_BY_HAND = (Target(1.05, BY_HAND),)


def elementwise(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """The sum of what ten elementwise operations make of x."""
    (x,) = parameters
    y = ops.sqrt(x * x + 1.0)
    y = ops.exp(ops.sin(y) * x)
    return ops.sum(ops.tanh(ops.log(y + 2.0)) - x)


def elementwise_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> list[Any]:
    """Its derivative by x. What was kept is dropped when it has been used, as in a library."""
    (x,) = parameters
    y = x * x
    y = y + 1.0
    root = xp.sqrt(y)
    sine = xp.sin(root)
    y = sine * x
    exponential = xp.exp(y)
    above = exponential + 2.0
    y = xp.log(above)
    tangent = xp.tanh(y)
    y = tangent - x
    y = xp.sum(y)
    g = xp.broadcast_to(xp.ones_like(y), x.shape)
    gx = -g
    g = g * (1 - tangent * tangent)
    del tangent
    g = g / above
    del above
    g = g * exponential
    del exponential
    gx += g * sine
    del sine
    g = g * x
    g = g * xp.cos(root)
    g = g / (2 * root)
    del root
    gx += 2 * (g * x)
    return [gx]


def product(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """The sum of x w w w w."""
    x, w = parameters
    return ops.sum((((x @ w) @ w) @ w) @ w)


def product_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> list[Any]:
    """Its derivatives by x and w."""
    x, w = parameters
    factors = [x]
    for _ in range(4):
        factors.append(factors[-1] @ w)
    total = xp.sum(factors.pop())
    g = xp.broadcast_to(xp.ones_like(total), x.shape)
    gw = xp.zeros_like(w)
    while factors:
        gw += factors.pop().T @ g
        g = g @ w.T
    return [g, gw]


def elementwise_problem(size: int) -> Problem:
    """In float64."""
    x = np.random.default_rng(0).uniform(-2.0, 2.0, size)
    return Problem(elementwise, [x], [], {"gradients": elementwise_by_hand}, rtol=1e-8)


def product_problem(side: int = SIDE) -> Problem:
    """In float64; w is near a rotation, so that powers of it stay of one size."""
    random = np.random.default_rng(0)
    x, w = (random.standard_normal((side, side)) / side**0.5 for _ in range(2))
    return Problem(product, [x, w], [], {"gradients": product_by_hand}, rtol=1e-8)


def peak(name: str, size: int) -> int:
    """Bytes by which the elementwise chain and its derivative raise the highest memory of a process."""
    library = load(name)
    assert library is not None
    call = library.gradients(elementwise_problem(1_000))  # loads whatever is loaded on first use
    assert call is not None
    call()
    call = library.gradients(elementwise_problem(size))
    assert call is not None
    if name == "JAX jit":
        call()  # compiling takes memory of its own
    return growth(call)[0]


def rows(settings: Settings) -> Iterator[Row]:
    """Ten elementwise operations, their memory, and products of matrices."""
    size = SIZE // 10 if settings.quick else SIZE
    yield timed(f"ten operations on {size:.0e} float64", elementwise_problem(size), "gradients", settings, AS_BY_HAND)
    peaks = {name: isolated("cases.large", "peak", name, size) if is_installed(name) else ABSENT for name in NAMES}
    yield Row("their peak memory beyond the inputs", BYTES, peaks, NO_MORE)
    yield timed(f"four products of {SIDE} × {SIDE} float64", product_problem(), "gradients", settings, AS_BY_HAND)
