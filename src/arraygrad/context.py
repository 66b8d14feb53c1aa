"""The `ctx` of a Function."""

from __future__ import annotations

from typing import Any

from .errors import ArgumentTypeError, GradientError
from .tensor import Tensor


class FunctionCtx:
    """What `forward` tells `backward` and `jvp`. Attributes of the user's own are kept as they are."""

    __slots__ = ("__dict__", "_dirty", "_materialize", "_non_differentiable", "_saved", "_to_save", "needs_input_grad")

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._to_save: tuple[Any, ...] = ()
        self._saved: tuple[Any, ...] | None = None
        self._dirty: tuple[Tensor, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward`: inputs and outputs above all. Raises ArgumentTypeError for anything else."""
        for index, tensor in enumerate(tensors):
            if not (tensor is None or isinstance(tensor, Tensor)):
                raise ArgumentTypeError(
                    f"save_for_backward can only save variables, but argument {index} is of type "
                    f"{type(tensor).__name__}; keep it as an attribute, ctx.name = value"
                )
        self._to_save = tensors

    save_for_forward = save_for_backward

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that were kept, inside `backward` and `jvp`."""
        if self._saved is None:
            raise GradientError("saved_tensors: they are known inside backward() and jvp() only")
        return self._saved

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` writes to. All must be returned."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no derivative."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (the default) or None for outputs that nobody used."""
        self._materialize = bool(value)

    def _with(self, saved: tuple[Any, ...]) -> FunctionCtx:
        """The same with the tensors that were kept: each use has its own, so that threads may share a graph."""
        other = FunctionCtx(self.needs_input_grad)
        other.__dict__ = self.__dict__
        other._materialize = self._materialize
        other._saved = saved
        return other
