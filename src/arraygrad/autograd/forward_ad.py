"""`ag.autograd.forward_ad`: forward mode as PyTorch has it, with dual tensors instead of transforms.

    with dual_level():
        y = f(make_dual(x, v))
        value, jvp = unpack_dual(y)

Levels nest, which PyTorch's do not: each has its own tangents, so derivatives of derivatives are exact. Reverse mode goes
through: tangents that depend on tensors that require a gradient are differentiated by `backward` and `grad`, and gradients
that `grad` computes inside a level carry tangents. `no_grad` does not stop tangents, `inference_mode` does.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import NamedTuple

from .. import modes
from ..call import dispatch, level_of
from ..dual import Dual, DualLevel
from ..errors import ArgumentError, ArgumentTypeError, GradientError
from ..family import View, join
from ..ops.creation import zeros_like
from ..ops.data_type import astype
from ..ops.manipulation import reshape
from ..selection import settle
from ..tensor import Tensor, as_tensor, constant
from ..views import UNRECORDED

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_open: ContextVar[tuple[DualLevel, ...]] = ContextVar("arraygrad.dual_levels", default=())
"""The levels that the caller is inside of."""


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` gives: the value, and the tangent that it carried, or None."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open a level inside those that are open, and return its number: 0 for the outermost."""
    depth = modes.depth.get() + 1
    if modes.current().blocked == depth - 1:
        modes.replace(modes.current()._replace(blocked=depth))  # what did not record still does not
    modes.depth.set(depth)
    _open.set((*_open.get(), DualLevel(depth)))
    return len(_open.get()) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the innermost level: all tensors lose the tangents that it gave them."""
    levels = _open.get()
    if not levels:
        raise GradientError("exit_dual_level: no level is open; enter_dual_level() opens one")
    if level is not None and level != len(levels) - 1:
        raise GradientError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported: got "
            f"level {level}; expected {len(levels) - 1}"
        )
    depth = modes.depth.get()
    if modes.current().blocked == depth:
        modes.replace(modes.current()._replace(blocked=depth - 1))
    modes.depth.set(depth - 1)
    _open.set(levels[:-1])
    levels[-1].close()


class dual_level(ContextDecorator):
    """A context manager and decorator, inside of which a level is open."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exception: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor with the value of `tensor` that carries `tangent`, at the innermost level or at that of a number.

    `tangent` has the shape of `tensor`, and is taken in its dtype. Both may require gradients, which flow through.
    """
    known = _level("make_dual", level)
    if known is None:
        raise GradientError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, value in (("primal", tensor), ("tangent", tangent)):
        _check(name, value, known)
    if tangent.shape != tensor.shape:
        raise ArgumentError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )
    if tangent.dtype.is_complex and not tensor.dtype.is_complex:
        raise ArgumentTypeError(
            f"make_dual: tangent: got dtype {tangent.dtype.name} for a primal of dtype {tensor.dtype.name}; expected real"
        )
    if tangent.backend is not tensor.backend:
        raise ArgumentTypeError(
            f"make_dual: tangent: got one stored by {tangent.backend.name}; expected {tensor.backend.name}, as the primal is"
        )
    if modes.current().inference:
        return tensor
    view = DualView(tensor, known)
    primal = dispatch(reshape.op, (tensor,), view.options) if tensor.requires_grad else tensor
    dual = Dual(constant(primal), constant(astype(tangent, tensor.dtype, copy=False)), known)
    join(dual, view)
    return dual


class DualView(View):
    """How a dual tensor came from its primal, with which it shares its entries: each has its own tangent at a level."""

    __slots__ = ("level",)

    def __init__(self, primal: Tensor, level: DualLevel) -> None:
        cut = not modes.is_grad_enabled()
        super().__init__(primal, reshape.op, {"shape": primal.shape, "copy": None}, cut, UNRECORDED if cut else "")
        self.level = level

    def down(self, made: Tensor, tensor: Tensor) -> Tensor:
        """What was made, with the tangent that the tensor has."""
        primal, tangent = _split(made, self.level)[0], self._tangent_of(tensor)
        return primal if tangent is None else Dual(constant(primal), constant(tangent), self.level)

    def up(self, change: Tensor, tensor: Tensor) -> Tensor:
        """The change without its tangent, which the tensor keeps."""
        primal, tangent = _split(change, self.level)
        if tangent is None and self._tangent_of(tensor) is not None:
            tangent = zeros_like(primal)
        if tangent is not None:
            Dual(constant(primal), constant(tangent), self.level).give_tangent(tensor)
        return primal

    def _tangent_of(self, tensor: Tensor) -> Tensor | None:
        return _split(tensor, self.level)[1] if isinstance(tensor, Dual) else None


def _check(name: str, value: object, level: DualLevel) -> None:
    """Raise unless `value` can be a primal or a tangent at a level."""
    if not isinstance(value, Tensor):
        raise ArgumentTypeError(f"make_dual: {name}: got {type(value).__name__}; expected a Tensor")
    if not value.dtype.is_differentiable:
        raise ArgumentError(f"Expected {name} to be floating point or complex, but got: {value.dtype.name}")
    if _split(value, level)[1] is not None:
        what = (
            "Making a dual Tensor based on a Tensor that already has a forward gradient"
            if name == "primal"
            else "Setting a forward grad that itself has a forward gradient"
        )
        raise GradientError(
            f"{what} at the same level {_open.get().index(level)} is not supported; open another level for it"
        )


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value of a tensor and the tangent that it carries, at the innermost level or at that of a number.

    The tangent is None where it carries none: it is a constant, or no level is open.
    """
    known = _level("unpack_dual", level)
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"unpack_dual: got {type(tensor).__name__}; expected a Tensor")
    return UnpackedDualTensor(tensor, None) if known is None else UnpackedDualTensor(*_split(tensor, known))


def _level(function: str, level: int | None) -> DualLevel | None:
    """The level of a number, the innermost for None; None if no level is open."""
    levels = _open.get()
    if level is None:
        return levels[-1] if levels else None
    if not 0 <= level < len(levels):
        raise GradientError(f"Invalid level given to {function}: got {level}; {len(levels)} levels are open, from 0")
    return levels[level]


def _split(value: Tensor, level: DualLevel) -> tuple[Tensor, Tensor | None]:
    """A value without its tangent at a level, and that tangent. Both carry what the value carries at other levels."""
    own = level_of(value)
    if own is None or own.depth < level.depth:
        return value, None
    if not isinstance(value, Dual):
        if isinstance(value.array, Tensor):
            raise GradientError(
                "unpack_dual: got a value of a transform that was entered inside the level; "
                "return it from the function that is transformed, and unpack it there"
            )
        return value, None
    inner, outer = as_tensor(value.array), as_tensor(settle(value.tangent))
    if value.level is level:
        return inner, outer
    primal, tangent = _split(inner, level)
    outer_primal, outer_tangent = _split(outer, level)
    if tangent is None and outer_tangent is None:
        return value, None
    tangent = zeros_like(primal) if tangent is None else tangent
    outer_tangent = zeros_like(outer_primal) if outer_tangent is None else outer_tangent
    return (
        Dual(constant(primal), constant(outer_primal), value.level),
        Dual(constant(tangent), constant(outer_tangent), value.level),
    )
