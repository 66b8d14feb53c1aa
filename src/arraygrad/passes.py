"""Backward passes that are under way: what their hooks and callbacks may ask of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar, Token
from typing import Any

from .errors import GradientError
from .graph import Node, Output, Vertex

_current: ContextVar[Pass | None] = ContextVar("arraygrad.pass", default=None)


class Pass:
    """One call of `backward` or `grad`, as a context. Callbacks run at its end, unless it failed.

    `inputs` are the vertices that it is to end at, None if it ends at all leaves.
    """

    __slots__ = ("_token", "callbacks", "inputs", "roots")

    _token: Token[Pass | None]

    def __init__(self, roots: Sequence[tuple[Vertex, Any]], inputs: Iterable[Vertex] | None) -> None:
        self.roots = [vertex for vertex, _ in roots]
        self.inputs = None if inputs is None else frozenset(inputs)
        self.callbacks: list[Callable[[], None]] = []

    def __enter__(self) -> Pass:
        self._token = _current.set(self)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            while kind is None and self.callbacks:
                self.callbacks.pop(0)()
        finally:
            _current.reset(self._token)

    def reaches(self) -> set[Vertex]:
        """The vertices that the walk comes to."""
        from .engine import leading_to

        stack, seen = list(self.roots), set[Vertex]()
        while stack:
            vertex = stack.pop()
            if vertex not in seen:
                seen.add(vertex)
                stack.extend(sources(vertex))
        if self.inputs is not None:
            seen &= leading_to(self.inputs, self.roots).union(self.inputs, self.roots)
        return seen


def sources(vertex: Vertex) -> Iterable[Vertex]:
    """The vertices that a cotangent of this one goes to."""
    if isinstance(vertex, Output):
        return (vertex.node,)
    return [source for source in vertex.edges if source is not None] if isinstance(vertex, Node) else ()


def current_pass() -> Pass | None:
    """The innermost backward pass that the caller is inside of."""
    return _current.get()


def queue_callback(callback: Callable[[], None]) -> None:
    """Call `callback()` at the end of the backward pass that is under way, after all gradients were accumulated."""
    this = _current.get()
    if this is None:
        raise GradientError("queue_callback: Final callbacks can only be installed during backward pass.")
    this.callbacks.append(callback)
