"""A case on a peer: the kit's `Problem`, with the peer's functions, arrays and derivatives in place of arraygrad's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from arraygrad.conformance import Problem, Rejected
from arraygrad.conformance.cases import Case
from arraygrad.conformance.observed import OBSERVED


class Missing(Rejected):
    """The peer has no such function, or not of such arguments."""


class Refused(Rejected):
    """The peer has the function, and raises when it is differentiated."""


def outputs(name: str, value: Any) -> tuple[Any, ...]:
    """The floating-point outputs of a call, and of what is defined only up to a gauge what does not depend on it."""
    outs = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    outs = OBSERVED[name](*outs) if name in OBSERVED else outs
    return tuple(out for out in outs if is_floating(out))


def is_floating(array: Any) -> bool:
    """Whether an array is of a real or complex floating dtype, whatever library it is of."""
    return any(kind in str(array.dtype) for kind in ("float", "complex"))


class PeerProblem(Problem):
    """`outputs = call(primals)` for a case on a peer. Raises Missing if the peer has no such function."""

    def __init__(self, case: Case, peer: Any) -> None:
        self.case = case
        self.peer = peer
        self.is_undefined = False
        self.options = {name: peer.option(name, value) for name, value in case.options.items()}
        self.vjp, self.jvp = refusing(peer.vjp), refusing(peer.jvp)
        self.target = self.function(case.call.name)
        if case.call.name in peer.TAKES and not peer.TAKES[case.call.name](case):
            raise Missing("not with such options")

    def function(self, name: str) -> Callable[..., Any]:
        """What the peer has for a function."""
        found = self.peer.function(name)
        if found is None:
            raise Missing("no such function")
        return found

    def raw(self, value: Any) -> Any:
        """A NumPy array as one of the peer; anything else as it is."""
        return self.peer.array(value) if isinstance(value, (np.ndarray, np.generic)) else value

    def given(self, arrays: Sequence[Any]) -> list[Any]:
        """NumPy arrays as the peer's."""
        return list(map(self.raw, arrays))

    def plain(self, values: Sequence[Any]) -> list[Any]:
        """The peer's arrays as NumPy's."""
        arrays = [np.array(self.peer.plain(value)) for value in values]
        self.is_undefined |= not all(np.isfinite(array).all() for array in arrays)
        return arrays

    def call(self, *active: Any) -> tuple[Any, ...]:
        """The outputs that have a derivative, from the arrays that can be differentiated by."""
        given = dict(zip(self.case.active, active, strict=True))
        every = [given.get(i, self.peer.constant(array)) for i, array in enumerate(self.case.arrays)]
        positional, named = self.case.call.bind(every, self.options)
        return outputs(self.case.call.name, self.target(*positional, **named))

    def value(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for other values of the arrays."""
        try:
            return self.plain(self.call(*self.given(arrays)))
        except Exception as error:
            raise Missing(said(error)) from error


def refusing(function: Callable[..., Any] | None) -> Callable[..., Any]:
    """vjp or jvp, of which an exception is a refusal; None is one always."""

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            try:
                result = call(*args)
            except Rejected:
                raise
            except Exception as error:
                raise Refused(said(error)) from error
            out, pull = result if isinstance(result, tuple) and len(result) == 2 else (None, None)
            return (out, guarded(pull)) if callable(pull) else result

        return called

    return guarded(function) if function is not None else guarded(_nothing)


def _nothing(*args: Any) -> Any:
    raise NotImplementedError("no such mode")


def said(error: Exception) -> str:
    """An exception in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:160]
