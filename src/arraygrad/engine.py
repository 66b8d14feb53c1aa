"""The reverse walk over a graph.

Vertices are visited latest first, from a heap of their numbers, so each is visited once, after all that used it, and
nothing recurses. The walk knows nothing of arrays: cotangents are raw arrays in an ordinary backward pass and Tensors
when the derivative is itself to be differentiated, and rules work on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

from .backends import half_dtypes, namespace_of
from .dual import with_tangents
from .graph import FREED, Node, Output, Vertex
from .hooks import run_posthooks, run_prehooks, run_tensor_hooks
from .op import Kind, Op, is_held, released
from .overwriting import owned
from .rules import Spec, conform, expand
from .selection import Selected, counting, settle, total
from .stacks import counting_items, on_items
from .tensor import Tensor, as_tensor, new_tensor

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
        elif kept is FREED:
            raise released(node)
        if lift is not None:
            kept = lift(node, kept)
        kind = type(g)
        selected = None
        if kind is Selected:
            if not op.passes_masks:
                g, kind = g.settle(), None
            elif op.elementwise:
                selected, g, kind = g, g.shared(), None
        if extra is not None or needed is not None or kind is Selected or kind is dict or op.overwrites:
            g = g if selected is None else selected
            for source, h in execute(node, g, kept, needed, wanted):
                pending.deliver(source, h)
            continue
        options = node.options
        for source, pull, spec in zip(node.edges, op.pulls, node.conform):
            if source is None:
                continue
            h = pull(g, kept, options)
            if selected is not None:
                h = selected.follow(h)
                if source.is_end:
                    h = h.settle()  # nobody asks there where it counts
            if spec is not None and (h.shape != spec.shape or h.dtype != spec.dtype):
                h = fit(h, spec)
            if source.is_end:
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


def execute(
    node: Node, g: Any, kept: Any, needed: set[Vertex] | None, wanted: frozenset[Vertex]
) -> Iterator[tuple[Vertex, Any]]:
    """The cotangents of a node's inputs, where there is more to it than to call its rules: hooks, a mask, several
    outputs, inputs that nobody asked for."""
    op, extra = node.op, node.extra
    if op.multiple:
        g = tuple(g.get(index) for index in range(len(kept) - len(node.edges)))
    if extra is not None and extra.prehooks:
        g = run_prehooks(node, g)
    if op.overwrites:
        g = owned(g)
    results: list[Any] = [None] * len(node.edges)
    steps = list(enumerate(zip(node.edges, op.pulls, node.conform)))
    for position, (source, pull, spec) in reversed(steps) if op.overwrites else steps:
        if source is None or pull is None or (needed is not None and source not in needed and source not in wanted):
            continue
        h = pulled_items(node, pull, g, kept) if op.is_batched else pulled(op, pull, g, kept, node.options)
        results[position] = h if spec is None else fit(h, spec)
    if extra is not None and extra.posthooks:
        results = run_posthooks(node, results, g)
    for source, h in zip(node.edges, results, strict=True):
        if source is not None and h is not None:
            yield source, h


def pulled(op: Op, pull: Callable[..., Any], g: Any, kept: Any, options: Any) -> Any:
    """A rule's result, counting only where the cotangent does, as far as the declaration tells where that is."""
    if type(g) is tuple:
        h = pull(tuple(map(settle, g)), kept, options)
        if not op.moves or not any(part is None or type(part) is Selected for part in g):
            return h
        return Selected(h, lambda: pull(tuple(map(counting, g)), kept, options) != 0, clean=True)
    if type(g) is not Selected or op.kind is Kind.REDUCTION or op.overwrites:
        return pull(g, kept, options)
    if g.is_own and op.view is not None and op.written_by is None:
        return Selected(pull(g.settle(), kept, options), pull(g.mask, kept, options), clean=True, is_own=True)
    if op.elementwise or op.pointwise:
        return g.follow(pull(g.shared(), kept, options))
    if op.moves:
        return g.move(lambda part: pull(part, kept, options))
    h = pull(g.settle(), kept, options)
    return Selected(h, lambda: meeting(g, h.ndim, options["axis"])) if op.passes_masks else h


def pulled_items(node: Node, pull: Callable[..., Any], g: Any, kept: Any) -> Any:
    """The result of a rule on stacks, run on those items alone that count in the cotangent."""
    op = node.op
    parts = g if op.multiple else (g,)

    def rule(flowing: Sequence[Any], values: Sequence[Any]) -> Sequence[Any]:
        return (pull(tuple(flowing) if op.multiple else flowing[0], values, node.options),)

    mask = counting_items(parts, op.cores[1])
    return on_items(mask, rule, parts, kept or (), [node.conform[0].shape])[0]


def meeting(g: Selected, ndim: int, axis: Any) -> Any:
    """The mask of a gradient from that of the cotangent, where entries meet along an axis alone."""
    xp = namespace_of(g)
    mask = xp.broadcast_to(g.mask, g.array.shape)
    return expand(mask, ndim, axis, False) if mask.ndim < ndim else xp.any(mask, axis=axis, keepdims=True)


def fit(h: Any, spec: Spec) -> Any:
    """A rule's result in the shape and dtype of the argument."""
    if h.shape == spec.shape and h.dtype == spec.dtype:
        return h
    return h.move(lambda part: conform(part, spec)) if type(h) is Selected else conform(h, spec)


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


def sources(vertex: Vertex) -> Sequence[Vertex]:
    """The vertices that a cotangent of this one goes to."""
    if isinstance(vertex, Output):
        return (vertex.node,)
    return [source for source in vertex.edges if source is not None] if isinstance(vertex, Node) else ()


def lift_with_graph(node: Node, kept: Any) -> Any:
    """Kept values as Tensors that know where they came from: to differentiate the backward pass itself."""
    if kept is None:
        return None
    count = len(node.edges)
    lifted = [
        new_tensor(value, edge) if is_held(value) else value for value, edge in zip(kept[:count], node.edges, strict=True)
    ]
    for index, value in enumerate(kept[count:]):
        vertex = Output(node, index) if node.op.multiple else node
        lifted.append(new_tensor(value, vertex) if is_held(value) else value)
    return with_tangents(node, lifted)


def lift_constants(node: Node, kept: Any) -> Any:
    """Kept values as Tensors, for a level whose values are Tensors in part."""
    if kept is None:
        return None
    return with_tangents(node, [as_tensor(value) if is_held(value) else value for value in kept])
