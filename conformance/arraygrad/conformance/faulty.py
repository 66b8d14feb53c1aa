"""Faults as careless plug-ins have them: each takes a backend and one of its functions, and gives a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from arraygrad.backends import Backend

Function = Callable[..., Any]
Wrong = Callable[[Backend, Function], Function]


def result(change: Callable[[Backend, Any], Any]) -> Wrong:
    """The function's result, changed."""
    return lambda backend, function: lambda *args, **options: change(backend, function(*args, **options))


def first(change: Callable[[Backend, Any], Any]) -> Wrong:
    """The function of its first argument, changed."""
    return lambda backend, function: lambda x, *args, **options: function(change(backend, x), *args, **options)


def option(name: str, change: Callable[[Any], Any]) -> Wrong:
    """The function with one of its options changed."""
    def wrong(backend: Backend, function: Function) -> Function:
        return lambda *args, **given: function(*args, **given | {name: change(given[name])} if name in given else given)

    return wrong


def writes_to_its_argument(backend: Backend, function: Function) -> Function:
    """Computes into the first argument."""
    def wrong(x: Any, *args: Any, **options: Any) -> Any:
        out = function(x, *args, **options)
        if hasattr(x, "shape") and tuple(out.shape) == tuple(x.shape) and out.dtype == x.dtype and writable(x):
            x[...] = out
        return out

    return wrong


def writable(x: Any) -> bool:
    """Whether an array says that it can be written."""
    return not isinstance(x, np.ndarray) or x.flags.writeable


def keeps_its_buffer(backend: Backend, function: Function) -> Function:
    """Gives the same array again for every result of a shape and type."""
    buffers: dict[Any, Any] = {}

    def wrong(*args: Any, **options: Any) -> Any:
        out = function(*args, **options)
        buffer = buffers.setdefault((tuple(out.shape), str(out.dtype)), out)
        buffer[...] = out
        return buffer

    return wrong


def through_numpy(backend: Backend, x: Any) -> Any:
    """An array that was a NumPy array for a while."""
    return backend.xp.asarray(np.asarray(x))


def looked_at(backend: Backend, x: Any) -> Any:
    """An array that somebody asked a question."""
    bool((x == 0).any())
    return x


def computed(backend: Backend, x: Any) -> Any:
    """A lazy array that is computed and made anew."""
    return backend.xp.asarray(x.compute())


def at_home(backend: Backend, x: Any) -> Any:
    """An array moved to the first device."""
    return backend.kernel("to_device")(x, backend.devices()[0])


def without_strides(backend: Backend, x: Any) -> Any:
    """The entries in the order of memory, as a kernel for contiguous arrays reads them."""
    return np.ravel(x, order="K").reshape(x.shape)


def without_repetitions(backend: Backend, function: Function) -> Function:
    """Adds at an index once, however often it is there."""
    def wrong(x: Any, values: Any, /, *, key: Any) -> Any:
        return backend.index_set(x, backend.getitem(x, key) + values, key=key)

    return wrong


def first_wins(backend: Backend, function: Function) -> Function:
    """Of values written to the same place takes another than the last."""
    def wrong(x: Any, values: Any, /, *, key: Any) -> Any:
        if getattr(values, "ndim", 0) and getattr(key, "ndim", 0) == 1:
            return function(x, backend.xp.flip(values, axis=0), key=backend.xp.flip(key))
        return function(x, values, key=key)

    return wrong


def by_arithmetic(backend: Backend, function: Function) -> Function:
    """`where` as a sum of products, in which 0 * inf is NaN."""
    def wrong(condition: Any, x1: Any, x2: Any, /) -> Any:
        kept = backend.convert(condition, getattr(x1, "dtype", None) or x2.dtype)
        return kept * x1 + (1 - kept) * x2

    return wrong


def single(backend: Backend, x: Any) -> Any:
    """Rounded to single precision, in double."""
    narrow = {"float64": "float32", "complex128": "complex64"}.get(str(x.dtype).rpartition(".")[2])
    return x if narrow is None else backend.convert(backend.convert(x, backend.raw_dtype(narrow)), x.dtype)


def wide(backend: Backend, x: Any) -> Any:
    """In double precision, whatever it was."""
    wider = {"float32": "float64", "complex64": "complex128"}.get(str(x.dtype).rpartition(".")[2])
    return x if wider is None else backend.convert(x, backend.raw_dtype(wider))


def _scaled(backend: Backend, x: Any) -> Any:
    return x * 1.0001


def _same(backend: Backend, function: Function) -> Function:
    return lambda x, *args, **options: x


def _everywhere(backend: Backend, function: Function) -> Function:
    return lambda *args, **options: function(*args, **{**options, "device": None})


FAULTS: dict[tuple[str, str, str], tuple[Wrong, tuple[str, ...]]] = {
    # whichever the library
    ("any", "tanh", "off by 1e-4"): (result(_scaled), ("tanh",)),
    ("any", "linalg.inv", "off by 1e-4"): (result(_scaled), ("linalg.inv", "linalg.det")),
    ("any", "exp", "computed in single precision"): (result(single), ("exp",)),
    ("any", "sum", "computed in single precision"): (first(single), ("sum",)),
    ("any", "matmul", "computed in single precision"): (result(single), ("matmul",)),
    ("any", "cos", "promotes to double precision"): (result(wide), ("cos", "sin")),
    ("any", "mean", "promotes to double precision"): (result(wide), ("mean",)),
    ("any", "conj", "returns its argument"): (_same, ("multiply", "conj")),
    ("any", "flip", "returns its argument"): (_same, ("flip", "cumulative_sum")),
    ("any", "sum", "keepdims turned round"): (option("keepdims", lambda flag: not flag), ("sum",)),
    ("any", "cumulative_sum", "counts its axis from the other end"): (
        option("axis", lambda axis: axis if axis is None else -1 - axis), ("cumulative_sum",)
    ),
    ("any", "argsort", "ascending, whatever is asked for"): (option("descending", lambda flag: False), ("sort",)),
    ("any", "where", "a sum of products"): (by_arithmetic, ("where", "sqrt")),
    ("any", "index_add", "adds at repeated indices once"): (without_repetitions, ("getitem", "index_add", "take")),
    ("any", "index_set", "not the last of repeated indices wins"): (first_wins, ("index_set",)),
    # of NumPy and of what else can be written
    ("numpy", "sqrt", "writes to its argument"): (writes_to_its_argument, ("sqrt",)),
    ("numpy", "multiply", "writes to its argument"): (writes_to_its_argument, ("multiply", "sin")),
    ("numpy", "index_add", "writes to its argument"): (writes_to_its_argument, ("index_add", "getitem")),
    ("numpy", "exp", "gives the same buffer again"): (keeps_its_buffer, ("exp",)),
    ("numpy", "clone", "does not copy"): (_same, ("sin", "clone")),
    ("numpy", "sin", "reads memory without its strides"): (first(without_strides), ("sin",)),
    ("torch", "multiply", "writes to its argument"): (writes_to_its_argument, ("multiply", "sin")),
    ("torch", "clone", "does not copy"): (_same, ("sin", "clone")),
    ("torch", "add", "through the host"): (result(through_numpy), ("add",)),
    ("torch", "linalg.solve", "through the host"): (first(through_numpy), ("linalg.solve",)),
    # of several devices
    ("array_api_strict", "add", "moves to the first device"): (result(at_home), ("add",)),
    ("array_api_strict", "cos", "moves to the first device"): (result(at_home), ("sin", "cos")),
    ("array_api_strict", "zeros", "made on the first device"): (_everywhere, ("getitem", "take", "index_add")),
    ("array_api_strict", "arange", "made on the first device"): (_everywhere, ("getitem", "index_set", "take")),
    ("array_api_strict", "multiply", "through the host"): (result(through_numpy), ("multiply",)),
    # of lazy arrays and of traced ones
    ("dask", "where", "looks at its result"): (result(looked_at), ("where", "sqrt")),
    ("dask", "sqrt", "computes its argument"): (first(computed), ("sqrt",)),
    ("dask", "matmul", "computes its result"): (result(computed), ("matmul",)),
    ("dask", "index_add", "computes its result"): (result(computed), ("getitem", "index_add", "take")),
    ("jax", "sqrt", "looks at its argument"): (first(looked_at), ("sqrt",)),
    ("jax", "multiply", "through the host"): (result(through_numpy), ("multiply", "sin")),
    ("jax", "linalg.solve", "looks at its result"): (result(looked_at), ("linalg.solve", "linalg.inv")),
}  # fmt: skip
"""By backend ("any" for all), function and what is wrong: the wrong function, and the operations that must notice."""
