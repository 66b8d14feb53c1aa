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

    __array_ufunc__ = None  # so that NumPy leaves the product to __rmul__

    def __rmul__(self, flowing: Any) -> Selected:
        """A cotangent or tangent times a local derivative that is zero where the mask does not hold."""
        return Selected(flowing if self.array is None else flowing * self.array, self.mask)

    @property
    def mask(self) -> Any:
        """Where the array counts."""
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

    def move(self, pull: Callable[[Any], Any]) -> Any:
        """The result of `pull`, a rule that only moves and adds entries, with the mask moved alike."""
        result = pull(self.settle())
        inner = result if type(result) is Selected else None
        array = inner.array if inner else result

        def mask() -> Any:
            xp = namespace_of(array)
            moved = pull(xp.astype(xp.broadcast_to(self.mask, self.array.shape), self.array.dtype))
            return (moved.settle() if type(moved) is Selected else moved) != 0

        return Selected(array, mask, clean=True)


def settle(value: Any) -> Any:
    """`value` as a plain array."""
    return value.settle() if type(value) is Selected else value


def select(condition: Any) -> Selected:
    """The local derivative of what `condition` selects: 1 where it holds, structurally zero elsewhere."""
    return Selected(None, condition)
