"""Strategies for arrays whose shape or values follow from others, and for the keys of indexing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .cases import Draft
from .parameters import some_axes, strategy
from .shapes import Shape, broadcasting


@strategy("repeat.repeats")
def _repeats(draft: Draft) -> Any:
    axis = draft.options["axis"]
    length = math.prod(draft.shape) if axis is None else draft.shape[axis]
    each = np.asarray([draft.random.choice([1, 2, 0]) for _ in range(length)], dtype=np.int64)
    return draft.random.choice([2, 3, each]) if draft.ndim else 2


@strategy("where.condition", "masked.mask")
def _condition(draft: Draft) -> Any:
    shape = broadcasting(draft.random, 2, draft.shape)[0]
    return draft.source.rng.integers(0, 2, shape).astype(bool)


@strategy("clip.min")
def _minimum(draft: Draft) -> Any:
    return _bound(draft, "min", (-2.4, -0.2))


@strategy("clip.max")
def _maximum(draft: Draft) -> Any:
    return _bound(draft, "max", (0.2, 2.4))


def _bound(draft: Draft, parameter: str, interval: tuple[float, float]) -> Any:
    shape = broadcasting(draft.random, 2, draft.shape)[0]
    array = draft.values(parameter, shape, interval)
    return draft.random.choice([array, array, None, interval[0] / 2 + interval[1] / 2])


@strategy("concat.arrays")
def _joined(draft: Draft) -> list[Any]:
    axis = draft.options["axis"]
    arrays = []
    for _ in range(draft.random.randint(1, 3)):
        shape = list(draft.shape)
        if axis is not None and shape:
            shape[axis] = draft.random.choice([1, 2, 0 if draft.empty else 3])
        arrays.append(draft.values("arrays", tuple(shape)))
    return arrays


@strategy("stack.arrays", "broadcast_arrays.arrays")
def _alike(draft: Draft) -> list[Any]:
    count = draft.random.randint(1, 3)
    same = draft.call.name == "stack"
    shapes = [draft.shape] * count if same else broadcasting(draft.random, count, draft.shape)
    return [draft.values("arrays", shape) for shape in shapes]


@strategy("meshgrid.arrays")
def _coordinates(draft: Draft) -> list[Any]:
    lengths = draft.random.sample([2, 3, 1], draft.random.randint(1, 3))
    return [draft.values("arrays", (0 if draft.empty else length,)) for length in lengths]


@strategy("full_like.fill_value")
def _fill_value(draft: Draft) -> Any:
    return draft.values("fill_value", (), dtype=str(draft.arrays["x"].dtype))


@strategy("diff.prepend", "diff.append")
def _beside(draft: Draft) -> Any:
    shape = list(draft.shape)
    shape[draft.options["axis"]] = draft.random.choice([1, 2])
    return draft.values("append", tuple(shape)) if draft.random.choice([False, True]) else None


# -- indexing ---------------------------------------------------------------------------------------------


@strategy("getitem.key", "index_add.key", "index_set.key")
def _key(draft: Draft) -> Any:
    """A key of one of the sorts that there are."""
    sorts = [_basic_key, _basic_key, _mask]
    if draft.ndim and 0 not in draft.shape:
        sorts += [_integers_alone, _integers_for_all_axes]
    return draft.random.choice(sorts)(draft)


def _basic_key(draft: Draft) -> Any:
    parts: list[Any] = []
    for length in draft.shape:
        slices = [slice(None), slice(1, None), slice(None, None, -1), slice(None, -1), slice(-1, None, -2)]
        numbers = [draft.random.randrange(-length, length)] if length else []
        parts.append(draft.random.choice([*slices, *numbers] if length else slices[:1]))
    cut = draft.random.choice([len(parts), draft.random.randint(0, len(parts))])
    key = (*parts[:cut], ...) if cut < len(parts) else tuple(parts)
    return draft.random.choice([key, (None, *key)])


def _mask(draft: Draft) -> Any:
    return np.asarray(draft.source.rng.integers(0, 2, draft.shape), dtype=bool)


def _indices(draft: Draft, length: int, shape: Shape) -> Any:
    return draft.source.rng.integers(-length, length, shape)


def _integers_alone(draft: Draft) -> Any:
    return _indices(draft, draft.shape[0], draft.random.choice([(4,), (2, 2), (1,)]))


def _integers_for_all_axes(draft: Draft) -> Any:
    shape = draft.random.choice([(4,), (2, 3)])
    return tuple(_indices(draft, length, shape) for length in draft.shape)


@strategy("index_add.values", "index_set.values")
def _new_values(draft: Draft) -> Any:
    target = np.empty(draft.shape)[draft.options["key"]].shape
    shape = draft.random.choice([target, target, target[1:]])
    return draft.values("values", shape, dtype=str(draft.arrays["x"].dtype))


@strategy("take.indices")
def _taken(draft: Draft) -> Any:
    axis = draft.options["axis"]
    length = draft.shape[0 if axis is None else axis]
    return _indices(draft, length, (draft.random.choice([4, 2, 1]),)) if length else np.zeros(0, dtype=np.int64)


@strategy("take.axis")
def _taken_axis(draft: Draft) -> Any:
    axis = draft.random.randrange(-draft.ndim, draft.ndim)
    return draft.random.choice([axis, None]) if draft.ndim == 1 else axis


@strategy("take_along_axis.indices")
def _taken_along(draft: Draft) -> Any:
    axis = draft.options["axis"]
    shape = list(draft.shape)
    shape[axis] = draft.random.choice([1, 2, 4])
    return _indices(draft, max(draft.shape[axis], 1), tuple(shape))


# -- contractions -----------------------------------------------------------------------------------------


@strategy("tensordot.axes", "linalg.tensordot.axes")
def _contractions(draft: Draft) -> Any:
    """How many axes, or which of x1 and, in their order, which of x2."""
    count = draft.random.randint(0, draft.ndim)
    more = draft.random.randint(0, 1)
    pair = some_axes(draft, count, draft.ndim), some_axes(draft, count, count + more)
    return draft.random.choice([count, pair])


@strategy("tensordot.x2", "linalg.tensordot.x2")
def _contracted_with(draft: Draft) -> Any:
    axes = draft.options["axes"]
    if isinstance(axes, int):
        return draft.values("x2", (*draft.shape[draft.ndim - axes :], *draft.random.choice([(), (2,)])))
    first, second = axes
    ndim = draft.random.randint(0, 1) + len(second)
    ndim = max(ndim, *(axis + 1 if axis >= 0 else -axis for axis in second)) if second else ndim
    shape = [2] * ndim
    for mine, its in zip(first, second, strict=True):
        shape[its] = draft.shape[mine]
    return draft.values("x2", tuple(shape))


@strategy("matmul.x1", "linalg.matmul.x1")
def _left_factor(draft: Draft) -> Any:
    """A vector or matrices; of what x2 must have, `draft.shape` remembers."""
    rows, inner, columns = (draft.random.choice([2, 3, 1]) for _ in range(3))
    batch = (0,) if draft.empty else draft.random.choice([(), (), (2,), (3, 1)])
    left, right = broadcasting(draft.random, 2, batch)
    shapes = [((*left, rows, inner), (*right, inner, columns)), ((inner,), (*batch, inner, columns)),
              ((*batch, rows, inner), (inner,)), ((inner,), (inner,))]  # fmt: skip
    first, draft.shape = draft.random.choice([shapes[0], *shapes])
    return draft.values("x1", first)


@strategy("matmul.x2", "linalg.matmul.x2")
def _right_factor(draft: Draft) -> Any:
    return draft.values("x2", draft.shape)
