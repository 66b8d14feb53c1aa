"""Cotangents and tangents that are structurally zero in places.

`where(x > 0, sqrt(x), 0)` does not select `sqrt(x)` at 0, so nothing flows back there. A zero in that place is not a
number to multiply by the infinite derivative of the root: the product would be NaN. `Selected` carries the mask of
what was selected next to the array. Elementwise rules work on the array alone and may leave anything in the
places not selected; `settle` puts exact zeros there, once, where the chain of elementwise operations ends.
So a mask costs one `where` a chain, and a chain without a mask costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .backends import namespace_of


class Selected:
    """An array that counts only where its mask says so.

    `mask` is boolean and broadcasts to the array, or a function that makes it, called if it is needed at all.
    `clean` says that the array is known to be zero elsewhere.
    """

    __slots__ = ("_mask", "array", "clean")

    def __init__(self, array: Any, mask: Any | Callable[[], Any], clean: bool = False) -> None:
        self.array = array
        self._mask = mask
        self.clean = clean

    @property
    def mask(self) -> Any:
        if callable(self._mask):
            self._mask = self._mask()
        return self._mask

    def settle(self) -> Any:
        """The array with exact zeros where nothing was selected."""
        if not self.clean:
            self.array = namespace_of(self.array).where(self.mask, self.array, 0)
            self.clean = True
        return self.array

    def follow(self, result: Any) -> Selected:
        """`result` of an elementwise rule on the array, under the same mask (and its own, if it has one)."""
        if type(result) is Selected:
            return Selected(result.array, self.mask & result.mask)
        return Selected(result, self.mask)

    def move(self, pull: Callable[[Any], Any]) -> Selected:
        """The result of `pull`, a function that only moves and adds entries, with the mask moved alike."""
        result = pull(self.settle())
        array = result.array if type(result) is Selected else result
        return Selected(array, lambda: settle(pull(counting(self))) != 0, clean=True)

    def _rule_namespace(self) -> Any:
        return namespace_of(self.array)


def settle(value: Any) -> Any:
    """`value` as a plain array."""
    return value.settle() if type(value) is Selected else value


def counting(value: Any) -> Any:
    """1 where an array counts, 0 where it was not selected, in its dtype; None for None."""
    if type(value) is not Selected:
        return None if value is None else namespace_of(value).ones_like(value)
    xp, array = namespace_of(value), value.array
    return xp.astype(xp.broadcast_to(value.mask, array.shape), array.dtype)


def total(first: Any, second: Any) -> Any:
    """The sum of two cotangents or tangents: it counts where one of them does."""
    array = settle(first) + settle(second)
    if type(first) is Selected and type(second) is Selected:
        return Selected(array, lambda: first.mask | second.mask, clean=True)
    return array


def times(flowing: Any, partial: Any) -> Any:
    """A cotangent or tangent times a local derivative: it counts where both do."""
    if type(flowing) is Selected:
        return flowing.follow(times(flowing.array, partial))
    if type(partial) is Selected:
        return Selected(flowing * partial.array, partial.mask)
    return flowing * partial
