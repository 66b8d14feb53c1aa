"""Derivatives by mpmath from the function alone, to many digits: who is right where a peer is found to be wrong.

Arrays are NumPy's, of mpmath's numbers, which NumPy's own functions of arithmetic, shapes and contractions take.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from arraygrad.conformance.cases import Case
from mpmath import mp

DIGITS = 40
Function = Callable[..., Any]


def derivatives(case: Case, t: Sequence[Any], u: Sequence[Any], g: Sequence[Any]) -> tuple[float, float]:
    """Of <g, f>: the derivative along t, and the second along t and u. Raises if mpmath has no such function."""

    def along(a: Any, b: Any) -> Any:
        moved = [x + a * _precise(v) + b * _precise(w) for x, v, w in zip(primals, t, u, strict=True)]
        outs = _called(case, moved)
        return mp.fsum(mp.re(mp.conj(c) * y) for out, each in zip(outs, g, strict=True)
                       for y, c in zip(np.ravel(out), np.ravel(_precise(each)), strict=True))  # fmt: skip

    with mp.workdps(DIGITS):
        primals = list(map(_precise, case.primals))
        first = mp.diff(lambda a: along(a, 0), 0)
        second = mp.diff(along, (0, 0), (1, 1))
        return float(first), float(second)


_number = np.frompyfunc(mp.mpmathify, 1, 1)


def _precise(array: Any) -> Any:
    return np.asarray(_number(array), dtype=object)


def _called(case: Case, active: Sequence[Any]) -> list[Any]:
    given = dict(zip(case.active, active, strict=True))
    every = [given.get(i, array) for i, array in enumerate(case.arrays)]
    positional, named = case.call.bind(every, case.options)
    out = function(case.call.name)(*positional, **named)
    return [np.asarray(each) for each in (out if isinstance(out, (tuple, list)) else (out,))]


def function(name: str) -> Function:
    """A function of arraygrad's on arrays of mpmath's numbers."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if hasattr(mp, name):
        return lambda *arrays: np.frompyfunc(getattr(mp, name), len(arrays), 1)(*arrays)
    return functools.reduce(getattr, name.split("."), np)


def _each(f: Function) -> Function:
    return lambda *arrays: np.frompyfunc(f, len(arrays), 1)(*arrays)


def _of_matrices(f: Function) -> Function:
    """A function of mpmath's matrices, of batches of them."""

    def call(*arrays: Any) -> Any:
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in arrays))
        whole = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in arrays]
        found = [_array(f(*(mp.matrix(x[index].tolist()) for x in whole))) for index in np.ndindex(batch)]
        return np.reshape(np.asarray(found, dtype=object), (*batch, *found[0].shape))

    return call


def _array(value: Any) -> Any:
    return np.asarray(value.tolist() if isinstance(value, mp.matrix) else value, dtype=object)


def _solve(x1: Any, x2: Any) -> Any:
    inverse = _of_matrices(mp.inverse)(x1)
    return inverse @ x2


def _slogdet(x: Any) -> Any:
    det = _of_matrices(mp.det)(x)
    return _each(mp.sign)(det), _each(lambda d: mp.log(mp.fabs(d)))(det)


def _std(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    return _each(mp.sqrt)(_var(x, axis=axis, correction=correction, keepdims=keepdims))


def _var(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    count = x.size / np.sum(x, axis=axis).size
    spread = x - np.sum(x, axis=axis, keepdims=True) / count
    return np.sum(_each(lambda y: mp.re(y * mp.conj(y)))(spread), axis=axis, keepdims=keepdims) / (count - correction)


def _cumulative(f: Function) -> Function:
    def call(x: Any, *, axis: Any, dtype: Any, include_initial: bool) -> Any:
        return f(x, axis=axis if axis is not None or x.ndim else 0, include_initial=include_initial)

    return call


def _vector_norm(x: Any, *, axis: Any, keepdims: bool, ord: Any) -> Any:  # noqa: A002
    sizes = _each(mp.fabs)(x)
    if np.isinf(ord):
        return (np.max if ord > 0 else np.min)(sizes, axis=axis, keepdims=keepdims)
    return np.sum(sizes**ord, axis=axis, keepdims=keepdims) ** (mp.one / ord)


FUNCTIONS: dict[str, Function] = {
    "abs": _each(mp.fabs),
    "astype": lambda x, dtype, *, copy, device: x,
    "convert": lambda x, dtype, *, copy: x,
    "cumulative_prod": _cumulative(np.cumulative_prod),
    "cumulative_sum": _cumulative(np.cumulative_sum),
    "exp2": _each(lambda x: mp.mpf(2) ** x),
    "full_like": lambda x, fill_value, *, dtype, device: np.full(x.shape, fill_value, dtype=object),
    "getitem": lambda x, key: x[key],
    "imag": _each(mp.im),
    "linalg.cholesky": lambda x, *, upper: _of_matrices(lambda a: mp.cholesky(a).H if upper else mp.cholesky(a))(x),
    "linalg.det": _of_matrices(mp.det),
    "linalg.expm": _of_matrices(mp.expm),
    "linalg.inv": _of_matrices(mp.inverse),
    "linalg.slogdet": _slogdet,
    "linalg.solve": _solve,
    "linalg.vector_norm": _vector_norm,
    "log2": _each(lambda x: mp.log(x) / mp.log(2)),
    "logaddexp": _each(lambda x, y: mp.log(mp.exp(x) + mp.exp(y))),
    "logcumsumexp": lambda x, *, axis: _each(mp.log)(np.cumsum(_each(mp.exp)(x), axis)),
    "pow": np.power,
    "real": _each(mp.re),
    "sinc": _each(lambda x: mp.sincpi(x)),
    "std": _std,
    "var": _var,
    "xlogy": _each(lambda x, y: x * mp.log(y)),
}
"""What is called otherwise in NumPy and mpmath, or takes other options."""
