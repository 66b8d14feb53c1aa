"""Cotangents and tangents that are structurally zero in places.

`where(x > 0, sqrt(x), 0)` does not select `sqrt(x)` at 0, so nothing flows back there. A zero in that place is not a
number to multiply by the infinite derivative of the root: the product would be NaN. `Selected` carries the mask of
what was selected next to the array. Elementwise rules work on the array alone and may leave anything in the
places not selected; `settle` puts exact zeros there, once, where the chain of elementwise operations ends.
So a mask costs one `where` a chain, and a chain without a mask costs nothing.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from .backends import backend_of, device_of, namespace_of
from .backends.positions import has_integer_array


class Selected:
    """An array that counts only where its mask says so.

    The mask is boolean and broadcasts to the array; it is given as it is, or as a function that makes it, called if it is
    needed at all. `clean` says that the array is known to be zero elsewhere.
    """

    __slots__ = ("_array", "_masks", "clean", "is_own", "scattered")

    def __init__(self, array: Any, mask: Any | Callable[[], Any], clean: bool = False, is_own: bool = False) -> None:
        self._array = array
        self._masks = [mask]
        self.clean = clean
        self.is_own = is_own
        """Whether array and mask are in buffers that nobody else sees."""
        self.scattered: Scattered | None = None
        """What the array is to be made of."""

    @property
    def array(self) -> Any:
        """The array, made now if it was not yet."""
        if self._array is None and self.scattered is not None:
            values, places = self.scattered
            xp = namespace_of(values)
            zeros = xp.zeros(places.shape, dtype=values.dtype, device=places.device)
            if hasattr(values, "_rule_namespace"):
                self._array = xp.index_add(zeros, values, key=places.key)
            else:
                self._array = backend_of(values).add_at(zeros, values, places.key)
        return self._array

    def shared(self) -> Any:
        """The array, which from now on others may see: nothing is added to it any more."""
        array = self.array
        self.scattered, self.is_own = None, False
        return array

    @property
    def shape(self) -> Any:
        """That of the array."""
        return self._array.shape if self.scattered is None else self.scattered.places.shape

    @property
    def dtype(self) -> Any:
        """That of the array."""
        return self._array.dtype if self.scattered is None else self.scattered.values.dtype

    @property
    def mask(self) -> Any:
        """Where the array counts: where one of the masks of its terms holds."""
        return _joined(self._masks)

    def settle(self) -> Any:
        """The array with exact zeros where nothing was selected."""
        array = self.array
        if not self.clean:
            self._array = array = namespace_of(array).masked(array, self.mask)
            self.clean = True
        return array

    def follow(self, result: Any) -> Selected:
        """`result` of an elementwise rule on the array, under the same mask (and its own, if it has one)."""
        if type(result) is Selected:
            return Selected(result.array, combined(operator.and_, [self.mask, result.mask]))
        return self if result is self.array else Selected(result, self.mask)

    def move(self, pull: Callable[[Any], Any]) -> Selected:
        """The result of `pull`, a function that only moves and adds entries, with the mask moved alike."""
        result = pull(self.settle())
        if type(result) is Selected and result.scattered is not None:
            result.scattered.places.counts = self.counts()
            return result
        array = result.array if type(result) is Selected else result
        outline = self.outline()
        return Selected(array, lambda: settle(pull(outline())) != 0, clean=True)

    def outline(self) -> Callable[[], Any]:
        """A function that makes an array of 1 where this one counts and 0 elsewhere, without holding on to this one."""
        array, masks = self.array, self._masks
        xp, shape, dtype = namespace_of(array), array.shape, array.dtype
        return lambda: xp.astype(xp.broadcast_to(_joined(masks), shape), dtype)

    def counts(self) -> Callable[[], Any]:
        """A function that makes the mask in the shape of the array, without holding on to that."""
        array, masks = self.array, self._masks
        xp, shape = namespace_of(array), array.shape
        return lambda: xp.broadcast_to(_joined(masks), shape)

    def with_array(self, array: Any) -> Selected:
        """Another clean array under the same mask."""
        other = Selected(array, None, clean=True)
        other._masks = self._masks
        return other

    def add(self, term: Selected) -> None:
        """Add a term in place, in a buffer that is this one's own."""
        array = self.settle()
        if term.scattered is not None and term._array is None:
            values, places = term.scattered
            key, counts = places.key, places.counts
            self._array = backend_of(array).add_at(array, values, key)
            if self.is_own and (counts is None or not has_integer_array(key)):
                mask, backend = self.mask, backend_of(self.mask)
                also = namespace_of(mask).ones((), dtype=mask.dtype, device=device_of(mask))
                if counts is not None:
                    also = backend.getitem(mask, key) | counts()
                self._masks = [backend.write_at(mask, also, key=key)]
                return
            self.is_own = False
        else:
            array += term.settle()
            self._array = array
        self._masks.extend(term._masks)

    def _rule_namespace(self) -> Any:
        return namespace_of(self.array)


def _joined(masks: list[Any]) -> Any:
    """The mask of a sum from those of its terms, made now if it was not yet, and put in their place."""
    if len(masks) > 1:
        masks[:] = [combined(operator.or_, [mask() if callable(mask) else mask for mask in masks])]
    elif callable(masks[0]):
        masks[0] = masks[0]()
    return masks[0]


def combined(operation: Callable[[Any, Any], Any], masks: list[Any]) -> Any:
    """Masks as one. Some may be Tensors beside a library's arrays: those go first, since a library does not know them."""
    masks.sort(key=lambda mask: not hasattr(mask, "_rule_namespace"))
    return functools.reduce(operation, masks)


class Places:
    """Where in an array of a shape values are added: at a key. Called, it makes the mask of those places.

    `counts` makes the mask of those values that count; None if all do.
    """

    __slots__ = ("counts", "device", "key", "selected", "shape", "xp")

    def __init__(self, xp: Any, values: Any, shape: tuple[int, ...], key: Any) -> None:
        self.xp = xp
        self.device = device_of(values)
        self.selected = values.shape
        self.shape = shape
        self.key = key
        self.counts: Callable[[], Any] | None = None

    def __call__(self) -> Any:
        """The mask."""
        xp, key, counts = self.xp, self.key, self.counts
        if counts is None:
            ones = xp.ones(self.selected, dtype=xp.int8, device=self.device)
        else:
            ones = xp.astype(counts(), xp.int8)
        zeros = xp.zeros(self.shape, dtype=xp.int8, device=self.device)
        if counts is None or not has_integer_array(key):
            return xp.index_set(zeros, ones, key=key) != 0
        return xp.index_add(xp.astype(zeros, xp.int64), xp.astype(ones, xp.int64), key=key) != 0


class Scattered(NamedTuple):
    """Zeros with values added to them."""

    values: Any
    places: Places


def scatter(xp: Any, g: Any, shape: tuple[int, ...], key: Any) -> Selected:
    """Zeros of `shape` with g added at `key`: what was not indexed is structurally zero."""
    places = Places(xp, g, shape, key)
    result = Selected(None, places, clean=True)
    result.scattered = Scattered(g, places)
    return result


def settle(value: Any) -> Any:
    """`value` as a plain array."""
    return value.settle() if type(value) is Selected else value


def counting(value: Any) -> Any:
    """1 where an array counts, 0 where it was not selected, in its dtype; None for None."""
    if type(value) is Selected:
        return value.outline()()
    return None if value is None else namespace_of(value).ones_like(value)


def total(first: Any, second: Any) -> Any:
    """The sum of two cotangents or tangents, in a new buffer: it counts where one of them does."""
    array = settle(first) + settle(second)
    if type(first) is not Selected or type(second) is not Selected:
        return array
    both = first.with_array(array)
    both._masks = [*first._masks, *second._masks]
    return both


def times(flowing: Any, partial: Any) -> Any:
    """A cotangent or tangent times a local derivative: it counts where both do."""
    if type(flowing) is Selected:
        return flowing.follow(times(flowing.array, partial))
    if type(partial) is Selected:
        return Selected(flowing * partial.array, partial.mask)
    return flowing * partial
