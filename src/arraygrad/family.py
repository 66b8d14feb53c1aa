"""Tensors that share their entries: a tensor, its views, the views of those, and what `detach` gave.

A view does not share memory on purpose: it knows the tensor it was made from, the way forward (the operation) and the
way back. So a write means the same on arrays that cannot be written. Each tensor knows, weakly, those made from it that
are up to date; a write makes them stale, and a stale one is made again when somebody looks at it (`views`).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor


class View:
    """How a tensor came from another, its `parent`: by `op`, or as the same entries if that is None.

    `cut`: the history ends here, though the entries are shared: `detach`, or a view made under `no_grad`. `lock` says why
    writes cannot be recorded.
    """

    __slots__ = ("cut", "lock", "op", "options", "parent")

    def __init__(self, parent: Tensor, op: Op | None, options: dict[str, Any], cut: bool = False, lock: str = "") -> None:
        self.parent = parent
        self.op = op
        self.options = options
        self.cut = cut
        self.lock = lock


class Children:
    """Weak references to the tensors made from one, as far as they are up to date. Adding one takes constant time."""

    __slots__ = ("limit", "references")

    def __init__(self) -> None:
        self.references: list[weakref.ref[Tensor]] = []
        self.limit = 16

    def add(self, child: Tensor) -> None:
        """Remember a tensor; forget those that died, now and then."""
        self.references.append(weakref.ref(child))
        if len(self.references) > self.limit:
            self.references = [reference for reference in self.references if reference() is not None]
            self.limit = max(16, 2 * len(self.references))

    def __iter__(self) -> Iterator[Tensor]:
        return (child for reference in self.references if (child := reference()) is not None)


def join(child: Tensor, view: View) -> None:
    """Make a tensor a member of its parent's family. Writes to either count for both."""
    rest = view.parent._rest()
    own = child._rest()
    own.view = view
    own.version = rest.version
    if rest.children is None:
        rest.children = Children()
    rest.children.add(child)


def view_of(tensor: Tensor) -> View | None:
    """How a tensor came from another, None for one that stands alone or at the top of its family."""
    return None if tensor.rest is None else tensor.rest.view


def ancestors(tensor: Tensor) -> Iterator[tuple[Tensor, View]]:
    """A tensor and how it came from its parent; the parent and how it came from its own; and so on."""
    view = view_of(tensor)
    while view is not None:
        yield tensor, view
        tensor = view.parent
        view = view_of(tensor)


def top(tensor: Tensor) -> Tensor:
    """The tensor that all of the family came from."""
    for _, view in ancestors(tensor):
        tensor = view.parent
    return tensor


def members(tensor: Tensor) -> Iterator[Tensor]:
    """The tensors that came from one, and from those, as far as they are up to date."""
    stack = [tensor]
    while stack:
        rest = stack.pop().rest
        if rest is not None and rest.children is not None:
            for child in rest.children:
                stack.append(child)
                yield child


def base_of(tensor: Tensor) -> Tensor | None:
    """The tensor that a view is a view of, for the graph: the farthest with which it shares its history; None if none."""
    found = None
    for _, view in ancestors(tensor):
        if view.op is None:
            break
        found = view.parent
    return found
