"""PyTorch's methods of tensors: its functions of one, and a few that are methods only."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .. import factories
from ..ops import data_type, manipulation, searching
from ..tensor import Tensor

_NAMES_OF_THE_TENSOR = ("input", "tensor", "self", "x", "x1")


def is_method(function: Any) -> bool:
    """Whether a function's first parameter is the tensor."""
    return not isinstance(function, type) and inspect.unwrap(function).__code__.co_varnames[0] in _NAMES_OF_THE_TENSOR


def _new(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def method(self: Tensor, *arguments: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        return make(
            *arguments, dtype=dtype or self.dtype, device=device or self.device, backend=self.backend.name,
            requires_grad=requires_grad,
        )  # fmt: skip

    method.__name__, method.__doc__ = f"new_{make.__name__}", f"As `{make.__name__}`, in the dtype and on the device of x."
    return method


def _of_dtype(name: str) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        return data_type.astype(self, name, copy=False)

    method.__doc__ = f"x as {name}."
    return method


def _type_as(self: Tensor, other: Tensor) -> Tensor:
    """x in the dtype of another tensor."""
    return data_type.astype(self, other.dtype, copy=False)


def _reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """x in the shape of another tensor."""
    return manipulation.reshape(self, other.shape)


def _contiguous(self: Tensor) -> Tensor:
    """x: nothing here depends on how entries lie in memory."""
    return self


def _where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """x where the condition holds, `other` elsewhere."""
    return searching.where(condition, self, other)


ONLY_METHODS: dict[str, Any] = {
    **{f"new_{make.__name__}": _new(make) for make in (factories.zeros, factories.ones, factories.empty, factories.full)},
    **{
        name: _of_dtype(dtype)
        for name, dtype in {
            "bool": "bool", "byte": "uint8", "char": "int8", "short": "int16", "int": "int32", "long": "int64",
            "half": "float16", "bfloat16": "bfloat16", "float": "float32", "double": "float64", "cfloat": "complex64",
            "cdouble": "complex128",
        }.items()
    },
    "type_as": _type_as, "reshape_as": _reshape_as, "view_as": _reshape_as, "contiguous": _contiguous, "where": _where,
}  # fmt: skip
