"""Writes to a part of a tensor whose entries share their place: one row of an expanded tensor, of which all rows change.

Such a write has no way back through the operation that made the entries share their place. It goes by position: where
each entry of the part is in the tensor that has it once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .call import evaluate
from .errors import GradientError
from .family import View, ancestors
from .tensor import Tensor

Step = tuple[Tensor, View]


def check_places(x: Tensor, operation: str) -> None:
    """Raise GradientError if two entries of x share their place."""
    farthest = _farthest(steps := list(ancestors(x)))
    if farthest is None:
        return
    places = _places(steps[: farthest + 1])
    if len(np.unique(places)) != places.size or not steps[farthest][1].parent.ndim:
        raise GradientError(
            f"{operation}: unsupported operation: more than one element of the written-to tensor refers to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )


def has_overlaps(x: Tensor) -> bool:
    """Whether x came from a tensor in which entries share their place."""
    return _farthest(list(ancestors(x))) is not None


def steps_of_write(x: Tensor) -> list[Step]:
    """The way up from x on which a write goes: one step, by position, in place of those in which entries share theirs."""
    farthest = _farthest(steps := list(ancestors(x)))
    if farthest is None:
        return steps
    from .ops.indexing import getitem

    around = [view for _, view in steps[: farthest + 1]]
    parent = around[-1].parent
    key = np.unravel_index(_places(steps[: farthest + 1]), parent.shape)
    arrays = tuple(parent.backend.xp.asarray(indices, device=parent.device) for indices in key)
    cut, lock = any(view.cut for view in around), next((view.lock for view in around if view.lock), "")
    return [(x, View(parent, getitem.op, {"key": arrays}, cut, lock)), *steps[farthest + 1 :]]


def places_of(x: Tensor) -> tuple[Tensor, np.ndarray]:
    """The nearest tensor that has each entry of x once, and where those are in it, counted in row-major order."""
    steps = list(ancestors(x))
    around = steps[: (_farthest(steps) or 0) + 1]
    return around[-1][1].parent, np.unique(_places(around))


def _farthest(steps: Sequence[Step]) -> int | None:
    """The last step, if any, in which entries come to share their place."""
    found = None
    for index, (member, view) in enumerate(steps):
        if view.op is not None and view.op.overlaps and member.size != view.parent.size:
            found = index
    return found


def _places(steps: Sequence[Step]) -> np.ndarray:
    """For each entry of the first tensor on the way where it is in the last parent, counted in row-major order."""
    parent = steps[-1][1].parent
    places = np.arange(parent.size or 0).reshape(parent.shape)
    for _, view in reversed(steps):
        if view.op is not None:
            places = evaluate(view.op, (places,), view.options)
    return np.asarray(places)
