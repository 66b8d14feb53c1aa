"""Borders around arrays, under the name and with the modes of NumPy's `pad`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from . import statistical
from .axes import along, floating, normal_axis
from .creation import arange, full
from .data_type import astype
from .elementwise import clip, floor_divide, real, remainder
from .indexing import take
from .manipulation import broadcast_to, concat, reshape
from .quantiles import median
from .searching import where

Pairs = list[tuple[Any, Any]]

# -- NumPy's ways to give numbers for each side -------------------------------------------------------------


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _pairs(name: str, value: Any, ndim: int) -> Pairs:
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
    pairs = _pairs("pad_width", pad_width.tolist() if hasattr(pad_width, "tolist") else pad_width, ndim)
    for width in (width for pair in pairs for width in pair):
        if not isinstance(width, int) and not hasattr(width, "__index__"):
            raise ArgumentTypeError(f"pad: pad_width: got {width!r}; expected integers")
        if width < 0:
            raise ArgumentError(f"pad: pad_width: got {width}; expected numbers of at least 0; cut with x[...] instead")
    return [(int(before), int(after)) for before, after in pairs]


# -- what stands in the border ------------------------------------------------------------------------------


def _folded(places: Tensor, n: int, period: int) -> Tensor:
    """The entries to which places come back by reflections, `period` places apart."""
    inside = remainder(places, 2 * period)
    return where(inside < n, inside, (2 * period - (1 if period == n else 0)) - inside)


_SOURCES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "edge": lambda places, n: clip(places, 0, n - 1),
    "reflect": lambda places, n: _folded(places, n, n - 1) if n > 1 else places * 0,
    "symmetric": lambda places, n: _folded(places, n, n),
    "wrap": lambda places, n: remainder(places, n),
}
"""Which entry stands at places before 0 and from n on."""

_STATISTICS: dict[str, Callable[..., Tensor]] = {
    "maximum": statistical.max, "mean": statistical.mean, "median": median, "minimum": statistical.min,
}  # fmt: skip
"""What is taken of the entries next to the border."""

_OPTIONS = {
    "constant": "constant_values", "linear_ramp": "end_values", "reflect": "reflect_type", "symmetric": "reflect_type",
    **dict.fromkeys(_STATISTICS, "stat_length"),
}  # fmt: skip
"""The option of each mode that has one."""

_MODES = ("constant", "empty", "linear_ramp", *_SOURCES, *_STATISTICS)


def _column(x: Tensor, axis: int, vector: Tensor) -> Tensor:
    """A vector along an axis of x."""
    return reshape(vector, (-1,) + (1,) * (x.ndim - axis - 1))


def _sourced(x: Tensor, axis: int, widths: tuple[int, int], mode: str, is_odd: bool) -> Tensor:
    """With entries of x itself in the border; odd reflections turn about the outermost entries."""
    length = x.shape[axis]
    places = arange(x.backend, -widths[0], length + widths[1], dtype="int64", device=x.device)
    found = take(x, _SOURCES[mode](places, length), axis=axis)
    if not is_odd or (mode == "reflect" and length == 1):
        return found
    turns = _column(x, axis, floor_divide(places, length if mode == "symmetric" else length - 1))
    is_turned = remainder(turns, 2) == 1
    first, last = x[along(axis, None, 1)], x[along(axis, length - 1, None)]
    drift = astype(where(is_turned, turns + 1, turns), x.dtype) * (last - first)
    return where(is_turned, 2 * first - found, found) + drift


def _side(x: Tensor, axis: int, width: int, mode: str, value: Any, is_first: bool) -> Tensor:
    """The border on one side: a number, a ramp to one, or a statistic of so many entries next to it."""
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    if mode not in ("linear_ramp", *_STATISTICS):
        return full(x.backend, shape, value, dtype=x.dtype, device=x.device)
    length = x.shape[axis]
    count = 1 if mode == "linear_ramp" else length if value is None else min(value, length)
    edge = x[along(axis, None, count) if is_first else along(axis, length - count, None)]
    if mode != "linear_ramp":
        return broadcast_to(_STATISTICS[mode](edge, axis=axis, keepdims=True), shape)
    steps = arange(x.backend, width, dtype=real(x).dtype if x.dtype.is_complex else x.dtype, device=x.device)
    weight = _column(x, axis, (steps if is_first else width - 1 - steps) / max(width, 1))
    return edge * weight + value * (1 - weight)


def _check(x: Tensor, mode: str, options: dict[str, Any]) -> Tensor:
    """x, if the mode can pad it and takes the options."""
    if mode not in _MODES:
        raise ArgumentError(f"pad: mode: got {mode!r}; expected one of {', '.join(_MODES)}")
    known = _OPTIONS.get(mode, "no option")
    for name, value in options.items():
        if name != known:
            raise ArgumentError(f"pad: {name}: got {value!r} for mode {mode!r}, which takes {known}")
    if options.get("reflect_type") not in (None, "even", "odd"):
        raise ArgumentError(f"pad: reflect_type: got {options['reflect_type']!r}; expected 'even' or 'odd'")
    return floating("pad", "x", x) if mode in ("linear_ramp", "mean", "median") else x


@composite
def pad(
    x: Array, /, pad_width: Any, mode: str = "constant", *, constant_values: Any = None, stat_length: Any = None,
    end_values: Any = None, reflect_type: str | None = None,
) -> Tensor:  # fmt: skip
    """x with a border, as NumPy's `pad`, one axis after the other.

    pad_width: a number, (before, after), or such a pair for each axis; options likewise. Modes: "constant", with
    `constant_values`, and "linear_ramp", to `end_values`, by default 0: a gradient flows to Tensors in them; "edge", "wrap",
    "reflect" and "symmetric", with `reflect_type` "even" or "odd"; "maximum", "mean", "median" and "minimum" of
    `stat_length` entries next to the border, by default all; "empty", which is 0.
    """
    x = as_tensor(x)
    given = {"constant_values": constant_values, "stat_length": stat_length, "end_values": end_values,
             "reflect_type": reflect_type}  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    x = _check(x, mode, given)
    widths = _widths(pad_width, x.ndim)
    option = _OPTIONS.get(mode, "constant_values")
    values = _pairs(option, given.get(option, None if mode in _STATISTICS else 0), x.ndim)
    for axis, pair in enumerate(widths):
        if pair == (0, 0):
            continue
        if x.shape[axis] == 0 and mode not in ("constant", "empty"):
            raise ArgumentError(f"pad: x: got shape {x.shape}, with nothing along axis {axis} to pad by {mode!r}")
        if mode in _SOURCES:
            x = _sourced(x, axis, pair, mode, reflect_type == "odd")
            continue
        before, after = (_side(x, axis, pair[k], mode, values[axis][k], is_first=k == 0) for k in (0, 1))
        x = concat([before, x, after], axis=axis)
    return x
