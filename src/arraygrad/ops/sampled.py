"""Functions given by samples: interpolation, integrals and derivatives, under NumPy's names."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from .axes import along, floating, normal_axes, normal_axis
from .creation import asarray
from .elementwise import clip, remainder
from .indexing import take
from .manipulation import concat, reshape
from .searching import searchsorted, where
from .sorting import argsort
from .statistical import sum
from .utility import diff

# -- interpolation ------------------------------------------------------------------------------------------


def _vector(operation: str, name: str, value: Array) -> Tensor:
    vector = floating(operation, name, value)
    if vector.ndim != 1:
        raise ArgumentError(f"{operation}: {name}: got shape {vector.shape}; expected a vector")
    return vector


def _one_period(xp: Tensor, fp: Tensor, period: float) -> tuple[Tensor, Tensor]:
    """The samples sorted within one period, with one more of the neighbouring periods on either side."""
    xp = remainder(xp, period)
    order = argsort(xp)
    xp, fp = take(xp, order, axis=0), take(fp, order, axis=0)
    return concat([xp[-1:] - period, xp, xp[:1] + period]), concat([fp[-1:], fp, fp[:1]])


@composite
def interp(
    x: Array, xp: Array, fp: Array, /, left: Any = None, right: Any = None, *, period: float | None = None
) -> Tensor:
    """The piecewise linear function through the points (xp, fp), at x. xp must ascend, unless there is a `period`.

    x: any shape. Outside the samples the value is `left` or `right`, by default those of fp at the ends. At a sample
    the derivative by x is the slope to the right of it, at the last one the slope to the left.
    """
    xp, fp = _vector("interp", "xp", xp), _vector("interp", "fp", fp)
    if xp.shape != fp.shape or xp.shape[0] == 0:
        raise ArgumentError(
            f"interp: xp, fp: got {xp.shape[0]} and {fp.shape[0]} samples; expected as many of both, and at least one"
        )
    x = asarray(xp.backend, x, dtype=xp.dtype) if isinstance(x, (int, float)) else floating("interp", "x", x)
    if period is not None:
        if period == 0:
            raise ArgumentError("interp: period: got 0; expected a number other than 0")
        period = -period if period < 0 else period
        x, (xp, fp), left, right = remainder(x, period), _one_period(xp, fp, period), None, None
    last = xp.shape[0] - 1
    flat = reshape(x, (-1,))
    place = clip(searchsorted(xp, flat, side="right") - 1, 0, last - 1 if last else 0)
    after = clip(place + 1, 0, last)
    x0, x1, f0, f1 = take(xp, place), take(xp, after), take(fp, place), take(fp, after)
    width = x1 - x0
    weight = (flat - x0) / where(width == 0, 1, width)
    value = f0 * (1 - weight) + f1 * weight
    value = where(flat < xp[0], fp[0] if left is None else left, value)
    value = where(flat > xp[last], fp[last] if right is None else right, value)
    return reshape(value, x.shape)


# -- integrals ----------------------------------------------------------------------------------------------


@composite
def trapezoid(y: Array, /, x: Array | None = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral of samples y along `axis` by the trapezoidal rule, at x (a vector, or of y's shape) or `dx` apart."""
    y = floating("trapezoid", "y", y)
    axis = normal_axis("trapezoid", axis, y.ndim)
    pairs = y[along(axis, 1, None)] + y[along(axis, None, -1)]
    if x is None:
        return sum(pairs, axis=axis) * (dx / 2)
    x = as_tensor(x)
    if x.ndim == 1:
        width = reshape(diff(x), (-1,) + (1,) * (y.ndim - axis - 1))
    else:
        width = diff(x, axis=axis)
    if width.shape[axis - y.ndim] != pairs.shape[axis]:
        raise ArgumentError(
            f"trapezoid: x: got shape {x.shape} for samples of shape {y.shape} along axis {axis}; expected as many"
        )
    return sum(width * pairs / 2, axis=axis)


# -- derivatives --------------------------------------------------------------------------------------------


def _spacings(f: Tensor, given: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    """For each axis a number, or the coordinates of the samples as a vector."""
    if len(given) not in (0, 1, len(axes)):
        raise ArgumentError(f"gradient: got {len(given)} spacings; expected none, one, or one for each of {axes}")
    spacings = list(given) * (len(axes) if len(given) == 1 else 1) or [1.0] * len(axes)
    for position, (spacing, axis) in enumerate(zip(spacings, axes, strict=True)):
        if getattr(spacing, "ndim", 0) == 0 and not isinstance(spacing, (list, tuple)):
            continue
        spacings[position] = asarray(f.backend, spacing, dtype=f.dtype)
        if spacings[position].shape != (f.shape[axis],):
            raise ArgumentError(
                f"gradient: spacing of axis {axis}: got shape {spacings[position].shape}; expected a number, or a vector "
                f"of {f.shape[axis]} coordinates"
            )
    return spacings


def _derivative(f: Tensor, spacing: Any, axis: int, edge_order: int) -> Tensor:
    """Second-order differences inside, of order `edge_order` at the ends. B. Fornberg, Generation of finite difference
    formulas on arbitrarily spaced grids, 1988."""
    shape = (-1,) + (1,) * (f.ndim - axis - 1)
    n = f.shape[axis]

    def at(start: int, stop: int | None) -> Tensor:
        return f[along(axis, start, stop)]

    if getattr(spacing, "ndim", 0) == 0:
        step = [spacing] * 4
        inner = (at(2, None) - at(0, -2)) / (2 * spacing)
    else:
        width = reshape(diff(spacing), shape)
        step = [width[i : i + 1, ...] for i in (0, min(1, n - 2), n - 2, max(n - 3, 0))]
        before, after = width[:-1, ...], width[1:, ...]
        inner = (
            -after / (before * (before + after)) * at(0, -2)
            + (after - before) / (before * after) * at(1, -1)
            + before / (after * (before + after)) * at(2, None)
        )
    first = (at(1, 2) - at(0, 1)) / step[0]
    last = (at(n - 1, n) - at(n - 2, n - 1)) / step[2]
    if edge_order == 2:
        second = (at(2, 3) - at(1, 2)) / step[1]
        before_last = (at(n - 2, n - 1) - at(n - 3, n - 2)) / step[3]
        first = first + (first - second) * (step[0] / (step[0] + step[1]))
        last = last + (last - before_last) * (step[2] / (step[2] + step[3]))
    return concat([first, inner, last], axis=axis)


@composite
def gradient(f: Array, /, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Tensor | tuple[Tensor, ...]:
    """Derivatives of samples f by finite differences, as NumPy's `gradient`: a Tensor for one axis, a tuple for more.

    spacing: nothing, one number for all axes, or for each axis a number or the coordinates of the samples.
    """
    f = floating("gradient", "f", f)
    axes = normal_axes("gradient", axis, f.ndim)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order: got {edge_order!r}; expected 1 or 2")
    for each in axes:
        if f.shape[each] < edge_order + 1:
            raise ArgumentError(f"gradient: f: got {f.shape[each]} samples along axis {each}; expected {edge_order + 1}")
    found = tuple(
        _derivative(f, step, each, edge_order) for each, step in zip(axes, _spacings(f, spacing, axes), strict=True)
    )
    return found[0] if len(found) == 1 else found
