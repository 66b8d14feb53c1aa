"""Writes in place: a tensor is given the result of an operation as its new value and history.

No array is overwritten, since a node may keep it or somebody else see it: the tensor gets another one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import modes
from .dtypes import DType
from .dual import Dual
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .graph import AccumulateGrad
from .ops import creation, elementwise
from .ops.data_type import astype
from .ops.indexing import index_set, plain_key
from .tensor import Tensor, as_tensor


def check_writable(x: Tensor, operation: str) -> None:
    """Raise GradientError for a leaf that requires a gradient, where operations are recorded."""
    if isinstance(x.node, AccumulateGrad) and modes.is_grad_enabled():
        raise GradientError(
            f"{operation}: a leaf Variable that requires grad is being used in an in-place operation. "
            "Do it under arraygrad.no_grad(), or on a copy: x.clone()"
        )


def assign(x: Tensor, value: Tensor, operation: str) -> Tensor:
    """Make `value`, of the same shape, the new value and history of x, in x's dtype."""
    if value.shape != x.shape:
        raise ArgumentError(
            f"{operation}: output with shape {list(x.shape)} doesn't match the broadcast shape {list(value.shape)}"
        )
    if value.dtype != x.dtype:
        if not _same_kind(value.dtype, x.dtype):
            raise ArgumentTypeError(
                f"{operation}: result type {value.dtype.name} can't be cast to the desired output type {x.dtype.name}"
            )
        value = astype(value, x.dtype)
    retains = x.retains_grad
    x.set_array(value.array)
    if isinstance(value, Dual):
        rest = x._rest()
        rest.tangent, rest.level = value.tangent, value.level
    x.__class__ = type(value)
    if not isinstance(x.node, AccumulateGrad):
        x.node = value.node
    if retains and x.node is not None:
        x.retain_grad()
    return x


_ORDER = ("bool", "unsigned integer", "signed integer", "real floating", "complex floating")


def _same_kind(source: DType, target: DType) -> bool:
    """NumPy's rule "same_kind": the target is of the same kind or a wider one."""
    return _ORDER.index(source.kind) <= _ORDER.index(target.kind)


def updating(function: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    """The in-place form of an operation whose first argument is the tensor."""

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        check_writable(self, name)
        result = function(self, *args, **options)
        return result if result is NotImplemented else assign(self, result, name)

    method.__name__ = name
    method.__doc__ = f"`{function.__name__}` in place."
    return method


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """x[key] = value: the overwritten entries get no gradient, `value` gets that of what it wrote."""
    check_writable(self, "setitem")
    if not isinstance(value, Tensor):
        value = creation.asarray(self.backend, value, dtype=None if hasattr(value, "dtype") else self.dtype)
    if value.dtype != self.dtype:
        if not _same_kind(value.dtype, self.dtype):
            raise ArgumentTypeError(
                f"setitem: value: got dtype {value.dtype.name}; expected {self.dtype.name}, or one that promotes to it"
            )
        value = astype(value, self.dtype)
    assign(self, index_set(self, value, key=plain_key(key, self.array)), "setitem")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Fill with `value` in place."""
    check_writable(self, "fill_")
    return assign(self, creation.full_like(self, value), "fill_")


def zero_(self: Tensor) -> Tensor:
    """Fill with zeros in place."""
    check_writable(self, "zero_")
    return assign(self, creation.zeros_like(self), "zero_")


def copy_(self: Tensor, source: Any) -> Tensor:
    """Copy the values of `source`, broadcast, in place."""
    check_writable(self, "copy_")
    source = astype(as_tensor(source), self.dtype)
    return assign(self, creation.broadcast_to(source, self.shape), "copy_")


METHODS: dict[str, Callable[..., Any]] = {
    "__setitem__": setitem,
    "zero_": zero_,
    "fill_": fill_,
    "copy_": copy_,
    **{
        f"{name}_": updating(getattr(elementwise, operation), f"{name}_")
        for name, operation in {
            "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "pow", "neg": "negative",
            "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tanh": "tanh", "abs": "abs",
            "clip": "clip", "clamp": "clip", "square": "square", "reciprocal": "reciprocal", "floor": "floor",
            "ceil": "ceil", "round": "round",
        }.items()
    },
}  # fmt: skip
