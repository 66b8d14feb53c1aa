"""Tensors that share their entries: a tensor, its views, the views of those, and what `detach` gave.

A view does not share memory on purpose: it knows the tensor it was made from, the way forward (the operation) and the
way back. So a write means the same on arrays that cannot be written. Each tensor knows, weakly, those made from it that
are up to date; a write makes them stale, and a stale one is made again when somebody looks at it (`views`).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .graph import ROOT, AccumulateGrad, Level, Vertex

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor


shared = threading.RLock()
"""Held by a thread that changes who is up to date: many may look at one family, make views of it and write to them."""


class Rest:
    """What few tensors have, behind one slot that is None for the others. What was never set has its default."""

    __slots__ = ("children", "grad", "leaf", "level", "tangent", "version", "view")

    level: Level
    tangent: Any
    grad: Tensor | None
    leaf: AccumulateGrad | None
    view: View | None
    children: Children | None
    version: list[int]
    """How many writes there were, shared by those to whom they count."""

    def __getattr__(self, name: str) -> Any:
        """The default; the count of writes is made when first asked for."""
        if name == "version":
            self.version = [0]
            return self.version
        return ROOT if name == "level" else None


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

    def down(self, made: Tensor, tensor: Tensor) -> Tensor:
        """What a tensor takes of what `op` made of its parent."""
        return made

    def up(self, change: Tensor, tensor: Tensor) -> Tensor:
        """What its parent gets of a change of a tensor."""
        return change


class Children(list["weakref.ref[Tensor]"]):
    """Weak references to the tensors made from one, as far as they are up to date. Adding one takes constant time."""

    limit = 16
    stale: Children | None = None
    """Those that are not."""

    def prune(self) -> None:
        """Forget those that died; next when there are twice as many as live now."""
        self[:] = {id(reference): reference for reference in self if reference() is not None}.values()
        self.limit = max(16, 2 * len(self))

    def alive(self) -> Iterator[Tensor]:
        """The tensors."""
        return (child for reference in self if (child := reference()) is not None)

    def retire(self) -> None:
        """Set all aside as stale."""
        if self.stale is None:
            self.stale = Children()
        self.stale += self
        self.clear()
        if len(self.stale) > self.stale.limit:
            self.stale.prune()


def join(child: Tensor, view: View) -> None:
    """Make a tensor a member of its parent's family. Writes to either count for both."""
    rest = child.rest
    if rest is None:
        rest = child.rest = Rest()
        rest.children = None
    rest.view = view
    rest.version = remember(child, view.parent).version


def remember(child: Tensor, parent: Tensor) -> Rest:
    """Let a tensor know another that was made from it and is up to date; what it has beside its array."""
    with shared:
        rest = parent.rest
        if rest is None:
            rest = parent.rest = Rest()
            rest.children, rest.version = Children(), [0]
        elif rest.children is None:
            rest.children = Children()
        children: Any = rest.children
        children.append(weakref.ref(child))
        if len(children) > children.limit:
            children.prune()
        return rest


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
            for child in rest.children.alive():
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


def retains_grad(tensor: Tensor, node: Vertex | None) -> bool:
    """Whether `.grad` of a tensor that a node made is filled although it is not a leaf."""
    extra = None if node is None else node.extra
    return extra is not None and extra.retained is not None and extra.retained() is tensor


def replace(tensor: Tensor, other: Tensor) -> None:
    """Let another tensor, of the same entries, take the place of one in its family."""
    with shared:
        rest = tensor._rest()
        if rest.view is not None:
            join(other, rest.view)
        other._rest().version = rest.version
        children, rest.view, rest.children = rest.children, None, None
        for child in () if children is None else [*children.alive(), *(children.stale or Children()).alive()]:
            view = view_of(child)
            if view is not None and view.parent is tensor:
                child.rest.view = View(other, view.op, view.options, view.cut, view.lock)  # type: ignore[union-attr]
                remember(child, other)
