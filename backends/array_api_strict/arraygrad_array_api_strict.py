"""array-api-strict, which has nothing that the standard does not promise."""

from __future__ import annotations

from typing import Any

import array_api_strict

from arraygrad.backends import Backend


class StrictBackend(Backend):
    """Arrays of array-api-strict, on its CPU and on the devices that it simulates."""

    protocol_version = 1
    oldest = "2.4"
    repairs = ("expm1", "floor_divide", "reshape", "sign", "tanh")

    def __init__(self) -> None:
        super().__init__("array_api_strict", array_api_strict)

    def dlpack_device(self, x: Any) -> tuple[int, int]:
        """Of its devices only the CPU exists."""
        if x.device != array_api_strict.Device("CPU_DEVICE"):
            raise BufferError(f"__dlpack_device__: got an array on {x.device}; DLPack knows only its CPU_DEVICE")
        return x.__dlpack_device__()
