"""Chains of tiny operations, where all the time is the library's own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from libraries import AUTOGRAD, MYGRAD, PYTORCH
from measurement import Settings, timed
from problem import Arrays, Problem
from row import Row, Target

FORWARD = (Target(0.7, PYTORCH),)
BOTH = (Target(0.55, PYTORCH), Target(0.25, AUTOGRAD), Target(0.25, MYGRAD))
LENGTH = 1_000


def chain(ops: Any, parameters: Arrays, constants: Arrays, length: int) -> Any:
    """The sum of what `length` operations make of x: multiply, add, sin, subtract, and again.

    With a = 1 and b = c this iterates the sine, whose derivative neither vanishes nor explodes.
    """
    y, a, b, c = (*parameters, *constants)
    for _ in range(length // 4):
        y = y * a
        y = y + b
        y = ops.sin(y)
        y = y - c
    return ops.sum(y)


def _forward(xp: Any, parameters: Arrays, constants: Arrays, length: int) -> Any:
    return chain(xp, parameters, constants, length)


def by_x(xp: Any, parameters: Arrays, constants: Arrays, length: int) -> list[Any]:
    """The derivative by x alone."""
    (y,), (a, b, c) = parameters, constants
    kept = []
    for _ in range(length // 4):
        y = y * a
        y = y + b
        kept.append(y)
        y = xp.sin(y)
        y = y - c
    g = xp.ones_like(y)
    while kept:
        g = g * xp.cos(kept.pop())
        g = g * a
    return [g]


def by_all(xp: Any, parameters: Arrays, constants: Arrays, length: int) -> list[Any]:
    """The derivatives by x, a, b and c."""
    y, a, b, c = parameters
    kept = []
    for _ in range(length // 4):
        before = y
        y = y * a
        y = y + b
        kept.append((before, y))
        y = xp.sin(y)
        y = y - c
    g, ga, gb, gc = xp.ones_like(y), xp.zeros_like(y), xp.zeros_like(y), xp.zeros_like(y)
    while kept:
        before, y = kept.pop()
        gc += -g
        g = g * xp.cos(y)
        gb += g
        ga += g * before
        g = g * a
    return [g, ga, gb, gc]


def problem(shape: tuple[int, ...], length: int, *, tracked: bool) -> Problem:
    """A chain on arrays of this shape; with `tracked`, a, b and c are differentiated by as well."""
    random = np.random.default_rng(0)
    x, b = (np.asarray(random.uniform(0.1, 0.5, shape)) for _ in range(2))
    others = [np.ones(shape), b, b.copy()]
    return Problem(
        partial(chain, length=length),
        [x, *others] if tracked else [x],
        [] if tracked else others,
        {"forward": partial(_forward, length=length), "gradients": partial(by_all if tracked else by_x, length=length)},
    )


def rows(settings: Settings) -> Iterator[Row]:
    """1,000 operations on 10 numbers each, and on single numbers."""
    one = problem((10,), LENGTH, tracked=False)
    yield timed("chain of 1,000 on 10 elements, forward", one, "forward", settings, FORWARD)
    yield timed("chain of 1,000 on 10 elements", one, "gradients", settings, BOTH)
    four = problem((10,), LENGTH, tracked=True)
    yield timed("the same by all four inputs", four, "gradients", settings, BOTH)
    scalar = problem((), LENGTH, tracked=False)
    yield timed("chain of 1,000 scalars, forward", scalar, "forward", settings, FORWARD)
    yield timed("chain of 1,000 scalars", scalar, "gradients", settings, BOTH)
