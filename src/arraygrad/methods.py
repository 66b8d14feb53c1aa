"""Operators and methods of Tensor that are operations, attached here since operations are declared after Tensor.

The operators are the standard's. The methods are those that PyTorch and NumPy users expect, under their names; here,
and only here, `dim` and `keepdim` stand for `axis` and `keepdims`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import gradients, hotpath, inplace, namespace, numpy_protocols, pytorch
from .dual import Dual
from .errors import ArgumentError, ArgumentTypeError
from .kinds import declared
from .ops import (
    activations,
    copying,
    data_type,
    elementwise,
    indexing,
    linear_algebra,
    logic,
    manipulation,
    searching,
    sorting,
    statistical,
    utility,
)
from .tensor import InferenceTensor, Tensor
from .views import unlock

Method = Callable[..., Any]

_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "pow", "floordiv": "floor_divide",
    "mod": "remainder", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
_COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
_COMMUTATIVE = ("add", "mul")


def _operators() -> dict[str, Method]:
    found: dict[str, Method] = {
        "__neg__": elementwise.negative,
        "__pos__": elementwise.positive,
        "__abs__": elementwise.abs,
        "__invert__": logic.bitwise_invert,
        "__getitem__": _getitem,
    }
    for short, name in (_BINARY | _COMPARISONS).items():
        op = declared[name]
        slow = hotpath.general(op, is_operator=True)
        found[f"__{short}__"] = hotpath.binary(op, slow) if op.is_of_pairs else slow
        if short in _BINARY:
            found[f"__r{short}__"] = _reflected(op, slow, short)
            found[f"__i{short}__"] = inplace.updating(found[f"__{short}__"], f"__i{short}__")
    return found


def _reflected(op: Any, slow: Method, short: str) -> Method:
    if op.is_of_pairs:
        return hotpath.binary(op, slow) if short in _COMMUTATIVE else hotpath.reflected(op, slow)
    return lambda self, other: slow(other, self)


def _getitem(self: Tensor, key: Any, /) -> Tensor:
    return indexing.getitem(self, key)


def _over_axis(function: Method, axis: Any = None) -> Method:
    """A function over an axis as a method: `x.sum(0)`, `x.sum(dim=0, keepdim=True)`."""

    def method(self: Tensor, axis: Any = axis, **options: Any) -> Tensor:
        if "dim" in options:
            axis = options.pop("dim")
        if "keepdim" in options:
            options["keepdims"] = options.pop("keepdim")
        return function(self, axis=tuple(axis) if isinstance(axis, list) else axis, **options)

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    return method


def _with_dim(method: Method, of_pytorch: Method) -> Method:
    """A method over an axis that gives what PyTorch gives if it is asked for a `dim`."""

    def either(self: Tensor, *arguments: Any, **options: Any) -> Any:
        return (of_pytorch if "dim" in options else method)(self, *arguments, **options)

    either.__name__, either.__doc__ = method.__name__, f"{method.__doc__} With `dim`: {of_pytorch.__doc__}"
    return either


def _with_numbers(function: Method, parameter: str) -> Method:
    """A method that takes its numbers one by one or as a tuple: `x.reshape(2, 3)`, `x.reshape((2, 3))`."""

    def method(self: Tensor, *numbers: Any, **options: Any) -> Tensor:
        if parameter in options:
            numbers = (options.pop(parameter),)
        given = numbers[0] if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
        return function(self, tuple(given), **options)

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    return method


def _flip(self: Tensor, *axes: Any, axis: Any = None, dims: Any = None) -> Tensor:
    """x with the order of entries reversed along some axes, given one by one or as a tuple, or along all."""
    given = (axes[0] if len(axes) == 1 else axes) if axes else axis if dims is None else dims
    return manipulation.flip(self, axis=tuple(given) if isinstance(given, list) else given)


def _roll(self: Tensor, shift: Any, axis: Any = None, *, dims: Any = None) -> Tensor:
    """x rolled by `shift` places along `axis`."""
    return manipulation.roll(self, shift, axis=axis if dims is None else dims)


def _expand(self: Tensor, size: tuple[int, ...]) -> Tensor:
    """x broadcast to `size`, in which -1 stands for a length that stays."""
    ahead = len(size) - self.ndim
    return manipulation.broadcast_to(
        self, tuple(self.shape[at - ahead] if length == -1 and at >= ahead else length for at, length in enumerate(size))
    )


def _expand_as(self: Tensor, other: Tensor) -> Tensor:
    """x broadcast to the shape of another tensor."""
    return manipulation.broadcast_to(self, other.shape)


def _cpu(self: Tensor) -> Tensor:
    """x in the memory of the host; x itself if it is there."""
    return _type(self, device="cpu")


def _squeeze(self: Tensor, dim: Any = None, *, axis: Any = None) -> Tensor:
    """x without its axes of length 1, or without those among `dim`; without those at `axis`, which must be of length 1."""
    return pytorch.squeeze(self, dim) if axis is None else manipulation.squeeze(self, axis=axis)


def _type(self: Tensor, dtype: Any = None, copy: bool = False, *, device: Any = None) -> Tensor:
    """x in another dtype, or on another device; x itself if it is so already."""
    if isinstance(dtype, str) and dtype in map(str, self.backend.devices()):
        dtype, device = None, dtype
    moved = self if device is None else copying.to_device(self, device)
    return moved if dtype is None else data_type.astype(moved, dtype, copy=copy)


def _transposed(self: Tensor) -> Tensor:
    """The transpose of a matrix."""
    if self.ndim != 2:
        raise ArgumentError(f"T: got {self.ndim} axes; expected 2; use mT for stacks of matrices, or permute_dims")
    return linear_algebra.matrix_transpose(self)


def _matrix_transposed(self: Tensor) -> Tensor:
    """The transposes of a stack of matrices."""
    if self.ndim < 2:
        raise ArgumentError(f"mT: got {self.ndim} axes; expected at least 2")
    return linear_algebra.matrix_transpose(self)


def _backward(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add to each leaf's `.grad` the derivative of this tensor, weighted by `gradient` (1 for a scalar). Tangents take
    no part."""
    while isinstance(self, Dual) and isinstance(self.array, Tensor):
        self = self.array
    gradients.backward((self,), (gradient,), retain_graph, create_graph, inputs)


def _is_inference(self: Tensor) -> bool:
    """Whether it was made in inference mode."""
    return isinstance(self, InferenceTensor)


def _iterate(self: Tensor) -> Any:
    """The entries along the first axis: one call for all, of which each may be written to, as x[i] may."""
    if not self.shape:
        raise ArgumentTypeError("iteration over a 0-d tensor; x.item() is its element")
    parts = manipulation.unstack(self)
    unlock(parts)
    return iter(parts)


_REDUCTIONS = (
    statistical.sum, statistical.mean, statistical.prod, statistical.max, statistical.min, statistical.var,
    statistical.std, utility.all, utility.any, searching.argmax, searching.argmin, activations.logsumexp,
    statistical.cumulative_sum, statistical.cumulative_prod,
)  # fmt: skip
_ALONG_THE_LAST = (activations.softmax, activations.log_softmax, sorting.argsort, sorting.sort)
_PLAIN = (
    elementwise.abs, elementwise.exp, elementwise.log, elementwise.sqrt, elementwise.sin, elementwise.cos, elementwise.tan,
    elementwise.tanh, elementwise.square, elementwise.reciprocal, elementwise.floor, elementwise.ceil,
    elementwise.trunc, elementwise.sign, elementwise.pow, elementwise.clip, elementwise.conj, logic.isnan,
    elementwise.log1p, elementwise.expm1, elementwise.sinh, elementwise.cosh, elementwise.asin, elementwise.acos,
    elementwise.atan, logic.isfinite, logic.isinf, elementwise.maximum, elementwise.minimum,
    elementwise.multiply, elementwise.divide, elementwise.remainder,
    activations.relu, activations.sigmoid,
    linear_algebra.matmul, linear_algebra.vecdot, manipulation.repeat, searching.nonzero, copying.clone,
    copying.to_backend, copying.to_device, indexing.take,
)  # fmt: skip
_OF_THE_STANDARD = (
    "acosh", "asinh", "atan2", "atanh", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "copysign", "dot", "erf", "erfc", "erfinv", "exp2", "floor_divide", "greater", "greater_equal", "hypot",
    "i0", "kron", "less", "less_equal", "log10", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logit", "moveaxis", "nan_to_num", "negative", "nextafter", "not_equal", "outer", "positive", "signbit",
    "sinc", "xlogy",
)  # fmt: skip
_ALIASES: dict[str, Method] = {
    "subtract": elementwise.subtract, "flip": _flip, "roll": _roll,
    "cumsum": _over_axis(statistical.cumulative_sum), "cumprod": _over_axis(statistical.cumulative_prod), "cpu": _cpu,
}  # fmt: skip
_SHAPES: dict[str, Method] = {
    "reshape": _with_numbers(manipulation.reshape, "shape"),
    "view": _with_numbers(manipulation.reshape, "shape"),
    "permute": _with_numbers(manipulation.permute_dims, "dims"),
    "permute_dims": _with_numbers(manipulation.permute_dims, "axes"),
    "expand": _with_numbers(_expand, "size"),
    "broadcast_to": _with_numbers(manipulation.broadcast_to, "shape"),
    "expand_as": _expand_as,
    "squeeze": _squeeze, "ravel": pytorch.flatten,
}  # fmt: skip
_OTHERS: dict[str, Any] = {
    "astype": data_type.astype, "to": _type, "type": _type, "__iter__": _iterate,
    "backward": _backward, "is_inference": _is_inference,
    "T": property(_transposed), "mT": property(_matrix_transposed),
    "real": property(elementwise.real), "imag": property(elementwise.imag),
    "__array_namespace__": namespace.namespace_of_tensor, "__array_ufunc__": numpy_protocols.array_ufunc,
    "__array_function__": numpy_protocols.array_function,
}  # fmt: skip


def attach() -> None:
    """Give Tensor its operators and methods."""
    attached = {
        **{name: namespace.calls()[name] for name in _OF_THE_STANDARD},
        **pytorch.METHODS,
        **{function.__name__: _over_axis(function) for function in _REDUCTIONS},
        **{function.__name__: function for function in _PLAIN},
        **{function.__name__: _over_axis(function, axis=-1) for function in _ALONG_THE_LAST},
        **_ALIASES,
        **_SHAPES,
        **_OTHERS,
        **_operators(),
        **inplace.METHODS,
        **pytorch.IN_PLACE,
    }
    for name in ("max", "min", "sort", "std", "var"):
        attached[name] = _with_dim(attached[name], pytorch.METHODS[name])
    for name, method in attached.items():
        setattr(Tensor, name, method)


