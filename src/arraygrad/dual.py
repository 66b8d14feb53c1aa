"""A Tensor that carries a tangent: what forward mode computes with."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from .backends import learn_dtypes
from .dtypes import HALVES, STANDARD
from .errors import GradientError
from .graph import ROOT, Extra, Level, Node, Output
from .tensor import Rest, Tensor, constant


class Dual(Tensor):
    """A value that carries a tangent: `array` and `tangent` are values one level down.

    It has the slots of a Tensor and no other, so that a write in place can make one of the other.
    """

    __slots__ = ()

    def __init__(self, primal: Any, tangent: Any, level: Level) -> None:
        self.array = primal
        self.node = None
        self.rest = Rest()
        _carry(self, tangent, level)

    @property
    def level(self) -> Level:
        """The transform that pushes the tangent."""
        return self.rest.level  # type: ignore[union-attr]

    @property
    def tangent(self) -> Any:
        """The tangent, one level down."""
        return self.rest.tangent  # type: ignore[union-attr]

    @property
    def requires_grad(self) -> bool:
        """Whether the value that this one carries requires a gradient."""
        return isinstance(self.array, Tensor) and self.array.requires_grad

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made the value that this one carries."""
        return not isinstance(self.array, Tensor) or self.array.is_leaf

    @property
    def grad_fn(self) -> Any:
        """The node that made the value that this one carries."""
        return self.array.grad_fn if isinstance(self.array, Tensor) else None

    @property
    def _carries_tangent(self) -> bool:
        return True

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Not possible: raises GradientError unless nothing would change."""
        if requires_grad != self.requires_grad:
            raise GradientError(
                "requires_grad_: got a value that carries a tangent, inside arraygrad.func.jvp or its like; "
                "differentiate there with a transform as well: arraygrad.func.grad or vjp"
            )
        return self

    def give_tangent(self, tensor: Tensor) -> None:
        """Let another tensor, which was given the same value, carry the same tangent."""
        _carry(tensor, self.tangent, self.level)
        tensor.__class__ = Dual


def _carry(tensor: Tensor, tangent: Any, level: Level) -> None:
    rest = tensor._rest()
    rest.tangent, rest.level = tangent, level
    if isinstance(level, DualLevel):
        level.adopt(tensor)


class DualLevel(Level):
    """A level that the user opens and closes (`forward_ad`). When it closes, what carries its tangents loses them.

    Inside it, nodes know the tangents of the values that they keep, so that a backward pass pushes tangents on.
    """

    __slots__ = ("_carrying", "_duals")

    def __init__(self, depth: int) -> None:
        super().__init__(depth)
        self._duals: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()
        self._carrying: weakref.WeakSet[Extra] = weakref.WeakSet()

    def adopt(self, dual: Tensor) -> None:
        """Remember, weakly, what carries a tangent of this level."""
        self._duals[id(dual)] = dual

    def remember(self, outs: Sequence[Any], carriers: Sequence[Any]) -> None:
        """Let the node that made the outputs of a call, if it was recorded, know the tangents of what it keeps by position:
        those that the carriers carry."""
        node = _maker(outs)
        if node is not None and isinstance(node.kept, tuple):
            extra = node.extras()
            tangents = tuple(
                each.tangent if isinstance(each, Dual) and each.level is self else None for each in carriers
            )
            extra.tangents = (*(extra.tangents or ()), (self, tangents))
            self._carrying.add(extra)

    def close(self) -> None:
        """Take the tangents from all that carry them."""
        for dual in list(self._duals.values()):
            if isinstance(dual, Dual) and dual.level is self:  # a write may have given it another value since
                _lose_tangent(dual)
        for extra in self._carrying:
            extra.tangents = tuple(pair for pair in extra.tangents or () if pair[0] is not self) or None


def _maker(outs: Sequence[Any]) -> Node | None:
    """The node of the call that gave these outputs, None if it was not recorded."""
    for out in outs:
        vertex = getattr(recorded(out), "node", None)
        if vertex is not None:
            return vertex.node if isinstance(vertex, Output) else vertex if isinstance(vertex, Node) else None
    return None


def _lose_tangent(dual: Dual) -> None:
    inner = dual.array
    _carry(dual, None, ROOT)
    if isinstance(inner, Dual):
        dual.array = inner.array
        _carry(dual, inner.tangent, inner.level)
        return
    dual.__class__ = Tensor  # type: ignore[assignment]
    if isinstance(inner, Tensor):
        dual.array, dual.node = inner.array, inner.node


def recorded(value: Any) -> Any:
    """The value under the tangents of levels that the user opened: what a graph recorded of it."""
    while isinstance(value, Dual) and isinstance(value.level, DualLevel):
        value = value.array
    return value


def with_tangents(node: Node, lifted: list[Any]) -> list[Any]:
    """Values that a node keeps, as Tensors, with the tangents that it knows of them."""
    for level, tangents in (node.extra.tangents or ()) if node.extra is not None else ():
        lifted = [
            value if tangent is None or not isinstance(value, Tensor) else Dual(constant(value), tangent, level)
            for value, tangent in zip(lifted, tangents, strict=True)
        ]
    return lifted


learn_dtypes(Dual, STANDARD + tuple(HALVES))
