"""Strategies for parameters of the extensions `linalg` and `fft`."""

from __future__ import annotations

import math
from typing import Any

from .cases import Draft
from .parameters import some_axes, strategy
from .values import MATRICES, NONZERO

# -- linalg -----------------------------------------------------------------------------------------------


@strategy("mode")
def _mode(draft: Draft) -> str:
    return draft.random.choice(["reduced", "complete"])


@strategy("rtol")
def _tolerance(draft: Draft) -> None:
    return None


@strategy("linalg.vector_norm.ord")
def _vector_order(draft: Draft) -> float:
    return draft.random.choice([2, 1, 3, math.inf, -math.inf, 0.5, -1, 0, 2.5])


@strategy("linalg.matrix_norm.ord")
def _matrix_order(draft: Draft) -> Any:
    return draft.random.choice(["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])


@strategy("linalg.matrix_power.n")
def _power(draft: Draft) -> int:
    return draft.random.choice([2, 3, 0, 1, -1, -2, 5])


def _matrices(draft: Draft, rows: int, columns: int) -> Any:
    batch = (0,) if draft.empty else draft.random.choice([(), (2,), (2, 1)])
    return draft.values("x", (*batch, rows, columns), MATRICES["invertible"])


@strategy("linalg.matrix_power.x")
def _square_matrices(draft: Draft) -> Any:
    side = draft.random.choice([2, 3, 1])
    return _matrices(draft, side, side)


@strategy("linalg.matrix_norm.x")
def _any_matrices(draft: Draft) -> Any:
    return _matrices(draft, draft.random.choice([2, 3, 1]), draft.random.choice([2, 3, 1]))


@strategy("linalg.outer.x2", "linalg.outer.x1")
def _vector(draft: Draft) -> Any:
    return draft.values("x1", (0 if draft.empty else draft.random.choice([3, 2, 1]),))


@strategy("linalg.solve.x2")
def _right_hand_side(draft: Draft) -> Any:
    """A vector, or matrices."""
    *batch, side, _ = draft.arrays["x1"].shape
    shape = draft.random.choice([(side,), (*batch, side, 2), (side, 3), (*batch, side, 1)])
    return draft.values("x2", shape, domain=NONZERO)


# -- fft --------------------------------------------------------------------------------------------------


@strategy("norm")
def _norm(draft: Draft) -> str:
    return draft.random.choice(["backward", "ortho", "forward"])


@strategy("n")
def _length(draft: Draft) -> int | None:
    return draft.random.choice([None, 2, 3, 4, 5, 1])


@strategy("s")
def _lengths(draft: Draft) -> Any:
    lengths = tuple(draft.random.choice([2, 3, 4, 1]) for _ in range(draft.random.randint(1, draft.ndim)))
    return draft.random.choice([None, lengths])


@strategy("axes")
def _transformed_axes(draft: Draft) -> Any:
    """As many as `s` has; without axes it is the last ones, of which NumPy warns."""
    lengths = draft.options.get("s")
    if lengths is not None:
        return draft.random.choice([some_axes(draft, len(lengths), draft.ndim)] * 3 + [None])
    return draft.random.choice([None, some_axes(draft, draft.random.randint(1, draft.ndim), draft.ndim)])
