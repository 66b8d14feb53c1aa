"""Points where no derivative exists, or only a limit of it: what a peer gives, beside arraygrad's written policy.

The rows are those of `tests/test_numerics.py` and `tests/test_selection.py`; the peer's functions stand in them for
arraygrad's.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
from arraygrad.conformance import differentiable_calls

from arraygrad.namespace import calls

from .problem import said

Function = Callable[..., Any]


@dataclass(frozen=True)
class Row:
    """A gradient of the sum of outputs, by arraygrad's policy and by a peer; or why the peer gives none."""

    name: str
    expected: list[Any]
    found: list[Any] | str

    @property
    def agrees(self) -> bool:
        """Whether it is the same; entries of `expected` that are None may be anything finite."""
        return not isinstance(self.found, str) and all(
            np.shape(mine) == np.shape(other) and _agree(mine, other)
            for mine, other in zip(self.found, self.expected, strict=True)
        )


def _agree(mine: Any, other: Any) -> bool:
    mine, other = np.ravel(np.asarray(mine, dtype=float)), np.ravel(np.asarray(other, dtype=object))
    return all(
        np.isfinite(a) if b is None else np.isclose(a, float(b), rtol=1e-9, atol=0 if b else 1e-300, equal_nan=True)
        for a, b in zip(mine, other, strict=True)
    )


class Namespace:
    """A peer's functions under arraygrad's names and with arraygrad's defaults."""

    def __init__(self, peer: Any, prefix: str = "") -> None:
        self._peer = peer
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        path = self._prefix + name
        if path in ("linalg", "fft"):
            return Namespace(self._peer, f"{path}.")
        if path in differentiable_calls():
            return functools.partial(self._call, path)
        if name.startswith("float"):
            return name
        raise NotImplementedError(f"no row needs {path} so far")

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        function = self._peer.function(name)
        if function is None:
            raise NotImplementedError("no such function")
        bound = differentiable_calls()[name].signature.bind(*args, **options)
        bound.apply_defaults()
        bound.arguments.update({key: self._peer.option(key, value) for key, value in bound.arguments.items()})
        return function(*bound.args, **bound.kwargs)

    def asarray(self, value: Any, dtype: Any = None) -> Any:
        """Indices, and numbers in double precision."""
        made = np.asarray(value)
        return self._peer.constant(made) if made.dtype.kind == "i" and dtype is None else self._peer.array(made + 0.0)

    def ones(self, shape: Any, dtype: Any = None) -> Any:
        """In double precision."""
        return self._peer.array(np.ones(shape))


def rows(peer: Any) -> Iterator[Row]:
    """Every row for a peer."""
    import test_numerics
    import test_selection

    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), peer.double():
        for name, (f, x, expected) in {**test_numerics.ROWS, **test_numerics.POLES}.items():
            yield Row(name, expected, _found(peer, f, x))
        for name, (f, x) in test_selection.UNSELECTED.items():
            yield Row(f"not selected: {name}", [[0, None]], _found(peer, f, [x]))


def _found(peer: Any, f: Function, x: list[Any]) -> list[Any] | str:
    try:
        primals = [peer.array(np.asarray(each, dtype=float)) for each in x]
        out, pull = peer.vjp(_of_peer(f, Namespace(peer)), *primals)
        ones = peer.array(np.ones_like(peer.plain(out)))
        return [peer.plain(each) for each in pull(ones)]
    except Exception as error:
        return said(error)


def _of_peer(f: Function, namespace: Namespace) -> Function:
    """A function of arraygrad's as one of a peer's: of the same name, or with the same code."""
    for name, function in calls().items():
        if function is f:
            return functools.reduce(getattr, name.split("."), namespace)
    within = {name: f.__globals__[name] for name in f.__code__.co_names if name in f.__globals__}
    called = {name: _of_peer(each, namespace) for name, each in within.items() if isinstance(each, FunctionType)}
    within = {**within, **called, "ag": namespace, "array": lambda value: namespace.asarray(value, "float64")}
    return FunctionType(f.__code__, {**within, "__builtins__": __builtins__}, f.__name__, f.__defaults__)
