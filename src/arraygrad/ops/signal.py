"""Signals: convolution and phases, under NumPy's names."""

from __future__ import annotations

import math
from typing import Any

from ..backends import device_of
from ..backends.extra_arrays import full_slice
from ..kinds import Array, Tensor, composite, multilinear
from .axes import along, floating, normal_axis
from .elementwise import remainder, round
from .linear_algebra import conj
from .manipulation import concat
from .searching import where
from .statistical import cumulative_sum
from .utility import diff

# -- convolution --------------------------------------------------------------------------------------------


def _convolve_pull(xp: Any, g: Any, x: Any, other: Any, mode: str) -> Any:
    """Correlation of the cotangent, put in its place in the full convolution, with the other vector."""
    start, length = full_slice(x.shape[-1], other.shape[-1], mode)
    after = x.shape[-1] + other.shape[-1] - 1 - start - length
    before, behind = (xp.zeros((*g.shape[:-1], count), dtype=g.dtype, device=device_of(g)) for count in (start, after))
    whole = xp.concat([before, g, behind], axis=-1) if mode != "full" else g
    return xp.convolve(whole, xp.flip(conj(xp, other), axis=-1), mode="valid")


@multilinear(
    x1=lambda xp, g, x1, x2, mode: _convolve_pull(xp, g, x1, x2, mode),
    x2=lambda xp, g, x1, x2, mode: _convolve_pull(xp, g, x2, x1, mode),
    core="(m),(n)->(k)",
)
def convolve(x1: Array, x2: Array, /, mode: str = "full") -> Tensor:
    """Convolution of vectors along the last axis: "full", of the "same" length as the longer ones, or "valid", where they
    overlap wholly. Other axes broadcast."""


# -- phases -------------------------------------------------------------------------------------------------


@composite
def unwrap(x: Array, /, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Tensor:
    """x with multiples of `period` added, so that neighbours along `axis` differ by at most half of it.

    Steps up to `discont`, if it is larger, stay as they are. The derivative is that of x itself.
    """
    x = floating("unwrap", "x", x)
    axis = normal_axis("unwrap", axis, x.ndim)
    step = diff(x, axis=axis)
    folded = remainder(step + period / 2, period) - period / 2
    folded = where((folded == -period / 2) & (step > 0), period / 2, folded)
    turns = round((folded - step) / period)
    turns = where((step < discont) & (step > -discont), 0, turns) if discont is not None else turns
    first = x[along(axis, 0, 1)]
    return concat([first, x[along(axis, 1, None)] + period * cumulative_sum(turns, axis=axis)], axis=axis)
