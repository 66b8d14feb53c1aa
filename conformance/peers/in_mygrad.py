"""arraygrad's functions in MyGrad: those under NumPy's old names, the others as listed here. It has reverse mode alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext as double
from typing import Any

import mygrad as namespace
import numpy as np
from arraygrad.conformance.parameters import DEVICE
from mygrad.nnet import activations

from .names import FORMERLY

NESTS = False
jvp = None


def vjp(f: Callable[..., Any], *x: Any) -> tuple[Any, Callable[..., Any]]:
    """By `backward` of the outputs times the cotangents."""
    leaves = [namespace.tensor(each) for each in x]
    outs = f(*leaves)

    def pull(g: Any) -> tuple[Any, ...]:
        outs, cotangents = (each if isinstance(each, tuple) else (each,) for each in (f(*leaves), g))
        for out, each in zip(outs, cotangents, strict=True):
            if isinstance(out, namespace.Tensor) and not out.constant:
                (out * each).sum().backward()
        grads = [np.zeros_like(leaf.data) if leaf.grad is None else leaf.grad for leaf in leaves]
        return tuple(grads)

    return outs, pull


array = np.array


def plain(value: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.array(value.data if isinstance(value, namespace.Tensor) else value)


def constant(value: Any) -> Any:
    """An argument that is not differentiated by."""
    return value


def option(name: str, value: Any) -> Any:
    """The value of an option."""
    return "cpu" if isinstance(value, str) and value == DEVICE else value


def function(name: str) -> Callable[..., Any] | None:
    """What MyGrad has for a function of arraygrad's, with the same parameters."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    path = FORMERLY.get(name, name).split(".")
    return functools.reduce(lambda part, each: getattr(part, each, None), path, namespace)


# -- what is called otherwise -----------------------------------------------------------------------------


def _running(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *, axis: Any, dtype: Any, include_initial: bool) -> Any:
        if include_initial or dtype is not None:
            raise NotImplementedError("no such option")
        return f(x, axis)

    return call


def _summed(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *, axis: Any, dtype: Any, keepdims: bool) -> Any:
        if dtype is not None:
            raise NotImplementedError("no such option")
        return f(x, axis, keepdims)

    return call


def _vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: Any) -> Any:  # noqa: A002
    if isinstance(axis, tuple) or (axis is None and x.ndim > 1):
        raise NotImplementedError("of one axis")
    return namespace.linalg.norm(x, ord, axis, keepdims)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "astype": lambda x, dtype, *, copy, device: x.astype(dtype),
    "clip": lambda x, min, max: namespace.clip(x, min, max),
    "convert": lambda x, dtype, *, copy: x.astype(dtype),
    "cumulative_prod": _running(namespace.cumprod),
    "cumulative_sum": _running(namespace.cumsum),
    "full_like": lambda x, fill_value, *, dtype, device: namespace.full_like(x, fill_value),
    "getitem": lambda x, key: x[key],
    "linalg.vector_norm": _vector_norm,
    "log_softmax": lambda x, *, axis: activations.logsoftmax(x, axis=axis),
    "masked": lambda x, mask: namespace.where(mask, x, 0),
    "matrix_transpose": lambda x: namespace.swapaxes(x, -1, -2),
    "mean": lambda x, *, axis, keepdims: namespace.mean(x, axis, keepdims),
    "pow": lambda x1, x2: namespace.power(x1, x2),
    "prod": _summed(namespace.prod),
    "relu": activations.relu,
    "reshape": lambda x, shape, *, copy: namespace.reshape(x, shape),
    "sigmoid": activations.sigmoid,
    "softmax": lambda x, *, axis: activations.softmax(x, axis=axis),
    "std": lambda x, *, axis, correction, keepdims: namespace.std(x, axis, correction, keepdims),
    "sum": _summed(namespace.sum),
    "take": lambda x, indices, *, axis: x[(slice(None),) * ((axis or 0) % x.ndim) + (indices,)],
    "var": lambda x, *, axis, correction, keepdims: namespace.var(x, axis, correction, keepdims),
}

TAKES: dict[str, Callable[[Any], bool]] = {}
