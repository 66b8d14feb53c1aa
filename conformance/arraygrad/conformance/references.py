"""What a forward function is compared with: the library's own, or NumPy's where the standard has none."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from arraygrad.backends import get_backend, scipy_functions
from arraygrad.dtypes import as_dtype
from arraygrad.standard import signature_of

from .problem import Lacking, Problem, Rejected

Function = Callable[..., Any]


def reference(problem: Problem) -> Function:
    """The function that a case is compared with. Raises LookupError for one that has none."""
    name = problem.case.call.name
    if name in BY_NUMPY:
        return functools.partial(_by_numpy, problem, BY_NUMPY[name])
    if signature_of(name) is None:
        raise LookupError(f"{name}: not of the standard; add what it computes to the references.py of the kit")
    return functools.partial(_standard, problem, name)


def reference_values(problem: Problem) -> tuple[list[Any], Lacking | None]:
    """The values of a case by the library's own function; else by NumPy's, and why the library's own gives none.

    A function that the plug-in overrides is compared with NumPy's: the library may lack it, or have it wrong.
    """
    on_numpy = Problem(problem.case, get_backend("numpy"))
    try:
        if problem.case.call.name in problem.backend.overrides:
            with suppress(Lacking):
                return on_numpy.library(reference(on_numpy)), None
        return problem.library(reference(problem)), None
    except Lacking as refusal:
        try:
            return on_numpy.library(reference(on_numpy)), refusal
        except Lacking as error:
            raise Rejected(f"NumPy does not take the case either: {error}") from error


def _standard(problem: Problem, name: str, *args: Any, **options: Any) -> Any:
    return functools.reduce(getattr, name.split("."), problem.backend.library)(*args, **options)


def _by_numpy(problem: Problem, function: Function, *args: Any, **options: Any) -> Any:
    """`function` of NumPy on the backend's arrays."""
    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(plain(part) for part in value)
        return np.array(problem.backend.to_numpy(value)) if problem.backend.is_array(value) else value

    given = list(map(plain, args))
    result = function(*given, **{name: plain(value) for name, value in options.items()})
    asarray = problem.backend.xp.asarray
    return tuple(map(asarray, result)) if isinstance(result, tuple) else asarray(result)


def _scipy(name: str) -> Function:
    """A function of SciPy, which is imported when it is first called, with values in the data type of the arrays.

    SciPy reads SCIPY_ARRAY_API on import: whoever loads the kit with their tests may set it after that.
    """
    module, _, attribute = name.rpartition(".")

    def function(*args: Any, **options: Any) -> Any:
        value = getattr(importlib.import_module(f"scipy.{module}"), attribute)(*args, **options)
        kept = [each.dtype for each in args if isinstance(each, np.ndarray) and each.dtype.kind in "fc"]
        if not kept or isinstance(value, tuple):
            return value
        wanted = np.result_type(*kept)  # for SciPy a Python number is of double precision
        return value.astype(wanted) if value.dtype.kind == wanted.kind else value

    return function


def _index_add(x: Any, values: Any, *, key: Any) -> Any:
    out = x.astype(np.result_type(x))
    np.add.at(out, key, np.broadcast_to(values, x[key].shape))
    return out


def _index_set(x: Any, values: Any, *, key: Any) -> Any:
    out = x.copy()
    out[key] = values
    return out


def _logsumexp(x: Any, *, axis: Any, keepdims: bool) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _softmax(x: Any, *, axis: Any) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _solve_triangular(x1: Any, x2: Any, *, upper: bool) -> Any:
    return np.linalg.solve(np.triu(x1) if upper else np.tril(x1), x2)


def _cofactor_change(x: Any, y: Any) -> Any:
    inverse, turned = np.linalg.inv(x), np.linalg.solve(x, y)
    change = np.trace(turned, axis1=-2, axis2=-1)[..., None, None] * inverse - turned @ inverse
    return np.linalg.det(x)[..., None, None] * np.swapaxes(change, -1, -2)


def _lu(x: Any) -> tuple[Any, ...]:
    if x.dtype == np.float16:
        raise TypeError("NumPy solves no systems in half precision")
    factors: Any = _scipy("linalg.lu")(x)
    return factors[0].astype(x.dtype), *factors[1:]


def _gelu(x: Any, *, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _scipy("special.erf")(x / math.sqrt(2)))


def _convolve(x1: Any, x2: Any, mode: Any) -> Any:
    """Of batches one by one."""
    batch = np.broadcast_shapes(x1.shape[:-1], x2.shape[:-1])
    lefts, rights = (np.broadcast_to(x, (*batch, x.shape[-1])).reshape(-1, x.shape[-1]) for x in (x1, x2))
    rows = [np.convolve(left, right, mode) for left, right in zip(lefts, rights, strict=True)]
    return np.reshape(np.stack(rows), (*batch, -1))


def _logcumsumexp(x: Any, *, axis: int) -> Any:
    return np.log(np.cumsum(np.exp(x), axis=axis))


BY_NUMPY: dict[str, Function] = {
    **{name: _scipy(f"special.{name}") for name in scipy_functions.NAMES},
    "linalg.lu": _lu,
    "linalg.expm": _scipy("linalg.expm"),
    "nanmax": lambda x, axis, keepdims: np.nanmax(x, axis=axis, keepdims=keepdims),
    "nanmin": lambda x, axis, keepdims: np.nanmin(x, axis=axis, keepdims=keepdims),
    "logcumsumexp": _logcumsumexp,
    "convolve": _convolve,
    "masked": lambda x, mask: np.where(mask, x, 0),
    "erf": _scipy("special.erf"),
    "erfc": _scipy("special.erfc"),
    "gelu": _gelu,
    "sinc": np.sinc,
    "cbrt": np.cbrt,
    "exp2": np.exp2,
    "xlogy": _scipy("special.xlogy"),
    "full_like": lambda x, fill_value, **options: np.full(x.shape, fill_value, x.dtype),
    "convert": lambda x, dtype, *, copy: x.astype(as_dtype(dtype).name),
    "clone": lambda x: x,
    "to_device": lambda x, device, *, stream: x,
    "transfer": lambda x, **options: x,
    "getitem": lambda x, key: x[key],
    "index_add": _index_add,
    "index_set": _index_set,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softmax": _softmax,
    "log_softmax": lambda x, *, axis: np.log(_softmax(x, axis=axis)),
    "logsumexp": _logsumexp,
    "linalg.solve_triangular": _solve_triangular,
    "linalg.cofactor": lambda x: np.linalg.det(x)[..., None, None] * np.swapaxes(np.linalg.inv(x), -1, -2),
    "linalg.cofactor_change": _cofactor_change,
}
"""What the standard lacks, and what arraygrad takes more for than the standard."""
