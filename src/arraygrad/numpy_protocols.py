"""NumPy's functions given Tensors: `np.sin(x)`, `np.mean(x, axis=0)`, `np.linalg.inv(x)`, `scipy.special.gammaln(x)`.

A ufunc calls the operation of its name. Any other function does so where something is differentiated by one of its Tensors,
and does else what NumPy does with whatever converts to an array. Where there is no operation of that name, a Tensor that is
differentiated by raises: nothing is detached silently.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .call import level_of
from .errors import ArgumentTypeError, GradientError
from .factories import asarray, linspace
from .namespace import calls
from .ops import elementwise, manipulation, searching
from .ops.quantiles import quantile
from .tensor import Tensor

Function = Callable[..., Any]

_UFUNCS = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "conjugate": "conj", "fabs": "abs", "float_power": "pow",
    "invert": "bitwise_invert", "left_shift": "bitwise_left_shift", "power": "pow", "right_shift": "bitwise_right_shift",
    "rint": "round",
}  # fmt: skip
"""Operations that ufuncs of another name call."""

_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
"""Operations that the reductions of ufuncs call."""

_FUNCTIONS = {"concatenate": "concat", "amax": "max", "amin": "min"}
"""Operations that functions of another name call."""

_OPTIONS = {"ddof": "correction"}
"""Our names for options of NumPy's functions."""


# -- ufuncs -----------------------------------------------------------------------------------------------


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """A ufunc of NumPy's or SciPy's with a Tensor among its arguments. Its result is a Tensor if it has an operation."""
    name: str = ufunc.__name__
    if method == "__call__" and not options:
        operation = calls().get(_UFUNCS.get(name, name))
        if operation is not None:
            return operation(*inputs)
    if method == "reduce" and name in _REDUCTIONS and options.keys() <= {"axis", "keepdims"}:
        return calls()[_REDUCTIONS[name]](*inputs, **{"axis": 0, **options})
    with _explained(name, options):
        arrays = [each.__array__() if isinstance(each, Tensor) else each for each in inputs]
        return getattr(ufunc, method)(*arrays, **_with_arrays(options))


def _with_arrays(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a ufunc, of which `out` is a tuple, without Tensors."""
    out = options.get("out", ())
    if any(isinstance(each, Tensor) for each in out):
        raise ArgumentTypeError("out: got a Tensor; expected an array of NumPy, to be written to; assign the result instead")
    return {key: value.__array__() if isinstance(value, Tensor) else value for key, value in options.items()}


# -- other functions --------------------------------------------------------------------------------------


def array_function(self: Tensor, function: Any, types: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Any other function of NumPy's with a Tensor among its arguments."""
    name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
    if name in _WITHOUT_DERIVATIVE or not any(level_of(x) is not None for x in _tensors_in((args, options))):
        return function._implementation(*_plain(args), **_plain(options))
    if name in _ADAPTED:
        return _ADAPTED[name](*args, **options)
    operations = calls()
    ours = operations.get(_FUNCTIONS.get(name, name)) or operations.get(f"linalg.{name}")
    if ours is not None:
        return _call(name, _signature(function), ours, args, options)
    with _explained(name, options):
        return function._implementation(*args, **options)


def _call(name: str, signature: inspect.Signature, ours: Function, args: Any, options: Any) -> Any:
    """Our operation on arguments as NumPy takes them: by position as far as it has positions, else by name."""
    given = signature.bind(*args, **options).arguments
    places, names = _parameters(ours)
    arguments: list[Any] = []
    named: dict[str, Any] = {}
    for place, (parameter, kind) in enumerate((each.name, each.kind) for each in signature.parameters.values()):
        if parameter not in given:
            continue
        value = given[parameter]
        if kind is inspect.Parameter.VAR_POSITIONAL:
            arguments += value
        elif kind is inspect.Parameter.VAR_KEYWORD:
            named |= value
        elif place == len(arguments) < len(places):
            arguments.append(asarray(value) if places[place] and _is_numbers(value) else value)
        else:
            named[_OPTIONS.get(parameter, parameter)] = value
    unknown = named.keys() - names
    if unknown:
        raise ArgumentTypeError(
            f"numpy.{name}: got {', '.join(sorted(unknown))}; expected of {', '.join(sorted(names))}, where something is "
            "differentiated by a Tensor"
        )
    return ours(*arguments, **named)


_signature = functools.cache(inspect.signature)


@functools.cache
def _parameters(function: Function) -> tuple[tuple[bool, ...], frozenset[str]]:
    """Whether each parameter that can be given by position is an array, and the names of all parameters."""
    parameters = inspect.signature(function).parameters.values()
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    annotations = getattr(function, "__annotations__", {})
    are_arrays = tuple(annotations.get(each.name) == "Array" for each in parameters if each.kind in by_position)
    return are_arrays, frozenset(each.name for each in parameters)


def _tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors in nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors_in(part)
    elif isinstance(value, dict):
        yield from _tensors_in(list(value.values()))


def _is_numbers(value: Any) -> bool:
    """Whether it is a number, or a list without Tensors."""
    return isinstance(value, (float, list)) and not any(True for _ in _tensors_in(value))


def _plain(value: Any) -> Any:
    """Nested lists, tuples and dictionaries with NumPy arrays for Tensors."""
    if isinstance(value, Tensor):
        return value._values()
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


@contextmanager
def _explained(name: str, options: dict[str, Any]) -> Iterator[None]:
    """Say which function of NumPy's it was that a Tensor was converted for."""
    try:
        yield
    except GradientError as error:
        having = f" with {', '.join(options)}" if options else ""
        raise GradientError(
            f"numpy.{name}: no gradient flows through it: arraygrad has no operation for it{having}; use operations of "
            "arraygrad, or pass x.detach()"
        ) from error


# -- functions whose arguments mean something else --------------------------------------------------------


def _flat(a: Any, order: str = "C") -> Any:
    return manipulation.reshape(a, (-1,))


def _transpose(a: Any, axes: Any = None) -> Any:
    return manipulation.permute_dims(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    a, axis = (_flat(a), 0) if axis is None else (a, axis)
    return a[(*(slice(None),) * (axis % a.ndim), indices)]


def _where(condition: Any, *branches: Any) -> Any:
    return searching.where(condition, *branches) if branches else searching.nonzero(condition)


def _at_least(ndim: int) -> Function:
    def expand(*arrays: Any) -> Any:
        expanded = tuple(manipulation.reshape(x, (1,) * max(ndim - x.ndim, 0) + tuple(x.shape)) for x in arrays)
        return expanded[0] if len(expanded) == 1 else expanded

    return expand


def _hstack(tup: Any) -> Any:
    return manipulation.concat(tup, axis=min(tup[0].ndim, 2) - 1)


_ADAPTED: dict[str, Function] = {
    "atleast_1d": _at_least(1),
    "atleast_2d": _at_least(2),
    "hstack": _hstack,
    "linspace": linspace,
    "percentile": lambda a, q, axis=None, **options: quantile(a, q / 100, axis, **options),
    "ravel": _flat,
    "round": lambda a, decimals=0: elementwise.round(a * 10.0**decimals) / 10.0**decimals,
    "squeeze": lambda a, axis=None: a.squeeze(axis),
    "swapaxes": lambda a, axis1, axis2: a.transpose(axis1, axis2),
    "take": _take,
    "transpose": _transpose,
    "vstack": lambda tup: manipulation.concat(list(map(_at_least(2), tup)), axis=0),
    "where": _where,
}

_WITHOUT_DERIVATIVE = frozenset({
    "allclose", "array_equal", "array_equiv", "can_cast", "iscomplexobj", "isclose", "isrealobj", "result_type",
})  # fmt: skip
"""Functions whose results no derivative passes."""
