"""What a walk does at one node: its hooks, its rules, what they see of what was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from .backends import backend_of, namespace_of
from .call import TRACEBACK, bare, size_of
from .dtypes import as_dtype
from .dual import with_tangents
from .errors import ArgumentTypeError, GradientError
from .graph import FREED, Node, Output, Vertex
from .hooks import run_posthooks, run_prehooks
from .modes import current
from .op import Kind, released
from .rules import Spec, conform, meeting
from .saved import Packed, is_held
from .selection import Selected, counting, settle
from .stacks import counting_items, on_items
from .tensor import as_tensor, new_tensor


def execute(
    node: Node, g: Any, kept: Any, needed: set[Vertex] | None, wanted: frozenset[Vertex]
) -> Iterator[tuple[Vertex, Any]]:
    """The cotangents of a node's inputs, where there is more to it than to call its rules: hooks, a mask, several
    outputs, inputs that nobody asked for."""
    op, extra = node.op, node.extra
    if op.multiple:
        g = tuple(g.get(index) for index in range(op.output_count(node, kept)))
    if extra is not None and extra.prehooks:
        g = run_prehooks(node, g)
    wants = [
        source is not None and (needed is None or source in needed or source in wanted) for source in node.edges
    ]
    start, anomaly = perf_counter(), current().anomaly
    try:
        results = [None] * len(node.edges) if is_stopped(node, g) else pulled_all(node, g, kept, wants)
    except Exception as error:
        if anomaly is not None:
            error.add_note(forward_call(node))
        raise
    results = [h if h is None or spec is None else fit(h, spec) for h, spec in zip(results, node.conform)]
    profiler = current().profiler
    if profiler is not None:
        profiler.add(op.name, "backward", start, perf_counter(), sum(size_of(h) for h in results if h is not None))
    if extra is not None and extra.posthooks:
        results = run_posthooks(node, results, g)
    if anomaly is not None and anomaly.check_nan:
        check_for_nan(node, results)
    for source, h in zip(node.edges, results, strict=True):
        if source is not None and h is not None:
            yield source, h


def is_stopped(node: Node, g: Any) -> bool:
    """Whether hooks left no gradient of any output. A user's own rule is called nevertheless: it may be given zeros."""
    return g is None or (type(node) is Node and type(g) is tuple and all(part is None for part in g))


def check_for_nan(node: Node, results: Sequence[Any]) -> None:
    """Raise GradientError if a node made a NaN, with the place of the forward call."""
    for index, h in enumerate(results):
        if h is None:
            continue
        array = bare(settle(h))
        if not as_dtype(array.dtype).is_differentiable:
            continue
        xp = namespace_of(array)
        if backend_of(array).surely(xp.any(xp.isnan(array))):
            error = GradientError(f"Function '{node.name()}' returned nan values in its {index}th output.")
            error.add_note(forward_call(node))
            raise error


def forward_call(node: Node) -> str:
    """Where the forward call of a node was made, if `detect_anomaly` was on there."""
    made = node.metadata.get(TRACEBACK)
    if made is None:
        return f"{node.name()}: call it with anomaly detection on in the forward pass too, to see where it was made"
    return f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{made}"


def call_node(node: Node, gradients: Sequence[Any]) -> Any:
    """The gradients of a node's inputs from those of its outputs, by its rules alone: no hooks run."""
    op, kept = node.op, kept_with_graph(node)
    count = op.output_count(node, kept)
    if len(gradients) != count:
        raise ArgumentTypeError(f"{node.name()}: expected {count} arguments, got {len(gradients)} instead")
    g = tuple(gradients) if op.multiple else gradients[0]
    wants = [source is not None for source in node.edges]
    finished = tuple(
        None if h is None else settle(h if spec is None else fit(h, spec))
        for h, spec in zip(pulled_all(node, g, kept, wants), node.conform)
    )
    return finished[0] if len(finished) == 1 else finished


def pulled_all(node: Node, g: Any, kept: Any, wants: Sequence[bool]) -> Sequence[Any]:
    """The results of those of a node's rules that are wanted."""
    op = node.op
    if op.joint is not None:
        return op.joint(node, g, kept, wants)
    return [pulled_by(node, pull, g, kept) if pull and want else None for pull, want in zip(op.pulls, wants)]


def pulled_by(node: Node, pull: Callable[..., Any], g: Any, kept: Any) -> Any:
    """The result of one of a node's rules."""
    return (pulled_items if node.op.is_batched else pulled)(node, pull, g, kept)


def pulled(node: Node, pull: Callable[..., Any], g: Any, kept: Any) -> Any:
    """A rule's result, counting only where the cotangent does, as far as the declaration tells where that is."""
    op, options = node.op, node.options
    if type(g) is tuple:
        h = pull(tuple(map(settle, g)), kept, options)
        if not op.moves or not any(part is None or type(part) is Selected for part in g):
            return h
        return Selected(h, lambda: pull(tuple(map(counting, g)), kept, options) != 0, clean=True)
    if type(g) is not Selected or op.kind is Kind.REDUCTION:
        return pull(g, kept, options)
    if g.is_own and op.view is not None and op.written_by is None and op.merge is None:
        return Selected(pull(g.settle(), kept, options), pull(g.mask, kept, options), clean=True, is_own=True)
    if op.elementwise or op.pointwise:
        return g.follow(pull(g.shared(), kept, options))
    if op.moves:
        return g.move(lambda part: pull(part, kept, options))
    h = pull(g.settle(), kept, options)
    return Selected(h, partial(meeting, g.counts(), h.ndim, options)) if op.passes_masks else h


def pulled_items(node: Node, pull: Callable[..., Any], g: Any, kept: Any) -> Any:
    """The result of a rule on stacks, run on those items alone that count in the cotangent."""
    op = node.op
    parts = g if op.multiple else (g,)

    def rule(flowing: Sequence[Any], values: Sequence[Any]) -> Sequence[Any]:
        return (pull(tuple(flowing) if op.multiple else flowing[0], values, node.options),)

    mask = counting_items(parts, op.cores[1])
    return on_items(mask, rule, parts, kept or (), [node.conform[0].shape])[0]


def fit(h: Any, spec: Spec) -> Any:
    """A rule's result in the shape and dtype of the argument."""
    if h.shape == spec.shape and h.dtype == spec.dtype:
        return h
    return h.move(lambda part: conform(part, spec)) if type(h) is Selected else conform(h, spec)


def kept_with_graph(node: Node) -> Any:
    """What a node keeps, unpacked, as Tensors that know where they came from. Raises GradientError if it was released."""
    if node.kept is FREED:
        raise released(node)
    return lift_with_graph(node, node.kept.unpack() if type(node.kept) is Packed else node.kept)


def lift_with_graph(node: Node, kept: Any) -> Any:
    """Kept values as Tensors that know where they came from: to differentiate the backward pass itself."""
    if kept is None:
        return None
    count = len(node.edges)
    lifted = [
        new_tensor(value, edge) if is_held(value) else value for value, edge in zip(kept[:count], node.edges, strict=True)
    ]
    outputs = node.op.output_count(node, kept)
    for index, value in enumerate(kept[count:]):
        vertex = None if index >= outputs else Output(node, index) if node.op.multiple else node
        lifted.append(new_tensor(value, vertex) if is_held(value) else value)
    return with_tangents(node, lifted)


def lift_constants(node: Node, kept: Any) -> Any:
    """Kept values as Tensors, for a level whose values are Tensors in part."""
    if kept is None:
        return None
    return with_tangents(node, [as_tensor(value) if is_held(value) else value for value in kept])
