"""Rules on stacks of matrices of which only some items count.

A rule for matrices raises, or gives NaN for all, where one of them is singular. If `where` did not select that one, the
rule must not meet it: it is run on the items that count, and the others get exact zeros.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .backends import backend_of, device_of, namespace_of
from .call import bare
from .selection import Selected, settle

Parts = Sequence[Any]


def counting_items(parts: Parts, cores: Sequence[int]) -> Any:
    """Which items of a stack count in any of the parts, whose items have so many axes; None if all do.

    A part of None is zero everywhere.
    """
    if any(part is not None and type(part) is not Selected for part in parts):
        return None
    masks = []
    for part, core in zip(parts, cores, strict=True):
        if part is not None:
            xp = namespace_of(part)
            mask = bare(xp.broadcast_to(part.mask, part.shape))
            masks.append(namespace_of(mask).any(mask, axis=tuple(range(-core, 0))) if core else mask)
    return functools.reduce(operator.or_, masks)


def on_items(
    mask: Any, rule: Callable[[Parts, Parts], Parts], flowing: Parts, values: Parts, shapes: Sequence[tuple[int, ...]]
) -> Parts:
    """What a rule gives for cotangents or tangents and the values it names, run on the items of a mask alone.

    `shapes` are those of the results for the whole stack. A mask without values, of a lazy library or traced, cannot
    be looked at: there the rule meets all items, and what it gives for the others is dropped.
    """
    flowing = [settle(part) for part in flowing]
    if mask is None:
        return rule(flowing, values)
    library = namespace_of(mask)
    if not backend_of(mask).has_values(mask) or library.all(mask):
        results = rule(flowing, values)
    elif not library.any(mask):
        like = next(part for part in flowing if part is not None)
        results = [namespace_of(like).zeros(shape, dtype=like.dtype, device=device_of(like)) for shape in shapes]
    else:
        chosen = rule(_chosen(flowing, mask), _chosen(values, mask))
        results = [_filled(part, shape, mask) for part, shape in zip(chosen, shapes, strict=True)]
    return [
        Selected(part, mask[(..., *(None,) * (part.ndim - mask.ndim))]) if part is not None else None for part in results
    ]


def _chosen(parts: Parts, mask: Any) -> Parts:
    return [part if part is None else namespace_of(part).getitem(part, mask) for part in parts]


def _filled(part: Any, shape: tuple[int, ...], mask: Any) -> Any:
    xp = namespace_of(part)
    return xp.index_set(xp.zeros(shape, dtype=part.dtype, device=device_of(part)), part, key=mask)
