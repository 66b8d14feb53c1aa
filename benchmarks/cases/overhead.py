"""What arraygrad adds to each call of an array library: on tiny arrays, where the excess is all there is to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from arrays import ArrayLibrary, installed
from libraries import OURS
from libraries.by_hand import ByHand
from libraries.ours import Ours
from measurement import Settings, compared
from problem import Arrays, Problem
from row import SECONDS, Row, Target
from table import Layout

from . import chain

BARE, EXCESS, ALLOWED = "by hand", "excess", "allowed"
LAYOUT = Layout((BARE, OURS, EXCESS, ALLOWED), {BARE: "of by hand"})
SAME = (Target(1, ALLOWED, EXCESS),)
"""What NumPy's excess is, give or take how well differences of times can be measured: a quarter of it, and a twentieth of
what the library takes by itself."""
LENGTH = 180


def moves(ops: Any, parameters: Arrays, constants: Arrays, length: int) -> Any:
    """The sum of what rounds of nine operations that are not entry by entry make of a matrix of 3 × 4."""
    (x,), (w,) = parameters, constants
    for _ in range(length // 9):
        y = ops.reshape(ops.reshape(x @ w, (12,)), (4, 3)).T
        y = y + ops.sum(y, axis=0)
        x = ops.concat([y[1:, ...], y[:1, ...]], axis=0)
    return ops.sum(x)


def moves_by_hand(xp: Any, parameters: Arrays, constants: Arrays, length: int) -> list[Any]:
    """Its derivative by the matrix, of one operation after the other: what was sliced is filled up with zeros, and added."""
    total = moves(xp, parameters, constants, length)
    (x,), (w,) = parameters, constants
    first, others = xp.zeros_like(x[:1, ...]), xp.zeros_like(x[1:, ...])
    g = xp.broadcast_to(xp.ones_like(total), x.shape)
    for _ in range(length // 9):
        g = xp.concat([first, g[:2, ...]], axis=0) + xp.concat([g[2:, ...], others], axis=0)
        g = g + xp.sum(g, axis=0)
        g = xp.reshape(xp.reshape(g.T, (12,)), (3, 4)) @ w.T
    return [g]


def moves_problem(length: int) -> Problem:
    """In float64."""
    random = np.random.default_rng(0)
    x, w = random.standard_normal((3, 4)), random.standard_normal((4, 4)) / 8
    return Problem(
        partial(moves, length=length), [x], [w],
        {"forward": partial(_moved, length=length), "gradients": partial(moves_by_hand, length=length)},
    )  # fmt: skip


def _moved(xp: Any, parameters: Arrays, constants: Arrays, length: int) -> Any:
    return moves(xp, parameters, constants, length)


def rows(settings: Settings, arrays: Sequence[ArrayLibrary] | None = None) -> Iterator[Row]:
    """Time for each operation, of the library alone and with arraygrad, and how much more that is.

    Of Dask, whose calls compute nothing, it is the time to make the graph.
    """
    for title, make in (("entry by entry", _chain), ("reshape, sum, matmul, slices", moves_problem)):
        for task in ("forward", "gradients"):
            on_numpy: float | None = None
            for each in installed() if arrays is None else arrays:
                row = _row(f"{each.name}: {title}, {task}", each, make(_length(each, settings)), task, settings, on_numpy)
                yield row
                if each.name == "numpy":
                    on_numpy = row.number(EXCESS)


def _chain(length: int) -> Problem:
    return chain.problem((10,), length, tracked=False)


def _length(arrays: ArrayLibrary, settings: Settings) -> int:
    """Of Dask, which merges graphs at each call, few."""
    return 36 if settings.quick or arrays.name == "dask" else LENGTH


def _row(
    name: str, arrays: ArrayLibrary, problem: Problem, task: str, settings: Settings, on_numpy: float | None
) -> Row:  # fmt: skip
    length = _length(arrays, settings)
    arrays.use_threads(1)
    clocks = dict.fromkeys((BARE, OURS), arrays.call_clock)
    found = compared({BARE: ByHand(arrays), OURS: Ours(arrays.asarray)}, problem, task, settings, clocks)
    bare, ours = (float(found[column]) / length for column in (BARE, OURS))
    values: dict[str, float | str] = {BARE: bare, OURS: ours, EXCESS: ours - bare}
    if on_numpy is not None:
        values[ALLOWED] = 1.25 * on_numpy + 0.05 * bare
    return Row(name, SECONDS, values, SAME if on_numpy is not None else ())
