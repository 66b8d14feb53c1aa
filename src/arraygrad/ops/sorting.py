"""Sorting functions of the standard."""

from __future__ import annotations

from typing import Any

from ..kinds import Array, Tensor, constant, general


@constant(ordered=True)
def argsort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Indices that sort x along `axis`."""


def _order(xp: Any, x: Any, axis: int, descending: bool) -> Any:
    return xp.argsort(x, axis=axis, descending=descending, stable=True)


def _sort_pull(xp: Any, g: Any, x: Any, axis: int, descending: bool) -> Any:
    if x.ndim == 0:
        return g
    return xp.take_along_axis(g, xp.argsort(_order(xp, x, axis, descending), axis=axis), axis=axis)


def _sort_jvp(xp: Any, t: Any, x: Any, axis: int, descending: bool) -> Any:
    return xp.take_along_axis(t, _order(xp, x, axis, descending), axis=axis) if x.ndim else t


@general(x=_sort_pull, jvp=_sort_jvp, moves=True, ordered=True)
def sort(x: Array, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """x sorted along `axis`. The gradient goes to the element that came to each place, in stable order."""
