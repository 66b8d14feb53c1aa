"""`ag.profile()`: what each operation costs, forward and backward, and what keeps memory alive."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any, NamedTuple

from . import modes
from .call import LINE, size_of
from .errors import GradientError
from .graph import Node
from .passes import sources
from .saved import PackedValue, is_held
from .tensor import Tensor


class Event(NamedTuple):
    """One call: an operation of the library's, forward, or the rules of one node, backward. Times are in seconds."""

    name: str
    phase: str
    start: float
    seconds: float
    bytes: int
    thread: int


class Row(NamedTuple):
    """What the calls of one operation came to."""

    name: str
    calls: int
    forward: float
    backward: float
    bytes: int


class profile(modes.Switch):
    """Watch what is called inside:

        with ag.profile() as watched:
            loss = model(x)
            loss.backward()
        print(watched.table())

    Inside, calls take the long way, so that what is measured is the work and not arraygrad's overhead.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []

    def _inside(self) -> modes.Modes:
        """This profile watches."""
        return modes.current()._replace(profiler=self)

    def _another(self) -> profile:
        return self

    def __enter__(self) -> profile:  # type: ignore[override]
        super().__enter__()
        return self

    def add(self, name: str, phase: str, start: float, end: float, size: int) -> None:
        """Remember a call; what is watched tells."""
        self.events.append(Event(name, phase, start, end - start, size, threading.get_ident()))

    def rows(self) -> list[Row]:
        """A row an operation, the most expensive first."""
        found: dict[str, Row] = {}
        for event in self.events:
            row = found.get(event.name, Row(event.name, 0, 0.0, 0.0, 0))
            spent = {event.phase: getattr(row, event.phase) + event.seconds}
            found[event.name] = row._replace(calls=row.calls + 1, bytes=row.bytes + event.bytes, **spent)
        return sorted(found.values(), key=lambda row: -(row.forward + row.backward))

    def table(self) -> str:
        """The rows as text: calls, time forward and backward, bytes that were made."""
        lines = [("operation", "calls", "forward", "backward", "bytes")]
        lines += [
            (row.name, str(row.calls), _milliseconds(row.forward), _milliseconds(row.backward), f"{row.bytes:,}")
            for row in self.rows()
        ]
        return _aligned(lines)

    def export_chrome_trace(self, path: str | PathLike[str]) -> None:
        """Write a file that chrome://tracing and Perfetto open."""
        first = min((event.start for event in self.events), default=0.0)
        trace = [
            {
                "name": event.name, "cat": event.phase, "ph": "X", "pid": 0, "tid": event.thread,
                "ts": (event.start - first) * 1e6, "dur": event.seconds * 1e6, "args": {"bytes": event.bytes},
            }
            for event in self.events
        ]  # fmt: skip
        import json

        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes 7 ms to import
            json.dump({"traceEvents": trace, "displayTimeUnit": "ms"}, file)

    def kept(self, *tensors: Tensor) -> str:
        """What the graph behind tensors keeps alive, by operation and by the line that called it, the largest first.

        An array that several nodes keep counts once. Raises GradientError if there is no graph.
        """
        if not tensors or any(tensor.node is None for tensor in tensors):
            raise GradientError("kept: got tensors without a graph; expected results that require a gradient")
        sizes: dict[tuple[str, str], int] = {}
        seen: set[int] = set()
        for node in _nodes([tensor.node for tensor in tensors]):
            key = node.name(), node.metadata.get(LINE, "outside of this profile")
            for value in node.kept if isinstance(node.kept, tuple) else ():
                if type(value) is not PackedValue and is_held(value) and id(value) not in seen:
                    seen.add(id(value))
                    sizes[key] = sizes.get(key, 0) + size_of(value)
        rows = sorted(sizes.items(), key=lambda item: -item[1])
        lines = [("kept by", "called at", "bytes"), *((name, line, f"{size:,}") for (name, line), size in rows)]
        return _aligned(lines)


def _nodes(roots: Sequence[Any]) -> Iterator[Node]:
    stack, seen = list(roots), set[Any]()
    while stack:
        vertex = stack.pop()
        if vertex not in seen:
            seen.add(vertex)
            stack.extend(sources(vertex))
            if isinstance(vertex, Node):
                yield vertex


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms"


def _aligned(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


__all__ = ["profile"]
