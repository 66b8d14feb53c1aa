"""An array library that arraygrad has never heard of: what the standard asks for, over NumPy, but nothing can be written.

`slate` is its namespace, which can be imported once this module was, and `slate.Slate` the type of its arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import array_api_compat.numpy as library
import numpy as np


class Slate:
    """An array that can only be read."""

    __slots__ = ("_values",)

    def __init__(self, values: Any) -> None:
        self._values = np.array(values)
        self._values.flags.writeable = False

    def __array_namespace__(self, *, api_version: str | None = None) -> ModuleType:
        return slate

    @property
    def device(self) -> str:
        return "desk"

    def to_device(self, device: str, /, *, stream: Any = None) -> Slate:
        if device != "desk":
            raise ValueError(f"slates are on the desk, not on {device!r}")
        return self

    def __dlpack__(self, **options: Any) -> Any:
        return self._values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._values.__dlpack_device__()

    def __getitem__(self, key: Any) -> Slate:
        return Slate(self._values[_plain(key)])

    def __bool__(self) -> bool:
        return bool(self._values)

    def __int__(self) -> int:
        return int(self._values)

    def __index__(self) -> int:
        return self._values.__index__()

    def __float__(self) -> float:
        return float(self._values)

    def __complex__(self) -> complex:
        return complex(self._values)


def _property(name: str) -> property:
    def read(self: Slate) -> Any:
        value = getattr(self._values, name)
        return Slate(value) if isinstance(value, np.ndarray) else value

    return property(read)


def _operator(name: str) -> Callable[..., Any]:
    def method(self: Slate, *others: Any) -> Any:
        if not all(isinstance(other, (Slate, bool, int, float, complex)) for other in others):
            return NotImplemented
        return Slate(getattr(self._values, name)(*map(_plain, others)))

    return method


def _plain(value: Any) -> Any:
    """Slates as NumPy arrays, also inside tuples and lists."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return value._values if isinstance(value, Slate) else value


def _slates(value: Any) -> Any:
    """NumPy arrays as slates, also inside tuples."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Slate(value)
    return tuple(map(_slates, value)) if isinstance(value, (tuple, list)) else value


def _function(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        options.pop("device", None)
        return _slates(function(*map(_plain, args), **{name: _plain(value) for name, value in options.items()}))

    return call


def _module(name: str, of: Any) -> ModuleType:
    """A module with each public function of one of NumPy's as one of slates; data types and numbers as they are."""
    module = ModuleType(name)
    for each in dir(of):
        value = getattr(of, each)
        if not each.startswith("_") and not isinstance(value, ModuleType):
            is_function = callable(value) and not isinstance(value, type)
            setattr(module, each, _function(value) if is_function else value)
    return module


for _name in ("dtype", "shape", "ndim", "size", "T", "mT"):
    setattr(Slate, _name, _property(_name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"):
    for _form in (f"__{_name}__", f"__r{_name}__"):
        setattr(Slate, _form, _operator(_form))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "invert"):
    setattr(Slate, f"__{_name}__", _operator(f"__{_name}__"))
Slate.__hash__ = None  # type: ignore[assignment]


class Info:
    """What slates can do."""

    def capabilities(self) -> dict[str, Any]:
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        return "desk"

    def devices(self) -> tuple[str, ...]:
        return ("desk",)

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        return library.__array_namespace_info__().default_dtypes()

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        return library.__array_namespace_info__().dtypes(kind=kind)


slate: Any = _module("slate", library)
slate.linalg, slate.fft = _module("slate.linalg", library.linalg), _module("slate.fft", library.fft)
slate.Slate, slate.__array_namespace_info__, slate.__array_api_version__ = Slate, Info, "2025.12"
Slate.__module__ = "slate"
sys.modules["slate"] = slate
