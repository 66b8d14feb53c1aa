"""NumPy arrays on the CPU."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from .numpy_kernels import KERNELS
from .positions import has_integer_array
from .protocol import Array, Backend


def _references(cell: list[Any]) -> int:
    x = cell.pop()
    return sys.getrefcount(x)


_ALONE = _references([object()])
"""How many references CPython counts to an object that only a local variable holds."""


class NumPyBackend(Backend):
    """NumPy arrays on the CPU."""

    protocol_version = 1
    repairs = ("expm1", "floor_divide", "tanh")
    overrides = KERNELS

    def __init__(self) -> None:
        super().__init__("numpy", None)

    @property
    def library(self) -> Any:
        import array_api_compat.numpy as library  # here, since importing it takes longer than arraygrad

        return library

    def is_array(self, value: Any) -> bool:
        return isinstance(value, (np.ndarray, np.generic))

    wrap = staticmethod(np.asarray)  # type: ignore[assignment]

    def getitem(self, x: Array, key: Any) -> Array:
        return x[key]

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        return self.add_at(np.array(x), values, key)

    def add_at(self, x: Array, values: Array, key: Any) -> Array:
        if has_integer_array(key):
            if x.ndim == 1 and np.ndim(values) == 1:  # NumPy 2.4 does not broadcast these, and reads beyond their end
                values = np.broadcast_to(values, x[key].shape)
            np.add.at(x, key, values)
        else:
            x[key] += values
        return x

    def index_set(self, x: Array, values: Array, /, *, key: Any) -> Array:
        out = np.array(x)
        out[key] = values
        return out

    def on_host(self, x: Array) -> bool:
        return True

    def owns(self, x: Array) -> bool:
        if type(x) is not np.ndarray or x.base is not None:
            return False
        flags = x.flags
        return flags.owndata and flags.writeable

    def write_at(self, x: Array, values: Array, *, key: Any) -> Array:
        x[key] = values
        return x

    def to_numpy(self, x: Array) -> Any:
        return x

    def own(self, cell: list[Array]) -> Array:
        x = cell.pop()
        return x if sys.getrefcount(x) <= _ALONE and self.owns(x) else np.array(x)

    def quiet(self) -> AbstractContextManager[Any]:
        return np.errstate(all="ignore")

    def devices(self) -> tuple[Any, ...]:
        return ("cpu",)
