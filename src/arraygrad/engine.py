"""The reverse walk over a graph.

Vertices are visited latest first, from a heap of their numbers, so each is visited once, after all that used it, and
nothing recurses. The walk knows nothing of arrays: cotangents are raw arrays in an ordinary backward pass and Tensors
when the derivative is itself to be differentiated, and rules work on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

from .backends import half_dtypes, namespace_of
from .execution import execute, fit, pulled_by
from .graph import FREED, Node, Output, Vertex
from .hooks import run_tensor_hooks
from .modes import current
from .op import released
from .passes import sources
from .rules import conform
from .saved import Packed
from .selection import Selected, settle, total
from .tensor import Tensor

Lift = Callable[[Node, Any], Any]


class Pending:
    """Cotangents that are under way.

    `entries` holds by the number of the vertex that a cotangent goes to: the vertex, the cotangent, and, where that is a
    sum in a buffer of the walk's own, the dtype to round it to. `numbers` is a heap of those that are to be visited:
    all but the ends of the graph that have no hooks.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.entries: dict[int, list[Any]] = {}

    def deliver(self, vertex: Vertex, g: Any) -> None:
        """Add g to what goes to a vertex."""
        entry = self.entries.get(vertex.number)
        if entry is not None:
            add(entry, g)
        else:
            self.entries[vertex.number] = [vertex, g, None]
            if not vertex.is_end or vertex.extra is not None:
                heappush(self.numbers, vertex.number)

    def collect(self, output: Output, g: Any) -> None:
        """Put g in its place among the cotangents of a node with several outputs."""
        if output.node.number not in self.entries:
            self.deliver(output.node, {})
        among = self.entries[output.node.number][1]
        among[output.index] = total(among[output.index], g) if output.index in among else g


def add(entry: list[Any], g: Any) -> None:
    """Add g to the cotangent of an entry; in place only where the walk made the buffer itself."""
    _, before, dtype = entry
    if type(before) is Selected and type(g) is Selected:
        if dtype is not None:
            before.add(g)
            return
    else:
        before, g = settle(before), settle(g)
        if dtype is not None:
            before += g
            entry[1] = before
            return
    if is_raw(before) and is_raw(g):
        entry[2] = settle(before).dtype
        if entry[2] in half_dtypes[type(settle(before))]:
            before = widened(before)
        if type(before) is Selected and type(g) is Selected and (before.scattered is not None or before.is_own):
            before.add(g)  # in a buffer of its own
            return
    entry[1] = total(before, g)


def is_raw(g: Any) -> bool:
    """Whether a cotangent is stored by a library itself."""
    part = g if type(g) is not Selected else g.array if g.scattered is None else g.scattered.values
    return not isinstance(part, Tensor)


def widened(g: Any) -> Any:
    """A cotangent of half precision in float32, to add to."""
    array = settle(g)
    wide = namespace_of(array).astype(array, namespace_of(array).float32)
    return g.with_array(wide) if type(g) is Selected else wide


def rounded(g: Any, dtype: Any) -> Any:
    """A finished sum in the dtype of its terms."""
    if g.dtype == dtype:
        return g
    return g.with_array(rounded(g.array, dtype)) if type(g) is Selected else namespace_of(g).astype(g, dtype)


def walk(
    roots: Sequence[tuple[Vertex, Any]],
    *,
    retain_graph: bool,
    lift: Lift | None = None,
    inputs: Iterable[Vertex] | None = None,
    retained: list[tuple[Tensor, Any]] | None = None,
) -> dict[Vertex, Any]:
    """Propagate cotangents from the roots; return those that arrived at leaves, or at `inputs` if they are given.

    `lift` gives a node's kept values as Tensors, for a walk over Tensors. Without `retain_graph`, kept values are
    released on the way. Nothing is accumulated here: what `retain_grad` asked for is appended to `retained`.
    """
    wanted: frozenset[Vertex] = frozenset() if inputs is None else frozenset(inputs)
    needed = None if inputs is None else leading_to(wanted, [vertex for vertex, _ in roots])
    arrived: dict[Vertex, Any] = {}
    pending = Pending()
    numbers, entries = pending.numbers, pending.entries
    for vertex, g in roots:
        pending.deliver(vertex, g)
    ahead: Any = None
    ahead_g: Any = None
    is_plain = needed is None and current().anomaly is None and current().profiler is None
    while numbers or ahead is not None:
        if ahead is None:
            node, g, dtype = entries.pop(heappop(numbers))
            if dtype is not None:
                g = rounded(g, dtype)
        else:
            node, g, ahead = ahead, ahead_g, None
        extra = node.extra
        if extra is not None:
            g = run_tensor_hooks(node, g, retained)
        if needed is not None:
            if node in wanted:
                arrived[node] = g
                if type(g) is Selected:
                    g.shared()  # it goes on, and is not to be written to
            if node not in needed:
                continue
        op = node.op
        if op is None:
            if type(node) is Output:
                pending.collect(node, g)
            else:
                arrived[node] = g
            continue
        kept = node.kept
        if type(kept) is tuple:
            if not retain_graph:
                node.kept = FREED
        elif kept is not None and type(kept) is not list:
            kept = unpacked(node)
            if not retain_graph:
                node.kept = FREED
        if lift is not None:
            kept = lift(node, kept)
        kind = type(g)
        selected = None
        if kind is Selected:
            if not op.passes_masks:
                g, kind = g.settle(), None
            elif op.elementwise:
                selected, g, kind = g, g.shared(), None
        if extra is not None or not is_plain or kind is dict or op.joint is not None:
            g = g if selected is None else selected
            for source, h in execute(node, g, kept, needed, wanted):
                pending.deliver(source, h)
            continue
        options = node.options
        for source, pull, spec in zip(node.edges, op.pulls, node.conform):
            if source is None:
                continue
            h = pull(g, kept, options) if kind is not Selected else pulled_by(node, pull, g, kept)
            if selected is not None:
                h = selected.follow(h)
                if source.is_end:
                    h = h.settle()  # nobody asks there where it counts
            if spec is not None and (h.shape != spec.shape or h.dtype != spec.dtype):
                h = conform(h, spec) if type(h) is not Selected else fit(h, spec)
            if source.op is None and source.is_end:
                pending.deliver(source, h)
                continue
            number = source.number
            if ahead is None and (not numbers or number < numbers[0]):
                ahead, ahead_g = source, h  # the next to be visited, unless the other inputs say otherwise
            elif ahead is not None and ahead.number >= number:
                pending.deliver(ahead, ahead_g)
                pending.deliver(source, h)
                ahead = None
            else:
                pending.deliver(source, h)
    for node, g, dtype in entries.values():
        if needed is None or node in wanted:
            arrived[node] = g if dtype is None else rounded(g, dtype)
    return arrived


def unpacked(node: Node) -> tuple[Any, ...]:
    """What a node keeps, if hooks packed it; raises GradientError if it was released."""
    if type(node.kept) is not Packed:
        raise released(node)
    return node.kept.unpack()


def leading_to(wanted: frozenset[Vertex], roots: Iterable[Vertex]) -> set[Vertex]:
    """The vertices that must be executed for cotangents to arrive at the wanted ones."""
    stack, seen = list(roots), set[Vertex]()
    while stack:
        vertex = stack.pop()
        if vertex not in seen:
            seen.add(vertex)
            stack.extend(sources(vertex))
    needed: set[Vertex] = set()
    for vertex in sorted(seen, key=lambda vertex: -vertex.number):  # inputs before what used them
        if any(source in wanted or source in needed for source in sources(vertex)):
            needed.add(vertex)
    return needed
