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
from .ops import creation, elementwise, manipulation, searching
from .ops.data_type import astype
from .ops.indexing import getitem, index_add, index_set, is_basic
from .overlaps import has_overlaps, places_of
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


def masked_fill(self: Tensor, mask: Any, value: Any) -> Tensor:
    """x with `value`, in x's dtype, where the mask holds."""
    return searching.where(mask, _like(self, value), self)


def index_put(self: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """x with `values`, in x's dtype, at the places that index tensors name together, one for each axis; or added there."""
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


METHODS: dict[str, Callable[..., Any]] = {"__setitem__": setitem, "zero_": zero_, "fill_": fill_, "copy_": copy_}
