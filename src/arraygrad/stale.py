"""Tensors whose family was written to, until somebody looks at them: then they are made again, with their history."""

from __future__ import annotations

import weakref
from typing import Any

from . import modes
from .call import dispatch
from .dual import Dual
from .family import View, ancestors, members, remember, retains_grad, shared
from .graph import AccumulateGrad
from .tensor import Tensor


class Stale(Tensor):
    """A tensor whose family was written to: its array and node are made again when somebody looks at them."""

    __slots__ = ()

    @property
    def array(self) -> Any:
        """The entries as they are now."""
        refresh(self)
        return self.array

    @array.setter
    def array(self, value: Any) -> None:
        refresh(self)
        self.array = value

    @property
    def node(self) -> Any:
        """The vertex that made them."""
        refresh(self)
        return self.node

    @node.setter
    def node(self, value: Any) -> None:
        refresh(self)
        self.node = value


_array: Any = Tensor.array  # the slots themselves, behind what Stale puts before them
_node: Any = Tensor.node


def refresh(tensor: Tensor) -> None:
    """Make a stale tensor again, after those that it came from. It stays stale until it is whole: others may look at it."""
    with shared:
        chain = [tensor] if type(tensor) is Stale else []
        for _, view in ancestors(tensor):
            if type(view.parent) is not Stale:
                break
            chain.append(view.parent)
        for stale in reversed(chain):
            _follow(stale, stale.rest.view)  # type: ignore[union-attr, arg-type]
            if type(stale) is Stale:
                stale.__class__ = Tensor  # type: ignore[assignment]


def _follow(tensor: Tensor, view: View) -> None:
    """Take the entries and the history of a view from its parent."""
    parent = view.parent
    made = parent
    if view.op is not None:
        before = modes.replace(modes.with_blocked(modes.RECORD_ALL))
        try:
            made = dispatch(view.op, (parent,), view.options)
        finally:
            modes.replace(before)
        made = view.down(made, tensor)
    give_entries(tensor, made.array)
    if not view.cut:
        give_history(tensor, made)
    remember(tensor, parent)


def spread(summit: Tensor) -> None:
    """Make all that came from a tensor stale."""
    followers = list(members(summit))
    for tensor in (summit, *followers):
        if tensor.rest is not None and tensor.rest.children:
            tensor.rest.children.retire()
    for tensor in followers:
        if type(tensor) is Tensor:
            tensor.__class__ = Stale
            _array.__set__(tensor, None)  # what it was is not kept alive
    for tensor in followers:
        if type(tensor) is not Stale:
            _follow(tensor, tensor.rest.view)  # type: ignore[union-attr, arg-type]


def give_entries(tensor: Tensor, array: Any) -> None:
    """Let a tensor have other entries, and a leaf's vertex with it."""
    _array.__set__(tensor, array)
    node = _node.__get__(tensor)
    if isinstance(node, AccumulateGrad):
        node.array = array


def give_history(tensor: Tensor, source: Tensor) -> None:
    """Let a tensor have the node of another, or its tangent; `retain_grad` goes with it. Leaves stay leaves."""
    node = _node.__get__(tensor)
    if not isinstance(node, AccumulateGrad):
        retains = retains_grad(tensor, node)
        _node.__set__(tensor, source.node)
        if retains and source.node is not None:
            source.node.extras().retained = weakref.ref(tensor)
    if isinstance(source, Dual):
        source.give_tangent(tensor)
    elif isinstance(tensor, Dual):
        tensor.__class__ = Tensor  # type: ignore[assignment]
