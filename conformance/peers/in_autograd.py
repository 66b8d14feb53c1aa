"""arraygrad's functions in HIPS autograd: those of autograd.numpy under their old names, the others as listed here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext as double
from types import SimpleNamespace
from typing import Any

import autograd.numpy as namespace
import autograd.scipy.special as special
import numpy as np
from arraygrad.conformance.parameters import DEVICE
from autograd.builtins import tuple as boxed
from autograd.core import make_jvp, make_vjp
from autograd.numpy.numpy_boxes import ArrayBox

from .names import FORMERLY

NESTS = True


def _of_tuple(f: Callable[..., Any], count: int) -> Callable[[Any], Any]:
    """f as a function of one tuple, which is what autograd differentiates by."""

    def called(x: Any) -> Any:
        out = f(*(x[position] for position in range(count)))
        return boxed(out) if isinstance(out, (tuple, list)) else out

    return called


def _conj(arrays: Any) -> Any:
    return boxed([namespace.conj(arrays[position]) for position in range(len(arrays))])


def vjp(f: Callable[..., Any], *x: Any) -> tuple[Any, Callable[..., Any]]:
    """autograd's, in arraygrad's convention: its gradient by a complex number is the conjugate."""
    pull, out = make_vjp(_of_tuple(f, len(x)), boxed(x))
    return out, lambda g: tuple(_conj(pull(_conj(g) if isinstance(g, (tuple, list)) else namespace.conj(g))))


def jvp(f: Callable[..., Any], x: Any, t: Any) -> tuple[Any, Any]:
    """autograd's."""
    return make_jvp(_of_tuple(f, len(x)), boxed(x))(boxed(t))


array = plain = np.array


def constant(value: Any) -> Any:
    """An argument that is not differentiated by."""
    return value


def option(name: str, value: Any) -> Any:
    """The value of an option."""
    return "cpu" if isinstance(value, str) and value == DEVICE else value


def function(name: str) -> Callable[..., Any] | None:
    """What autograd has for a function of arraygrad's, with the same parameters."""
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


def _vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: Any) -> Any:  # noqa: A002
    if keepdims or isinstance(axis, tuple) or (axis is None and x.ndim > 1):
        raise NotImplementedError("of one axis without keepdims")
    return namespace.linalg.norm(x, ord, axis)


def _matrix_norm(x: Any, *, keepdims: bool, ord: Any) -> Any:  # noqa: A002
    if keepdims:
        raise NotImplementedError("without keepdims")
    return namespace.linalg.norm(x, ord, (-2, -1))


def _sort(x: Any, *, axis: int, descending: bool, stable: bool) -> Any:
    found = namespace.sort(x, axis)
    return namespace.flip(found, axis) if descending else found


def _log_softmax(x: Any, *, axis: Any) -> Any:
    return x - special.logsumexp(x, axis, keepdims=True)


def _matrix_transpose(x: Any) -> Any:
    return namespace.swapaxes(x, -1, -2)


def _solve(x1: Any, x2: Any) -> Any:
    return namespace.linalg.solve(x1, x2)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": namespace.absolute,
    "clip": lambda x, min, max: namespace.clip(x, min, max),
    "conj": namespace.conjugate,
    "convert": lambda x, dtype, *, copy: x.astype(dtype),
    "astype": lambda x, dtype, *, copy, device: x.astype(dtype),
    "cumulative_sum": _running(namespace.cumsum),
    "cumulative_prod": _running(namespace.cumprod),
    "erf": special.erf,
    "erfc": special.erfc,
    "full_like": lambda x, fill_value, *, dtype, device: namespace.full(x.shape, fill_value, x.dtype),
    "getitem": lambda x, key: x[key],
    "linalg.matrix_norm": _matrix_norm,
    "linalg.outer": namespace.outer,
    "linalg.solve": _solve,
    "linalg.trace": lambda x, *, offset, dtype: namespace.trace(x, offset, -2, -1),
    "linalg.diagonal": lambda x, *, offset: namespace.diagonal(x, offset, -2, -1),
    "linalg.vector_norm": _vector_norm,
    "log_softmax": _log_softmax,
    "logsumexp": special.logsumexp,
    "masked": lambda x, mask: namespace.where(mask, x, 0),
    "matrix_transpose": _matrix_transpose,
    "max": lambda x, *, axis, keepdims: namespace.max(x, axis, keepdims=keepdims),
    "min": lambda x, *, axis, keepdims: namespace.min(x, axis, keepdims=keepdims),
    "reshape": lambda x, shape, *, copy: namespace.reshape(x, shape),
    "roll": lambda x, shift, *, axis: namespace.roll(x, shift, axis),
    "sort": _sort,
    "std": lambda x, *, axis, correction, keepdims: namespace.std(x, axis, ddof=correction, keepdims=keepdims),
    "take": lambda x, indices, *, axis: namespace.take(x, indices, axis),
    "var": lambda x, *, axis, correction, keepdims: namespace.var(x, axis, ddof=correction, keepdims=keepdims),
}

TAKES: dict[str, Callable[[Any], bool]] = {}

# Functions of the standard on traced arrays, for what is looked at of eigenvectors.
ArrayBox.__array_namespace__ = lambda self, api_version=None: SimpleNamespace(
    asarray=namespace.array, conj=namespace.conjugate, isdtype=np.isdtype, linalg=namespace.linalg,
    matrix_transpose=_matrix_transpose, real=namespace.real, sum=namespace.sum,
)  # fmt: skip
