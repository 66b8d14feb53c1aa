"""A Tensor that carries a tangent: what forward mode computes with."""

from __future__ import annotations

from typing import Any

from .backends import learn_dtypes
from .dtypes import HALVES, STANDARD
from .errors import GradientError
from .graph import Level
from .tensor import Rest, Tensor


class Dual(Tensor):
    """A value that carries a tangent: `array` and `tangent` are values one level down.

    It has the slots of a Tensor and no other, so that a write in place can make one of the other.
    """

    __slots__ = ()

    def __init__(self, primal: Any, tangent: Any, level: Level) -> None:
        self.array = primal
        self.node = None
        self.rest = Rest()
        self.rest.tangent = tangent
        self.rest.level = level

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

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Not possible: raises GradientError unless nothing would change."""
        if requires_grad != self.requires_grad:
            raise GradientError(
                "requires_grad_: got a value that carries a tangent, inside arraygrad.func.jvp or its like; "
                "differentiate there with a transform as well: arraygrad.func.grad or vjp"
            )
        return self

    def detach(self) -> Tensor:
        """The same array with the same tangent, cut off from the graph that a backward pass would walk."""
        return Dual(_detached(self.array), _detached(self.tangent), self.level)


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


learn_dtypes(Dual, STANDARD + tuple(HALVES))
