"""Data type functions of the standard."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..dtypes import DType, as_dtype, is_of_kind
from ..errors import ArgumentTypeError
from ..kinds import Array, Tensor, composite, constant, linear
from ..tensor import as_tensor


@linear(x=lambda g: g, pointwise=True)
def convert(x: Array, /, dtype: Any, *, copy: bool = True) -> Tensor:
    """The conversion itself: what `astype` records."""


@constant
def cast(x: Array, /, dtype: Any, *, copy: bool = True) -> Tensor:
    """The conversion to integers or booleans, which have no derivative."""


@composite
def astype(x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """x in another data type; with `copy=False` x itself if it has it. The gradient comes back in x's data type."""
    target = as_dtype(dtype)
    if device is not None:
        x = as_tensor(x).to_device(device)
    if not copy and x.dtype == target:
        return x
    return convert(x, target, copy=copy) if target.is_differentiable else cast(x, target, copy=copy)


@composite
def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a data type is of a kind: a data type, "real floating" and its like, or a tuple of those."""
    return is_of_kind(as_dtype(dtype), kind)


class finfo_object(NamedTuple):
    """What a floating data type can represent."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


class iinfo_object(NamedTuple):
    """What an integer data type can represent."""

    bits: int
    max: int
    min: int
    dtype: DType


_MANTISSA_EXPONENT = {"float16": (10, 5), "bfloat16": (7, 8), "float32": (23, 8), "float64": (52, 11)}


def _dtype_of(type: Any) -> DType:
    return type.dtype if isinstance(type, Tensor) else as_dtype(type)


@composite
def finfo(type: Any, /) -> finfo_object:
    """Limits of a floating data type, or of that of an array: IEEE 754."""
    dtype = _dtype_of(type)
    if not dtype.is_differentiable:
        raise ArgumentTypeError(f"finfo: type: got {dtype.name}; expected a floating data type; see iinfo for integers")
    part = as_dtype(f"float{dtype.itemsize * 4}") if dtype.is_complex else dtype
    mantissa, exponent = _MANTISSA_EXPONENT[part.name]
    bias = 2 ** (exponent - 1) - 1
    largest = math.ldexp(2 - 2.0**-mantissa, bias)
    return finfo_object(part.itemsize * 8, 2.0**-mantissa, largest, -largest, math.ldexp(1.0, 1 - bias), part)


@composite
def iinfo(type: Any, /) -> iinfo_object:
    """Limits of an integer data type, or of that of an array."""
    dtype = _dtype_of(type)
    if not dtype.kind.endswith("integer"):
        raise ArgumentTypeError(f"iinfo: type: got {dtype.name}; expected an integer data type; see finfo for floats")
    bits = dtype.itemsize * 8
    if dtype.kind == "unsigned integer":
        return iinfo_object(bits, 2**bits - 1, 0, dtype)
    return iinfo_object(bits, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), dtype)
