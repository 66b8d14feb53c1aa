"""array-api-strict, which has nothing that the standard does not promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict

from arraygrad.backends import Backend

CPU, NARROW = array_api_strict.Device("CPU_DEVICE"), array_api_strict.Device("no_x64")


def _counting(name: str) -> Callable[..., Any]:
    """A function that gives indices or counts, on the device without 64 bits too, where the library raises."""
    function = getattr(array_api_strict, name)

    def back(result: Any) -> Any:
        narrow = result.dtype == array_api_strict.int64
        return (array_api_strict.astype(result, array_api_strict.int32) if narrow else result).to_device(NARROW)

    def call(*arrays: Any, **options: Any) -> Any:
        if arrays[0].device != NARROW:
            return function(*arrays, **options)
        result = function(*(array.to_device(CPU) for array in arrays), **options)
        if not isinstance(result, tuple):
            return back(result)
        return type(result)(*map(back, result)) if hasattr(result, "_fields") else tuple(map(back, result))

    return call


class StrictBackend(Backend):
    """Arrays of array-api-strict, on its CPU and on the devices that it simulates."""

    protocol_version = 1
    oldest = "2.4"
    repairs = ("expm1", "floor_divide", "reshape", "sign", "tanh")

    overrides = {
        name: _counting(name)
        for name in (
            "argmax", "argmin", "argsort", "count_nonzero", "nonzero", "searchsorted", "unique_all", "unique_counts",
            "unique_inverse",
        )
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__("array_api_strict", array_api_strict)

    def on_host(self, x: Any) -> bool:
        return True

    def dlpack_device(self, x: Any) -> tuple[int, int]:
        """Of its devices only the CPU exists."""
        if x.device != CPU:
            raise BufferError(f"__dlpack_device__: got an array on {x.device}; DLPack knows only its CPU_DEVICE")
        return x.__dlpack_device__()
