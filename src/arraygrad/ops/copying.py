"""Copies: what PyTorch calls `clone`, and moves between devices."""

from __future__ import annotations

from typing import Any

from ..kinds import Array, Tensor, linear


@linear(x=lambda g: g, moves=True)
def clone(x: Array, /) -> Tensor:
    """A copy of x, through which gradients flow."""


@linear(x=lambda xp, g, x: xp.to_device(g, x.device), moves=True)
def to_device(x: Array, /, device: Any, *, stream: Any = None) -> Tensor:
    """x on another device. The gradient comes back on x's device."""
