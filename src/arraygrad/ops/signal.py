"""Signals and borders: convolution, padding and phases, under NumPy's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..backends import device_of
from ..backends.extra_arrays import full_slice
from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite, multilinear
from ..tensor import as_tensor
from .axes import along, floating, normal_axis
from .creation import arange, full
from .elementwise import clip, remainder, round
from .indexing import take
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


# -- padding ------------------------------------------------------------------------------------------------


def _mirrored(places: Tensor, period: int) -> Tensor:
    """Distance of places to the nearest multiple of twice the period."""
    folded = remainder(places, 2 * period)
    return where(folded > period, 2 * period - folded, folded)


def _symmetric(places: Tensor, n: int) -> Tensor:
    folded = remainder(places, 2 * n)
    return where(folded >= n, 2 * n - 1 - folded, folded)


_SOURCES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "edge": lambda places, n: clip(places, 0, n - 1),
    "reflect": lambda places, n: _mirrored(places, n - 1) if n > 1 else places * 0,
    "symmetric": _symmetric,
    "wrap": lambda places, n: remainder(places, n),
}
"""Which entry stands at places before 0 and from n on."""


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _pairs(name: str, value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """NumPy's ways to give (before, after) for each axis: one for all, a pair for all, a pair an axis, by axis."""
    if isinstance(value, Mapping):
        given: list[Any] = [0] * ndim
        for axis, width in value.items():
            given[normal_axis("pad", axis, ndim)] = width
        return [tuple(each) if _is_pair(each) else (each, each) for each in given]
    if not isinstance(value, (tuple, list)):
        return [(value, value)] * ndim
    parts = list(value)
    nested = [isinstance(each, (tuple, list)) for each in parts]
    if not any(nested) and len(parts) in (1, 2):
        return [(parts[0], parts[-1])] * ndim
    if all(nested) and len(parts) in (1, ndim) and all(len(each) in (1, 2) for each in parts):
        parts = parts * ndim if len(parts) == 1 else parts
        return [(each[0], each[-1]) for each in parts]
    raise ArgumentError(
        f"pad: {name}: got {value!r} for {ndim} axes; expected a number, a pair (before, after), or a pair for each axis"
    )


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    pairs = _pairs("pad_width", pad_width, ndim)
    for width in (width for pair in pairs for width in pair):
        if not isinstance(width, int) and not hasattr(width, "__index__"):
            raise ArgumentTypeError(f"pad: pad_width: got {width!r}; expected integers")
        if width < 0:
            raise ArgumentError(f"pad: pad_width: got {width}; expected numbers of at least 0; cut with x[...] instead")
    return [(int(before), int(after)) for before, after in pairs]


@composite
def pad(x: Array, /, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Tensor:
    """x with a border: modes "constant", "edge", "reflect", "symmetric" and "wrap" of NumPy's `pad`.

    pad_width: a number, (before, after), or such a pair for each axis; `constant_values` likewise, in which a gradient
    flows to Tensors.
    """
    x = as_tensor(x)
    widths = _widths(pad_width, x.ndim)
    if mode not in ("constant", *_SOURCES):
        raise ArgumentError(f"pad: mode: got {mode!r}; expected one of constant, {', '.join(_SOURCES)}")
    values = _pairs("constant_values", constant_values, x.ndim)
    for axis, (before, after) in enumerate(widths):
        if before == after == 0:
            continue
        length = x.shape[axis]
        if mode == "constant":
            first, last = (
                full(x.backend, (*x.shape[:axis], width, *x.shape[axis + 1 :]), value, dtype=x.dtype, device=x.device)
                for width, value in zip((before, after), values[axis], strict=True)
            )
            x = concat([first, x, last], axis=axis)
        elif length == 0:
            raise ArgumentError(f"pad: x: got shape {x.shape}, with nothing along axis {axis} to pad by {mode!r}")
        else:
            places = arange(x.backend, -before, length + after, dtype="int64", device=x.device)
            x = take(x, _SOURCES[mode](places, length), axis=axis)
    return x


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
