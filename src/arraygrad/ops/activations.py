"""Functions of neural networks and statistics beyond the standard, under the names that users know."""

from __future__ import annotations

from typing import Any

from ..kinds import Array, Tensor, declared, elementwise, general, reduction
from ..modes import Subgradient
from ..selection import Selected
from .searching import where
from .statistical import Axis


@elementwise(x=lambda g, out: Selected(g, out != 0), ordered=True)
def relu(x: Array, /) -> Tensor:
    """max(x, 0). The derivative at 0 is 0."""


def _relu_by_convention(x: Array, subgradient: Subgradient) -> Tensor:
    """relu, with the derivative at 0 that its own rule cannot give: of what it keeps, 0 and less look the same."""
    return where(x < 0, 0, x) if subgradient.kinks == "right" else where(x <= 0, 0, x)


declared["relu"].by_convention = _relu_by_convention


def _logistic_tails(xp: Any, x: Any) -> Any:
    """sigmoid(x) * sigmoid(-x), each from its own exponential, so that neither tail is rounded away."""
    return xp.sigmoid(x) * xp.sigmoid(-x)


@elementwise(x=_logistic_tails)
def sigmoid(x: Array, /) -> Tensor:
    """1 / (1 + exp(-x))."""


@elementwise(x=lambda xp, x: xp.sigmoid(x))
def softplus(x: Array, /) -> Tensor:
    """log(1 + exp(x)), without overflow."""


def _softmax_pull(xp: Any, g: Any, out: Any, axis: Axis) -> Any:
    return out * (g - xp.sum(g * out, axis=axis, keepdims=True))


@general(x=_softmax_pull, jvp=lambda xp, t, out, axis: _softmax_pull(xp, t, out, axis), ordered=True)
def softmax(x: Array, /, *, axis: Axis = -1) -> Tensor:
    """exp(x) over its sum along `axis`."""


@general(
    x=lambda xp, g, out, axis: g - xp.exp(out) * xp.sum(g, axis=axis, keepdims=True),
    jvp=lambda xp, t, out, axis: t - xp.sum(xp.exp(out) * t, axis=axis, keepdims=True),
    ordered=True,
)
def log_softmax(x: Array, /, *, axis: Axis = -1) -> Tensor:
    """The logarithm of softmax, accurate where softmax is tiny."""


def _shares(xp: Any, x: Any, out: Any) -> Any:
    """exp(x - out), the softmax; equal shares where all are -inf, and for the infinite ones where some are inf."""
    finite = xp.isfinite(out)
    share = xp.exp(xp.where(finite, x - xp.where(finite, out, 0), 0))
    return xp.where(finite, share, xp.astype(x == out, share.dtype))


def _logsumexp_partial(xp: Any, x: Any, out: Any, axis: Axis) -> Any:
    share = _shares(xp, x, out)
    total = xp.sum(share, axis=axis, keepdims=True)
    return share / xp.where(xp.isfinite(out), 1, total)


@reduction(x=_logsumexp_partial)
def logsumexp(x: Array, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log of the sum of exp(x) over `axis`, without overflow."""
