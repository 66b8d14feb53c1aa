"""The derivative of `x[key] = values`, in time and memory that go with what is written.

The gradient of x is the cotangent with structural zeros at the key. In a chain of writes to small parts of a large array
each would copy it; so the first makes buffers that only the walk sees, for the cotangent and for the mask of what
counts, and those after it write zeros into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backends import backend_of, device_of, namespace_of
from .backends.positions import has_integer_array, winners
from .call import bare
from .graph import Node
from .selection import Selected, settle
from .tensor import Tensor


def owned(g: Any) -> Selected:
    """A cotangent in buffers of its own."""
    if type(g) is Selected and g.is_own:
        return g
    is_new = type(g) is Selected and g.scattered is not None
    array = settle(g)
    mask = bare(g.mask) if type(g) is Selected else True
    raw = bare(array)
    xp = namespace_of(raw)
    mask = xp.asarray(mask, dtype=xp.bool, device=device_of(raw)) if mask is True else mask
    mask = xp.clone(xp.broadcast_to(mask, raw.shape))
    return Selected(array if is_new or isinstance(array, Tensor) else xp.clone(array), mask, clean=True, is_own=True)


def joint(node: Node, g: Any, kept: Any, wants: Sequence[bool]) -> list[Any]:
    """The cotangents of x and of the values: first theirs, since it is overwritten in the buffer then."""
    g, key = owned(g), node.options["key"]
    of_values = written(g, key) if wants[1] else None
    return [without(g, key) if wants[0] else None, of_values]


def written(g: Selected, key: Any) -> Selected:
    """What the values that were written get of an owned cotangent: of values with the same place the last gets it all."""
    array, mask = g.settle(), g.mask
    xp, masks = namespace_of(array), namespace_of(mask)
    taken, counts = xp.clone(xp.getitem(array, key)), masks.clone(masks.getitem(mask, key))
    if has_integer_array(key):
        last = winners(masks, mask.shape, key, device_of(mask))
        taken, counts = xp.where(last, taken, 0), counts & last
    return Selected(taken, counts, clean=True)


def without(g: Selected, key: Any) -> Selected:
    """An owned cotangent with structural zeros at a key."""
    array, mask = g.settle(), g.mask
    mask = backend_of(mask).write_at(mask, _zero(mask), key=key)
    if isinstance(array, Tensor):
        array = namespace_of(array).index_set(array, _zero(array), key=key)
    else:
        array = backend_of(array).write_at(array, _zero(array), key=key)
    return Selected(array, mask, clean=True, is_own=True)


def _zero(like: Any) -> Any:
    return namespace_of(like).zeros((), dtype=like.dtype, device=device_of(like))


def pushed(x: Any, values: Any, tangents: Any, key: Any) -> Selected | None:
    """The tangent of `x[key] = values`, which counts where those of x and of the values do."""
    flowing = [tangent if tangent is None else settle(tangent) for tangent in tangents]
    like = next(part for part in flowing if part is not None)
    xp = namespace_of(like)
    into, part = (xp.zeros_like(to) if of is None else of for to, of in zip((x, values), flowing, strict=True))
    masks = namespace_of(bare(like))
    counts = [masks.clone(masks.broadcast_to(_counts(tangent, to), to.shape)) for tangent, to in zip(tangents, (x, values))]
    return Selected(xp.index_set(into, part, key=key), masks.index_set(counts[0], counts[1], key=key), clean=True)


def _counts(tangent: Any, like: Any) -> Any:
    """Where a tangent counts."""
    if type(tangent) is Selected:
        return bare(tangent.mask)
    raw = bare(like)
    return namespace_of(raw).asarray(tangent is not None, dtype=namespace_of(raw).bool, device=device_of(raw))
