"""What `arraygrad.interop` asks of a library that differentiates functions itself: a plug-in says how, in its own terms.

A function is linearized at a point: its outputs there, and the two linear maps that are its derivative. Both are linearized
in turn where second derivatives are asked for, as functions of the point and of what flows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..structure import flatten, rebuild

Array = Any
Flat = Callable[..., Sequence[Array]]
"""A function from arrays to arrays, without nested containers."""


class Call(Protocol):
    """A call of a function, from the arrays among its arguments to those among its results."""

    key: Any
    """What calls have in common that differ in the values of arrays alone: hashable if the other arguments are."""

    def __call__(self, *arrays: Array) -> Sequence[Array]: ...

    def results_of(self, other: Any) -> None:
        """Say that the results are where those of another call are: one of the same key, on arrays alike. For a library
        that need not call the function again."""
        ...


class Linearized(Protocol):
    """A function at a point."""

    @property
    def outputs(self) -> Sequence[Array | None]:
        """The values, in memory that nobody writes to; None for one that is zero throughout."""
        ...

    @property
    def differentiable(self) -> Sequence[bool]:
        """Whether each output depends, differentiably, on an input whose derivative was needed."""
        ...

    def pull(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Linearized:
        """The cotangents of the inputs. `arrays` are the inputs, then the cotangents of the outputs, None for zero; `needs`
        says by which of them this is to be differentiated itself."""
        ...

    def push(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Linearized:
        """The tangents of the outputs. `arrays` are the inputs, then their tangents, None for zero."""
        ...


class Foreign:
    """A function of another library, as that library differentiates it. A plug-in derives from this."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    @property
    def parameters(self) -> dict[str, Array]:
        """Arrays that the function uses without being given them, by name: they come first among the inputs. They share
        the memory of the library's own and are no part of its graph."""
        return {}

    def linearize(self, call: Call, arrays: Sequence[Array], needs: Sequence[bool]) -> Linearized:
        """A call of the function at `arrays`: the parameters, which it is not given, then its arguments."""
        raise NotImplementedError

    def accumulate(self, name: str, gradient: Array) -> None:
        """Add to the gradient of a parameter, as users of the library expect it."""
        raise NotImplementedError

    def flatten(self, value: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
        """The values in a nested container, and the function that puts others in their places."""
        leaves, structure = flatten(value)
        return leaves, lambda values: rebuild(structure, values)
