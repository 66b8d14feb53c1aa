"""Copies: what PyTorch calls `clone`, and moves between devices and between libraries."""

from __future__ import annotations

from typing import Any

from ..backends import Backend, get_backend
from ..kinds import Array, Tensor, composite, linear
from ..tensor import as_tensor


@linear(x=lambda g: g, moves=True)
def clone(x: Array, /) -> Tensor:
    """A copy of x, through which gradients flow."""


@linear(x=lambda xp, g, x: xp.to_device(g, x.device), moves=True)
def to_device(x: Array, device: Any, /, *, stream: Any = None) -> Tensor:
    """x on another device. The gradient comes back on x's device."""


@linear(
    x=lambda xp, g, x, backend, source: xp.transfer(g, backend=source, device=x.device, own=True, source=backend),
    moves=True,
)
def transfer(x: Array, /, *, backend: Backend, device: Any = None, own: bool = False, source: Backend) -> Tensor:
    """x, which `source` stores, stored by another backend: what `to_backend` records."""


@composite
def to_backend(x: Any, /, backend: str | Backend, *, device: Any = None) -> Tensor:
    """x stored by another library, in the same memory where DLPack makes that possible; x itself if it is so already.

    It stays on its device if the other library knows it, or goes to `device`. The gradient comes back in x's library, data
    type and device. Raises BackendError for a data type that the other library lacks; nothing is converted silently.
    """
    tensor, target = as_tensor(x), get_backend(backend) if isinstance(backend, str) else backend
    source = tensor.backend
    if source is target:
        return tensor if device is None else to_device(tensor, target.raw_device(device))
    return transfer(tensor, backend=target, device=target.raw_device(device), source=source)
