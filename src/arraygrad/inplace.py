"""The methods that write in place: `x += y`, `x[key] = v`, `x.add_(y)`. What a write does is said in `views`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from .dtypes import DType
from .errors import ArgumentError, ArgumentTypeError
from .family import view_of
from .keys import plain_key
from .modes import is_grad_enabled
from .ops import (
    activations,
    creation,
    distributions,
    elementwise,
    logic,
    manipulation,
    missing,
    scattering,
    searching,
    special,
    statistical,
)
from .ops.axes import normal_axis
from .ops.data_type import astype
from .ops.indexing import getitem, index_add, index_set, is_basic
from .overlaps import has_overlaps, places_of
from .rules import along
from .tensor import Tensor, as_tensor
from .views import become, check_writable, count_write, write, write_at


def assign(x: Tensor, value: Tensor, operation: str) -> Tensor:
    """Make `value`, of the same shape, the new value and history of x, in x's dtype."""
    if value.shape != x.shape:
        raise _does_not_fit(operation, x, value)
    if value.dtype != x.dtype:
        if not _same_kind(value.dtype, x.dtype):
            raise ArgumentTypeError(
                f"{operation}: result type {value.dtype.name} can't be cast to the desired output type {x.dtype.name}"
            )
        value = astype(value, x.dtype)
    write(x, value)
    return x


def _does_not_fit(operation: str, x: Tensor, value: Tensor) -> ArgumentError:
    return ArgumentError(
        f"{operation}: output with shape {list(x.shape)} doesn't match the broadcast shape {list(value.shape)}"
    )


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


def setitem(self: Tensor, key: Any, value: Any, /) -> None:
    """x[key] = value: the overwritten entries get no gradient, `value` gets that of what it wrote."""
    key = plain_key(key, self.array)
    if isinstance(value, Tensor) and _is_part(value, self, key):
        count_write(self)  # the end of `x[key] += y`: it is written
    elif view_of(self) is not None and is_basic({"key": key}) and has_overlaps(self):
        copy_(getitem(self, key), _without_leading_ones(_like(self, value)))
    else:
        check_writable(self, "setitem", in_part=True)
        write_at(self, key, _without_leading_ones(_like(self, value)), index_set.op)


def _is_part(value: Tensor, x: Tensor, key: Any) -> bool:
    """Whether a value is the view x[key], with its history where there is one to record."""
    view = view_of(value)
    if view is None or view.parent is not x or view.op is not getitem.op or (view.cut and is_grad_enabled()):
        return False
    return is_basic({"key": key}) and bool(view.options["key"] == key)


def _like(x: Tensor, value: Any) -> Tensor:
    """A value to write, in x's dtype."""
    if not isinstance(value, Tensor):
        value = creation.asarray(x.backend, value, dtype=None if hasattr(value, "dtype") else x.dtype)
    if value.dtype == x.dtype:
        return value
    if value.dtype.is_complex and not x.dtype.is_complex:
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=3)
        value = elementwise.real(value)
    return astype(value, x.dtype, copy=False)


def _without_leading_ones(value: Tensor) -> Tensor:
    """A value without its leading axes of length 1: it may have more axes than the part that it is written to."""
    shape = value.shape
    if shape[:1] != (1,):
        return value
    ones = next((axis for axis, length in enumerate(shape) if length != 1), len(shape))
    return manipulation.reshape(value, shape[ones:])


def fill_(self: Tensor, value: Any) -> Tensor:
    """Fill with `value` in place, be it where entries share their place."""
    if has_overlaps(self):
        parent, places = places_of(self)
        setitem(manipulation.reshape(parent, (-1,)), places, value)
        return self
    check_writable(self, "fill_")
    write_at(self, ..., _like(self, value), index_set.op)
    return self


def zero_(self: Tensor) -> Tensor:
    """Fill with zeros in place."""
    return fill_(self, 0)


def copy_(self: Tensor, source: Any) -> Tensor:
    """Copy the values of `source`, broadcast, in place."""
    check_writable(self, "copy_")
    source = as_tensor(source)
    if source.ndim > self.ndim:
        raise _does_not_fit("copy_", self, source)
    write_at(self, ..., _like(self, source), index_set.op)
    return self


def scaled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`add` or `subtract` with PyTorch's `alpha`, by which the other operand is multiplied."""

    def method(self: Tensor, other: Any, *, alpha: Any = 1) -> Any:
        return function(self, other if alpha == 1 else elementwise.multiply(other, alpha))

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    return method


def _addcmul(self: Tensor, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    return elementwise.add(self, elementwise.multiply(elementwise.multiply(tensor1, tensor2), value))


def _addcdiv(self: Tensor, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    return elementwise.add(self, elementwise.multiply(elementwise.divide(tensor1, tensor2), value))


def _lerp(self: Tensor, end: Any, weight: Any) -> Tensor:
    return elementwise.add(self, elementwise.multiply(elementwise.subtract(end, self), weight))


def masked_fill(self: Tensor, mask: Any, value: Any) -> Tensor:
    """x with `value`, in x's dtype, where the mask holds."""
    return searching.where(mask, _like(self, value), self)


def _clamp_min(self: Tensor, min: Any) -> Tensor:
    return elementwise.clip(self, min, None)


def _clamp_max(self: Tensor, max: Any) -> Tensor:
    return elementwise.clip(self, None, max)


def _rsqrt(self: Tensor) -> Tensor:
    return elementwise.reciprocal(elementwise.sqrt(self))


def along_an_axis(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """An operation along an axis, of which a scalar has one, as in PyTorch."""

    @functools.wraps(function)
    def operation(self: Tensor, dim: int, *args: Any, **options: Any) -> Tensor:
        if self.ndim:
            return function(self, dim, *args, **options)
        return manipulation.reshape(function(manipulation.reshape(self, (1,)), dim, *args, **options), ())

    return operation


@along_an_axis
def _cumsum(self: Tensor, dim: int) -> Tensor:
    return statistical.cumulative_sum(self, axis=dim)


@along_an_axis
def _cumprod(self: Tensor, dim: int) -> Tensor:
    return statistical.cumulative_prod(self, axis=dim)


def _tril(self: Tensor, diagonal: int = 0) -> Tensor:
    return creation.tril(self, k=diagonal)


def _triu(self: Tensor, diagonal: int = 0) -> Tensor:
    return creation.triu(self, k=diagonal)


def _scatter(self: Tensor, dim: int, index: Any, src: Any, *, reduce: str | None = None) -> Tensor:
    return scattering.scatter(self, dim, index, src, reduce=reduce)


def _scatter_add(self: Tensor, dim: int, index: Any, src: Any) -> Tensor:
    return scattering.scatter_add(self, dim, index, src)


@along_an_axis
def _index_add(self: Tensor, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    return index_add(self, elementwise.multiply(source, alpha), key=along(normal_axis("index_add_", dim, self.ndim), index))


@along_an_axis
def _index_copy(self: Tensor, dim: int, index: Any, source: Any) -> Tensor:
    return index_set(self, _like(self, source), key=along(normal_axis("index_copy_", dim, self.ndim), index))


def _index_put(self: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    return (index_add if accumulate else index_set)(self, _like(self, values), key=tuple(indices))


def copying(function: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    """The in-place form of an operation without a derivative: the tensor keeps its dtype and its place in the graph."""

    def method(self: Tensor, *args: Any) -> Tensor:
        check_writable(self, name)
        return copy_(self, function(self, *args))

    method.__name__ = name
    method.__doc__ = f"`{function.__name__}` in place."
    return method


def of_truth(function: Callable[..., Any]) -> Callable[..., Any]:
    """A logical operation on whether numbers are not 0."""

    @functools.wraps(function)
    def operation(*args: Tensor) -> Tensor:
        return function(*(astype(each, "bool", copy=False) for each in args))

    return operation


def reshaping(function: Callable[..., Tensor], name: str) -> Callable[..., Tensor]:
    """The in-place form of a view: the tensor becomes that view of what it was, with which its views go on."""

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        check_writable(self, name)
        become(self, lambda former: function(former, *args, **options))
        return self

    method.__name__ = name
    method.__doc__ = f"`{name[:-1]}` in place: the entries stay where they are."
    return method


_ELEMENTWISE = (
    elementwise.abs, elementwise.acos, elementwise.acosh, elementwise.asin, elementwise.asinh, elementwise.atan,
    elementwise.atan2, elementwise.atanh, elementwise.ceil, elementwise.clip, elementwise.copysign, elementwise.cos,
    elementwise.cosh, elementwise.divide, elementwise.exp, elementwise.expm1, elementwise.floor, elementwise.floor_divide,
    elementwise.hypot, elementwise.log, elementwise.log10, elementwise.log1p, elementwise.log2, elementwise.multiply,
    elementwise.negative, elementwise.nextafter, elementwise.pow, elementwise.reciprocal, elementwise.remainder,
    elementwise.round, elementwise.sign, elementwise.sin, elementwise.sinh, elementwise.sqrt, elementwise.square,
    elementwise.subtract, elementwise.tan, elementwise.tanh, elementwise.trunc, activations.relu, activations.sigmoid,
    logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor, logic.bitwise_left_shift, logic.bitwise_right_shift,
    special.erf, special.erfc, special.exp2, special.sinc, special.xlogy, distributions.erfinv, distributions.logit,
    missing.nan_to_num,
)  # fmt: skip
_ALIASES: dict[str, Callable[..., Any]] = {
    "add": scaled(elementwise.add), "sub": scaled(elementwise.subtract), "mul": elementwise.multiply,
    "div": elementwise.divide, "true_divide": elementwise.divide, "neg": elementwise.negative,
    "absolute": elementwise.abs, "clamp": elementwise.clip, "clamp_min": _clamp_min, "clamp_max": _clamp_max,
    "rsqrt": _rsqrt, "fix": elementwise.trunc, "arccos": elementwise.acos, "arccosh": elementwise.acosh,
    "arcsin": elementwise.asin, "arcsinh": elementwise.asinh, "arctan": elementwise.atan, "arctan2": elementwise.atan2,
    "arctanh": elementwise.atanh, "bitwise_not": logic.bitwise_invert, "lgamma": distributions.gammaln,
    "addcmul": _addcmul, "addcdiv": _addcdiv, "lerp": _lerp, "masked_fill": masked_fill, "cumsum": _cumsum,
    "cumprod": _cumprod, "tril": _tril, "triu": _triu, "scatter": _scatter, "scatter_add": _scatter_add,
    "index_add": _index_add, "index_copy": _index_copy, "index_fill": _index_copy, "index_put": _index_put,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[..., Any]] = {
    "eq": logic.equal, "ne": logic.not_equal, "not_equal": logic.not_equal, "lt": logic.less, "less": logic.less,
    "le": logic.less_equal, "less_equal": logic.less_equal, "gt": logic.greater, "greater": logic.greater,
    "ge": logic.greater_equal, "greater_equal": logic.greater_equal, "logical_and": of_truth(logic.logical_and),
    "logical_or": of_truth(logic.logical_or), "logical_xor": of_truth(logic.logical_xor),
    "logical_not": of_truth(logic.logical_not),
}  # fmt: skip

METHODS: dict[str, Callable[..., Any]] = {
    "__setitem__": setitem,
    "zero_": zero_,
    "fill_": fill_,
    "copy_": copy_,
    **{f"{each.__name__}_": updating(each, f"{each.__name__}_") for each in _ELEMENTWISE},
    **{f"{name}_": updating(function, f"{name}_") for name, function in _ALIASES.items()},
    **{f"{name}_": copying(function, f"{name}_") for name, function in _COMPARISONS.items()},
}
